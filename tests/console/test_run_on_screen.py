"""A step's command on the screen: read, confirmed, followed, cancelled; and what is left when the console is killed."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from running import Running, config_of, declared, running, setting_in

from iccon.config import schema
from iccon.config.execution import Run
from iccon.config.setting import Setting
from iccon.console import runbooks
from iccon.console.screens.form import Form
from iccon.console.screens.run import Phase, RunScreen
from iccon.console.widgets.output import OutputView
from iccon.console.widgets.runbook import RunbookView
from iccon.incident import entries as e
from iccon.incident.effects import EffectState
from iccon.incident.run_rules import last_run
from iccon.runbooks.matching import Wanted

BOOK = """# Disk full

1. Look

   ```bash
   echo "looking at $SERVICE"
   ```

   ```bash verify
   echo verified
   ```

2. Delete

   ```bash
   rm -rf ./nothing; echo deleted
   ```

3. Slow

   ```bash
   echo "begun $$"; sleep 600
   ```

4. Long

   ```bash
   LINES
   ```

5. Much

   ```bash
   yes "a line of output" | head -c 100000000; echo; echo the end
   ```
""".replace("LINES", "\n   ".join(f"echo line {n}" for n in range(60)))


def setting_of(folder: Path, me: str = "kim", **more: Any) -> Setting:
    (folder / "books").mkdir(exist_ok=True)
    (folder / "books" / "disk.md").write_text(BOOK)
    run = Run(**{"allow": ("bash",), **more})
    config = config_of(environment="staging", runbooks=schema.Runbooks((str(folder / "books"),), run=run))
    return setting_in(folder, replace(config, me=schema.Me(name=me)))


async def opened(console: Running, step: int) -> RunbookView:
    """Open the runbook and go to a step."""
    await runbooks.open_for(await console.until_incident(), Wanted("disk", title="Disk full"))
    view = console.one(RunbookView)
    await console.until(lambda: len(view.steps) == 5)
    await console.press(*["right"] * (step - 1))
    return view


async def planned(console: Running, step: int) -> RunScreen:
    """Open a step's command."""
    await opened(console, step)
    await console.press("!")
    await console.until(lambda: isinstance(console.app.screen, RunScreen) and "Given to bash" in console.shown())
    screen = console.app.screen
    assert isinstance(screen, RunScreen)
    return screen


async def until_ended(console: Running, screen: RunScreen, seconds: float = 30) -> None:
    await console.until(lambda: screen.phase is Phase.ENDED and "Again" in console.shown(), seconds)
    await console.until(lambda: not console.app.running, seconds)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_command_is_read_run_and_recorded(tmp_path: Path, size: tuple[int, int]) -> None:
    setting = setting_of(tmp_path)
    declared(setting)
    async with running(setting, size) as console:
        screen = await planned(console, 1)
        for said in (
            'echo "looking at $SERVICE"',
            "SERVICE has no value",
            "environment   staging",
            "Give the variable",
        ):
            assert said in console.shown()
        await console.press(*"SERVICE=$(reboot)", "enter")
        await console.until(lambda: "no plain word" in console.shown())
        await console.press(*"SERVICE=shop", "enter")
        await console.until(lambda: "SERVICE=shop" in console.shown())
        assert await console.bodies(e.StepRun) == []
        await console.press("enter")
        await until_ended(console, screen)
        for said in ("looking at shop", "exit 0 in", "verification  echo verified", "D Done", "↵ Again"):
            assert said in console.shown()
        await console.press("F")
        await console.until_modal(Form)
        await console.press("ctrl+s")
        await console.until(lambda: console.app.screen is screen)
        (proposed,) = await console.bodies(e.DraftAdded)
        assert proposed.text == '```bash\necho "looking at $SERVICE"\n```'
        await console.press("f3")
        await console.until(lambda: "│ echo verified" in console.shown())
        await console.press("escape")
        await console.until(lambda: "run by kim (" in console.shown())
        (printed,) = await console.bodies(e.RunPrinted)
        assert (printed.excerpt, printed.ended[:6]) == (("looking at shop",), "exit 0")
        await console.press("!", "enter")
        await console.until(lambda: "already run less than a minute ago by kim: exit 0" in console.shown())


async def test_a_risky_command_needs_its_target_and_a_long_one_to_be_read(tmp_path: Path) -> None:
    setting = setting_of(tmp_path)
    declared(setting)
    async with running(setting, (80, 24)) as console:
        screen = await planned(console, 2)
        assert "RISKY         deletes files" in console.shown()
        await console.press("enter")
        await console.press(*"stagin", "enter")
        assert await console.bodies(e.StepRun) == []
        await console.press("g", "enter")
        await until_ended(console, screen)
        assert "deleted" in console.shown()
        await console.press("escape", "escape")
        await planned(console, 4)
        await console.press("enter")
        assert "read it to its end first" in console.notices()
        assert len(await console.bodies(e.StepRun)) == 1
        await console.press("pagedown", "pagedown", "pagedown", "pagedown", "enter")
        await console.until(lambda: "line 59" in console.shown() and "ENDED" in console.shown(), 30)


