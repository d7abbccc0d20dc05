"""The board on the screen: stalking, by two consoles on one journal, and the order that is held under the cursor."""

from pathlib import Path

from running import Running, declared, running, setting_in

from iccon.clock import SystemClock
from iccon.console.screens.form import Form
from iccon.console.widgets.board import BoardView
from iccon.feed.model import Source
from iccon.incident import entries as e
from iccon.signals.board import judge
from iccon.signals.model import About, Board, Samples, SignalSpec, Unit, Window, Windows
from iccon.text import CleanText


class Latency:
    """A source whose one service is as slow as `value` says, in seconds."""

    def __init__(self) -> None:
        self.value = 0.1

    def poll(self) -> Board:
        now = SystemClock().now().timestamp()
        spec = SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5, bad=1.0)
        window = Window(spec, {CleanText("checkout"): Samples((now,), (self.value,))}, now)
        return judge(Windows((window,), 600, 15), now)


async def stalks(console: Running) -> None:
    console.one(BoardView).choose(0)
    await console.press("S")
    await console.until_modal(Form)
    await console.press("enter")
    await console.until_incident()


async def test_a_change_is_written_once_by_two_consoles_and_both_show_the_mark(tmp_path: Path) -> None:
    setting, latency = setting_in(tmp_path), Latency()
    declared(setting)
    sources = [Source("signals", latency.poll, 0.1, 5.0)]
    async with running(setting, sources=sources) as first, running(setting, sources=sources) as second:
        await first.until(lambda: first.one(BoardView).keys and second.one(BoardView).keys)
        assert "◉" not in first.shown()
        await stalks(first)
        await second.until(lambda: "◉" in second.shown() and "stalking checkout latency" in second.shown())
        assert "stalked" in first.shown()  # the detail of the chosen cell
        polls = [console.app.snapshot.slots["signals"].version for console in (first, second)]
        consoles = list(zip((first, second), polls, strict=True))
        await first.until(lambda: all(c.app.snapshot.slots["signals"].version > n + 2 for c, n in consoles))
        latency.value = 2.0
        await second.until(lambda: "ok -> bad" in second.shown())
        await first.until(lambda: "ok -> bad" in first.shown())
        assert [(b.was, b.now) for b in await first.bodies(e.VerdictChanged)] == [("ok", "bad")]
        await stalks(first)
        await second.until(lambda: "◉ " not in second.one(BoardView).line(1).text)
        assert [body.on for body in await first.bodies(e.Stalked)] == [True, False]


async def test_without_a_chosen_cell_nothing_is_asked(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, sources=[]) as console:
        await console.press("S")
        assert "no cell is chosen" in console.notices()
        await console.press("S")
        assert console.notices().count("no cell is chosen") == 1


def ranked(*names: str) -> Board:
    """Services by how bad they are, the worst first; `b` is of tier 1."""
    now = SystemClock().now().timestamp()
    spec = SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5, bad=1.0)
    values = {CleanText(name): Samples((now,), (value,)) for name, value in zip(names, (2.0, 0.7, 0.1), strict=True)}
    return judge(Windows((Window(spec, values, now),), 600, 15, {CleanText("b"): About(1)}), now)


async def test_the_order_is_held_under_the_cursor_said_in_the_border_and_let_go_by_a_key(tmp_path: Path) -> None:
    setting, boards = setting_in(tmp_path), [ranked("a", "b", "c")]
    declared(setting)
    async with running(setting, sources=[Source("signals", lambda: boards[-1], 0.05, 5.0)]) as console:
        view = console.one(BoardView)
        await console.until(lambda: view.keys)
        view.focus()
        await console.press("home")
        boards.append(ranked("c", "a", "b"))
        await console.until(lambda: "order held: 1 would move (O)" in console.shown())
        assert (list(view.keys), view.chosen_key) == (["a", "b", "c"], "a")
        await console.press("O")
        assert (list(view.keys), view.chosen_key) == (["c", "a", "b"], "a")
        assert "order held" not in console.shown()
        await console.press("O")
        assert list(view.keys) == ["b", "c", "a"]
        assert "by tier" in console.shown()
