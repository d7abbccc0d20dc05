"""Running commands of runbooks from the console: opening what would run, carrying it out, keeping what it printed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from iccon.background import in_thread, spawn
from iccon.console.runbooks import chosen_step
from iccon.console.widgets.runbook import RunbookView
from iccon.desk import Receipt
from iccon.incident import commands as c
from iccon.incident.effects import Effect, EffectState
from iccon.incident.state import State
from iccon.journal.faults import JournalFault
from iccon.runbooks.plan import OFF

if TYPE_CHECKING:
    from iccon.console.app import IcconApp
    from iccon.console.screens.live import LiveSurface

READS = 10.0  # seconds for a log of 20 MB


async def open_step(console: "IcconApp", incident: str, view: RunbookView | None) -> None:
    """Show what the chosen step would run; or what it runs, where it does."""
    from iccon.console.screens.live import LiveSurface
    from iccon.console.screens.run import RunScreen

    if not console.parts.setting.config.runbooks.run.allow:
        console.say(OFF, "warning")
        return
    below = next((s for s in reversed(console.screen_stack) if isinstance(s, LiveSurface)), None)
    found = chosen_step(console, view)
    if found is None or below is None or below.stalked is None:
        return
    from iccon.runbooks.fences import commands

    parts = console.parts
    try:
        held, where, _ = await in_thread(lambda: (commands(*found), parts.run_where(), parts.runner()), "commands", 10)
    except TimeoutError:
        console.say("the step's commands could not be read in time", "error")
        return
    if not held.fences:
        console.say("this step has no command: only code fences are run", "warning")
        return
    page = below.chosen_page()
    await console.push_screen(
        RunScreen(incident, lambda: _state(below), found, held, where, dict(page.variables) if page else {})
    )


def _state(screen: "LiveSurface") -> State:
    assert screen.stalked is not None
    return screen.stalked


async def start(console: "IcconApp", command: c.RunStep, incident: str) -> str | None:
    """Put a run on the record and begin it; return its effect, None where it was refused, which was said."""
    receipt = await console.write(command, incident)
    if not isinstance(receipt, Receipt):
        return None
    (effect,) = receipt.effects
    console.running.add(effect)
    spawn(_carried_out(console, effect, incident), f"run {effect}")
    return effect


async def _carried_out(console: "IcconApp", effect: str, incident: str) -> None:
    assert console.parts.effects is not None
    try:
        fate = await console.parts.effects.run(effect)
        if fate is not None and fate.state is not EffectState.SENT:
            word = "OUTCOME UNKNOWN: " if fate.state is EffectState.UNKNOWN else ""
            console.say(f"{word}{fate.detail}", "error")
        await _keep(console, effect, incident)
    finally:
        console.running.discard(effect)


async def recovered(console: "IcconApp", effects: Iterable[Effect]) -> None:
    """Put on the record what runs printed whose console is gone."""
    for effect in effects:
        await _keep(console, effect.id, effect.incident)


async def _keep(console: "IcconApp", effect: str, incident: str) -> None:
    """Put on the record what a run printed, as far as it is on disk."""
    try:
        printed = await in_thread(lambda: console.parts.runner().printed(effect), "log of a run", READS)
        if printed is not None:
            await console.parts.desk.do(c.KeepOutput(printed=printed), incident)
    except TimeoutError:
        console.say("the log of a run could not be read in time; its output is not on the record", "error")
    except JournalFault as fault:
        console.say(f"NOT RECORDED: {fault.reason}. {fault.hint}", "error")