async def test_what_runs_goes_on_without_its_screen_and_is_cancelled_by_the_key_pressed_twice(tmp_path: Path) -> None:
    setting = setting_of(tmp_path)
    declared(setting)
    async with running(setting, (120, 36)) as console:
        screen = await planned(console, 3)
        await console.press("enter")
        await console.until(lambda: "begun" in console.shown())
        pid = int(console.shown().split("begun ")[1].split()[0])
        await console.press("escape")
        await console.until(lambda: "under way" in console.shown())
        await console.press("q")  # would end it
        assert "press again to leave" in console.notices()
        await console.press("!")
        await console.until(lambda: f"begun {pid}" in console.shown())
        screen = console.app.screen
        assert isinstance(screen, RunScreen)
        await console.press("x")
        assert screen.phase is Phase.RUNNING
        await console.press("x")
        await until_ended(console, screen)
        assert "cancelled, signal 15" in console.shown()
        assert not lives(pid)
        await console.press("K")
        await console.until(lambda: "Mark the step" in console.shown())


async def test_keys_are_answered_while_a_command_prints_a_hundred_megabytes(tmp_path: Path) -> None:
    setting = setting_of(tmp_path)
    declared(setting)
    async with running(setting, (120, 36)) as console:
        screen = await planned(console, 5)
        await console.press("enter")
        await console.until(lambda: screen.phase is Phase.RUNNING)
        await console.press("up", "up", "question_mark", "escape")
        await until_ended(console, screen)
        (printed,) = await console.bodies(e.RunPrinted)
        assert printed.size > 100_000_000
        assert printed.excerpt[-1] == "the end"
        assert len(console.one(OutputView)._rows) < 2_100


async def test_nothing_is_offered_where_it_is_off_and_a_second_person_approves(tmp_path: Path) -> None:
    off = setting_of(tmp_path, allow=())
    declared(off)
    async with running(off, (120, 36)) as console:
        await opened(console, 1)
        await console.press("!")
        assert "runbooks.run.allow" in console.notices()
    async with running(setting_of(tmp_path, "ann", second_person=True), (120, 36)) as console:
        await planned(console, 2)
        await console.press("f2")
        assert "somebody else may run it once" in console.notices()
        await console.press(*"staging", "enter")
        assert "second person" in console.notices()
    async with running(setting_of(tmp_path, second_person=True), (120, 36)) as console:
        screen = await planned(console, 2)
        await console.press(*"staging", "enter")
        await until_ended(console, screen)
        assert (await console.bodies(e.StepRun))[-1].approved_by == "ann"


KILLED = """
import asyncio, os, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from test_run_on_screen import planned, setting_of
from running import running

async def main():
    async with running(setting_of(Path(sys.argv[1])), (120, 36)) as console:
        await planned(console, 3)
        await console.press("enter")
        await console.until(lambda: "begun" in console.shown(), 30)
        await asyncio.sleep(0.3)
        os.write(1, console.shown().split("begun ")[1].split()[0].encode() + b"\\n")  # print() is the application's
        await asyncio.sleep(600)

asyncio.run(main())
"""


def killed_console(folder: Path) -> int:
    """Run a console in a process of its own until its command runs, kill it, and return the command's process id."""
    here = Path(__file__).parent
    words = [sys.executable, "-c", KILLED, str(folder), str(here), str(here.parent), str(here.parent / "support")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
    return pid


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_a_console_killed_during_a_step_shows_it_as_unknown_with_what_was_captured(tmp_path: Path) -> None:
    setting = setting_of(tmp_path)
    incident = declared(setting)
    pid = await asyncio.to_thread(killed_console, tmp_path)
    async with running(setting, (160, 50)) as console:
        await console.until(lambda: f"begun {pid}" in console.shown() and "outcome unknown" in console.shown(), 30)
        assert not lives(pid)
        view = await opened(console, 3)
        await console.until(lambda: "outcome unknown" in console.shown())
        state = await console.state(incident)
        assert view.chosen is not None
        run = last_run(state, "books:disk.md", view.chosen.id)
        assert run is not None
        assert (run.printed, state.outcomes[run.effect].state) == (True, EffectState.UNKNOWN)
        await console.press("!")
        await console.until(lambda: "BEFORE" in console.shown() and "outcome unknown" in console.shown())
        await console.press("escape", "D")  # a person looked, and settles it
        assert (await console.bodies(e.StepMarked))[-1].outcome == "done"
        assert len(await console.bodies(e.StepRun)) == 1
