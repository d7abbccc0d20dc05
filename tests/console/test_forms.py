"""Every form: wholly visible in a small terminal, whatever it is about; every text in it a draft on disk at once."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from running import Running, do_before, running, setting_in
from test_pages_on_screen import Pager, chosen, page
from textual.widget import Widget

from iccon.console.commands import REGISTRY
from iccon.console.drafts import DraftInput
from iccon.console.pagemenu import fields, offered
from iccon.console.questions import TextField
from iccon.console.safe import SafeOptions
from iccon.console.screens.composer import Composer
from iccon.console.screens.form import OPTIONS, REFUSAL, Form
from iccon.console.widgets.timeline import TimelineView
from iccon.incident import commands as c
from iccon.incident.severity import Severity
from iccon.incident.tasks import TaskKind

LONG = "database nodes answer late " * 60
SMALL = (80, 24)
KEYS = ("s", "p", "M", "i", "o", "H", "t", "T", "C", "R", "d", "e", "x", "ctrl+o", "W", "w enter", "w p", "up e")
AGAIN = ("o", "e", "W")  # of these it is looked at what is there when they are opened again
PAGE = page("P1", LONG[:300])


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Running]:
    """Open a console on an incident in which everything is long."""
    setting, pager = setting_in(folder), Pager(PAGE)
    do_before(
        setting,
        c.Declare(title=LONG[:400], severity=Severity.SEV2),
        c.SetTheory(text=LONG),
        c.AddTask(what=TaskKind.ACTION, text=LONG, owner="kim", minutes=5),
        c.AddTask(what=TaskKind.DECISION, text=LONG, options=LONG, risk=LONG, objections=LONG, outcome=LONG),
        c.AddNote(text="\n".join(f"line {number} of what was seen" for number in range(80))),
    )
    async with running(setting, SMALL, sources=[pager.source], ports=pager.ports) as console:
        yield console


async def ask(console: Running, keys: str) -> Form:
    console.one(TimelineView).focus()
    await console.press("end", "up", *keys.split())
    return await form_of(console)


async def form_of(console: Running) -> Form:
    await console.until_modal(Form)
    await console.settle()
    form = console.app.screen
    assert isinstance(form, Form)
    return form


async def leave(console: Running) -> None:
    while len(console.app.screen_stack) > 1:
        await console.press("escape")
    await console.until_incident()


def check_whole(form: Form, refusal: int = 1) -> None:
    """Every part is inside the box and the box on the screen, with room for the longest reason why not."""
    box = form.query_one("#box")
    inside = box.region.shrink(box.styles.border.spacing)
    assert form.region.contains_region(box.region)
    for part in box.walk_children(Widget):
        assert not part.display or (part.region.area and inside.contains_region(part.region)), part
    for options in form.query(SafeOptions):
        assert options.region.height >= min(options.option_count, OPTIONS)
    assert form.query_one("#error").region.height == refusal


async def check(console: Running, form: Form) -> dict[str, str]:
    """Look at `form`, type into each of its fields, and have it refuse; return what must be there the next time."""
    check_whole(form)
    for widget in form._typed.values():
        widget.focus()
        await console.press("z", "q")
        assert "zq" in widget.value
    await kept(console, {f"#{ident}": widget.value for ident, widget in form._typed.items()})
    form.say(LONG)
    await console.settle()
    check_whole(form, REFUSAL)
    again = {ident: widget.value for ident, widget in form._typed.items()}
    asked = [field for field in form._fields if isinstance(field, TextField)]
    again |= {field.id: field.value for field in asked if field.value and not field.several}
    await leave(console)
    return again


async def kept(console: Running, wanted: dict[str, str]) -> None:
    """Wait until the journal holds these drafts, by the ends of their keys: soon, where the machine is not busy."""
    for _ in range(500):
        found = await console.call(lambda desk: desk.journal.drafts())
        if all(any(d.key.endswith(key) and d.text == text for d in found) for key, text in wanted.items()):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{wanted} is not on disk")


async def test_each_form_is_whole_at_80x24_and_each_text_in_it_is_kept_within_a_second(tmp_path: Path) -> None:
    async with opened(tmp_path) as console:
        for keys in KEYS:
            again = await check(console, await ask(console, keys))
            if keys not in AGAIN:
                continue
            form = await ask(console, keys)
            assert {ident: widget.value for ident, widget in form._typed.items()} == again, keys
            await leave(console)


async def test_what_is_asked_for_a_page_is_whole_and_kept_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as console:
        await chosen(console, "P1")
        verbs = offered((PAGE,), {})
        for verb in sorted(verbs, key=lambda verb: len(fields(verb, (PAGE,))))[-2:]:
            await console.press("A")
            check_whole(form := await form_of(console))
            form.query_one(SafeOptions).highlighted = verbs.index(verb)
            await console.press("enter")
            await console.until(lambda before=form: console.app.screen not in (before, console.app.screen_stack[0]))
            await check(console, await form_of(console))


async def test_the_reason_to_send_an_update_all_the_same_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as console:
        for typed in ("seen by kim", ""):
            await console.press("u")
            await console.until_modal(Composer)
            reason = console.one(DraftInput)
            await console.until(lambda field=reason, typed=typed: field.value == ("" if typed else "seen by kim"))
            reason.focus()
            await console.press(*typed)
            if typed:
                await kept(console, {"#reason": typed})
            await leave(console)


NAMED = {key for command in REGISTRY for key in command.keys if len(key) > 1}
CONTROLS = NAMED | {f"ctrl+{letter}" for letter in "abcdefghijklmnprtuvwxyz"} | {f"f{n}" for n in range(1, 13)}
CONTROLS |= {"tab", "shift+tab", "up", "down", "pageup", "pagedown", "delete", "backspace"}
CONTROLS -= {"escape", "enter", "ctrl+q", "ctrl+o", "ctrl+s", "ctrl+l"}  # these are for whoever types


async def by_hand(console: Running) -> int:
    """Return how many entries are a person's: a recorder writes by itself."""
    return sum(entry.actor == "kim" for entry in await console.entries())


@pytest.mark.parametrize("keys", ["n", "slash", "t", "ctrl+o", "u"])
async def test_no_other_key_acts_while_a_text_is_typed(tmp_path: Path, keys: str) -> None:
    """The line of notes, the one that finds, a form, the editor, the update: letters and all other keys, mixed."""
    rng = random.Random(keys)
    async with opened(tmp_path) as console:
        screen, before, theme = console.incident_screen, await by_hand(console), console.app.theme
        await console.press(*keys.split())
        typed = [*"abcdefghijklmnopqrstuvwxyzRXTG?:/*"] * 2 + sorted(CONTROLS) * 2
        rng.shuffle(typed)
        console.burst(*typed)
        await console.settle()
        stack = console.app.screen_stack
        assert stack[0] is screen and len(stack) == (1 if keys in ("n", "slash") else 2)
        assert isinstance(console.app.focused, DraftInput) or len(stack) == 2
        assert (await by_hand(console), console.app.theme) == (before, theme)
        assert not console.app.parts.feed.snapshot().paused
        assert console.notices() in ("", "^q leaves; what is typed is kept")  # ctrl+c, with nothing to copy
