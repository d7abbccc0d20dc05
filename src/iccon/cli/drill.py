"""drill: rehearse against a simulated production, with the console or without a screen."""

import argparse
import gc
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from iccon.cli.output import complain, say, say_json, table
from iccon.cli.parsing import FAULT, OK, Commands, add_command
from iccon.cli.session import BadConfiguration, BadUse, setting
from iccon.config.setting import Setting
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.desk import Desk
    from iccon.drill.headless import Ended
    from iccon.drill.scenario import Scenario
    from iccon.drill.world import World

LONGEST = 3600.0  # seconds a headless drill may last where --for says nothing
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "drill", _do_drill)
    parser.add_argument("what", nargs="?", choices=["run", "list", "status", "mitigate"], default="run")
    parser.add_argument("verb", nargs="?", help="what to try, from another terminal (mitigate)")
    parser.add_argument("--scenario", metavar="NAME", help="a bundled scenario, or the path of a scenario file")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="N scenario seconds in a real one")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same N gives the same drill (default: 1)")
    parser.add_argument("--headless", action="store_true", help="without a screen: a scripted responder does it all")
    parser.add_argument("--for", type=_seconds, dest="duration", metavar="TIME", help="end after 60s, 5m, … (headless)")


def _speed(word: str) -> float:
    with suppress(ValueError):
        if 0.01 <= float(word) <= 1000:
            return float(word)
    raise argparse.ArgumentTypeError("a number between 0.01 and 1000 was expected")


def _seconds(word: str) -> float:
    found = _SPAN.fullmatch(word)
    if found is None:
        raise argparse.ArgumentTypeError("a time such as 60s, 5m or 1h was expected")
    return float(found[1]) * _UNITS[found[2]]


def _do_drill(args: argparse.Namespace) -> int:
    args.drill = True
    return {"run": _run, "list": _list, "status": _status, "mitigate": _mitigate}[args.what](args)


def _list(args: argparse.Namespace) -> int:
    from iccon.drill.scenario_file import bundled, find

    found = [find(name) for name in bundled()]
    if args.json:
        say_json([{"name": s.name, "title": s.title, "summary": s.summary} for s in found])
    else:
        table(((s.name, s.title) for s in found), ("scenario", "what happens"))
    return OK


def _status(args: argparse.Namespace) -> int:
    from iccon.drill import control

    found = control.status(setting(args).folders.data)
    if args.json:
        say_json(found)
    else:
        table((name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in found.items())
    return OK


def _mitigate(args: argparse.Namespace) -> int:
    from iccon.drill import control

    if not args.verb:
        raise BadUse("which mitigation? `iccon drill status` lists the verbs")
    tried = control.mitigate(setting(args).folders.data, args.verb)
    if args.json:
        say_json({"right": tried.right, "words": tried.words})
    else:
        say(tried.words)
    return OK


def _run(args: argparse.Namespace) -> int:
    from iccon.drill.world import World

    gc.set_threshold(10_000, 10, 10)  # this process lives longer than a command does
    base, scenario = setting(args), _scenario(args)
    with World(scenario, seed=args.seed, speed=args.speed, automatic=True) as world:
        config = world.config(base.folders, base.config)
        chosen = msgspec.structs.replace(base, config=config, clock=world.clock, drill=True)
        _close_former(chosen)
        with suppress(OSError):  # without the file, other terminals do not find the drill; the drill goes on
            world.control.leave_word(base.folders.data)
        return _headless(args, world, chosen) if args.headless else _console(world, chosen)


def _scenario(args: argparse.Namespace) -> "Scenario":
    from iccon.drill.scenario_file import DEFAULT, ScenarioFault, find

    try:
        return find(args.scenario or DEFAULT)
    except ScenarioFault as fault:
        raise BadConfiguration(fault.problems) from None


def _close_former(chosen: Setting) -> None:
    """Resolve what a former drill left active, unless that drill still runs: a new one begins on a clean table."""
    from iccon.bootstrap import open_desk
    from iccon.drill import control
    from iccon.faults import SourceFault
    from iccon.incident.commands import Resolve

    with suppress(SourceFault):
        control.status(chosen.folders.data)
        return
    desk = open_desk(chosen)
    try:
        for state in desk.active():
            desk.do(Resolve(summary="the drill was left", override="another began"), state.incident)
    finally:
        desk.journal.close()


def _console(world: "World", chosen: Setting) -> int:
    from iccon.cli.screen import need_terminal
    from iccon.console.start import run

    need_terminal()
    code = run(chosen, None)
    _say_report(world, chosen)
    return code


def _say_report(world: "World", chosen: Setting) -> None:
    """Print the report on the incident that was declared in this drill."""
    from iccon.bootstrap import open_desk
    from iccon.drill.report import render, report
    from iccon.incident.entries import NO_INCIDENT

    facts = world.facts()
    desk = open_desk(chosen)
    try:
        ours = _declared_in(desk, world)
        loose = [e for e in desk.journal.entries(NO_INCIDENT) if e.happened_at >= world.started_at]
        say(render(report(desk.ledger(ours) if ours else None, facts, loose)).rstrip("\n"))
    finally:
        desk.journal.close()


def _declared_in(desk: "Desk", world: "World") -> str | None:
    found = [s.incident for s in desk.incidents() if s.declared_at and s.declared_at >= world.started_at]
    return found[0] if found else None


def _headless(args: argparse.Namespace, world: "World", chosen: Setting) -> int:
    import asyncio

    out = (lambda line: complain(clean(line, 2000))) if args.json else say
    ended = asyncio.run(_respond(world, chosen, args.duration or LONGEST, out))
    if args.json:
        say_json(
            {"complete": ended.complete, "incident": ended.incident, "refused": ended.refused, "report": ended.report}
        )
    return FAULT if ended.refused else OK


async def _respond(world: "World", chosen: Setting, seconds: float, out: Any) -> "Ended":
    """Run the scripted responder through the same desk, feed and outbox as the console's."""
    from iccon import bootstrap, effects
    from iccon.background import spawn
    from iccon.deskthread import DeskThread
    from iccon.drill import headless
    from iccon.feed.scheduler import Feed
    from iccon.recorder import Recorder

    desk, feed = DeskThread(lambda: bootstrap.open_desk(chosen)), Feed(bootstrap.sources(chosen), chosen.clock)
    ports, owner, recorder = bootstrap.effect_ports(chosen), effects.owner_token(), Recorder(desk.do)

    async def record(incident: str) -> None:
        if pages := feed.snapshot().slots["pages"].value:
            await recorder.take(incident, pages)

    await desk.start()
    spawn(feed.run(), "feed")
    try:
        return await headless.run(
            world,
            desk,
            feed,
            deliver=lambda ident: effects.run_async(desk.call, ports, ident, owner),
            ledger=lambda incident: desk.call(lambda d: d.ledger(incident)),
            record=record,
            duration=seconds,
            out=out,
            outlets=tuple(chosen.config.updates.outlets),
        )
    finally:
        await feed.stop()
        await desk.stop()
