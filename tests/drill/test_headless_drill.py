"""A whole drill without a screen, through the parts that production uses: desk, feed, outbox, adapters, outlets."""

from pathlib import Path

import pytest

from iccon import effects
from iccon.background import spawn
from iccon.clock import SystemClock
from iccon.config import schema
from iccon.config.secrets import resolve
from iccon.desk import Desk
from iccon.deskthread import DeskThread
from iccon.drill.headless import Ended, run
from iccon.drill.scenario_file import find
from iccon.drill.world import World
from iccon.feed.model import Source
from iccon.feed.scheduler import Feed
from iccon.incident.entries import Entry
from iccon.incident.severity import Phase
from iccon.incident.timeline import Timeline
from iccon.journal.store import Journal
from iccon.pages.model import Pages
from iccon.pages.pagerduty import PagerDutyBackend
from iccon.pages.port import PagesPort
from iccon.pages.source import PagesSource
from iccon.recorder import Recorder
from iccon.signals.model import Board
from iccon.signals.prometheus import PrometheusBackend
from iccon.signals.source import BoardSource, specs_of
from iccon.updates.port import UpdatesPort
from iccon.updates.registry import build

CLOCK = SystemClock()


def board_source(config: schema.Config) -> BoardSource:
    servers = {name: PrometheusBackend(name, server) for name, server in config.prometheus.items()}
    s = config.signals
    return BoardSource(specs_of(s, servers), servers, CLOCK, s.window, s.step, config.services, s.hold)


def pager(config: schema.Config) -> PagerDutyBackend:
    assert config.pagerduty is not None
    return PagerDutyBackend(config.pagerduty, resolve(config.pagerduty.token), config.me.email)


def ports(config: schema.Config, folder: Path) -> dict[str, effects.EffectPort]:
    outlets = {name: build(name, o, resolve, folder) for name, o in config.updates.outlets.items()}
    return {"pages": PagesPort({"pagerduty": pager(config)}), "updates": UpdatesPort(outlets, drill=True)}


class Drill:
    """One headless drill on real parts, and what it left."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.lines: list[str] = []
        self.entries: list[Entry] = []

    async def run(self, duration: float) -> Ended:
        folders = schema.Folders(self.folder, self.folder, self.folder, self.folder)
        config = self.world.config(folders, schema.Config(me=schema.Me("Ida")))
        board, pages = board_source(config), PagesSource([pager(config)])
        feed = Feed([Source("board", board.poll, 0.5, 10), Source("pages", pages.poll, 0.5, 10)], CLOCK)
        desk = DeskThread(lambda: Desk(Journal.open(self.folder / "drill.db", CLOCK), CLOCK, "Ida"))
        runner = effects.EffectRunner(desk.call, ports(config, self.folder))
        await desk.start()
        taking = Recorder(desk.do)
        spawn(feed.run(), "feed")

        async def record(incident: str) -> None:
            value = feed.snapshot().slots["pages"].value
            if isinstance(value, Pages):
                await taking.take(incident, value)

        ended = await run(
            self.world,
            desk,
            feed,
            deliver=runner.run,
            ledger=lambda incident: desk.call(lambda d: d.ledger(incident)),
            duration=duration,
            out=self.lines.append,
            record=record,
        )
        if ended.incident:
            self.timeline = await desk.call(lambda d: Timeline(d.ledger(ended.incident)).items())
            self.state = await desk.call(lambda d: d.ledger(ended.incident).state)
        await feed.stop()
        await desk.stop()
        return ended


def test_the_ordinary_adapters_show_what_the_world_does(tmp_path: Path) -> None:
    with World(find(), speed=50) as world:
        config = world.config(schema.Folders(tmp_path, tmp_path, tmp_path, tmp_path))
        board: Board = board_source(config).poll()
        assert set(board.services) == {s.name for s in world.scenario.services}
        assert {cell.verdict for cell in board.cells.values()} == {"ok"}
        assert PrometheusBackend("drill", config.prometheus["drill"]).probe()
        assert pager(config).list() == ()


@pytest.mark.parametrize("name", ["checkout-latency", "cert-expiry"])
async def test_a_whole_drill(tmp_path: Path, name: str) -> None:
    with World(find(name), speed=60) as world:
        drill = Drill(world, tmp_path)
        ended = await drill.run(60)
    text = "\n".join(drill.lines)
    assert ended.complete and ended.refused == (), text
    assert ended.report.undone == (), text
    assert all(m.seconds is not None and m.entries for m in ended.report.milestones), text
    assert drill.state.drill and drill.state.phase is Phase.RESOLVED
    assert drill.state.holder("commander") == "Ida"  # type: ignore[arg-type]
    assert all(outcome.state == "sent" for outcome in drill.state.outcomes.values()), text
    assert len(world.sink.posts()) == 2
    assert all(b'"drill":true' in post.body for post in world.sink.posts())
    assert "DRILL" in (tmp_path / "drill-updates.md").read_text()
    shown = [item.text for item in drill.timeline]
    assert len(shown) == len({(i.kind, i.text, i.happened_at) for i in drill.timeline}), "an event is told twice"
    assert any(text.startswith("page triggered") for text in shown)
    assert "DRILL REPORT" in text and world.scenario.mitigation.does in text


async def test_a_drill_that_is_too_short_reports_what_is_missing(tmp_path: Path) -> None:
    with World(find(), speed=60) as world:
        drill = Drill(world, tmp_path)
        ended = await drill.run(2.2)
    assert not ended.complete
    assert "The fault was not mitigated." in ended.report.undone
    assert any("2.2 s are over" in line for line in drill.lines)


async def test_with_every_source_down_nothing_is_made_up(tmp_path: Path) -> None:
    with World(find(), speed=60) as world:
        world.prometheus.stop()
        world.pager.stop()
        drill = Drill(world, tmp_path)
        world.pager.stop = lambda: None  # type: ignore[method-assign]
        ended = await drill.run(1.5)
    assert ended.incident == "" and "No incident was declared." in ended.report.undone
    assert any("does not answer" in line for line in drill.lines), drill.lines
