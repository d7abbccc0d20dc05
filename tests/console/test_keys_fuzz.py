"""Keys that arrive all at once: none is lost, and text never runs as shortcuts."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from running import declared, running, setting_in
from textual.widgets import TextArea

from iccon.console.screens.composer import Composer
from iccon.console.screens.form import Form
from iccon.console.screens.incident import IncidentScreen
from iccon.incident import entries as e
from iccon.incident.roles import Role
from iccon.incident.severity import Phase, Severity

LETTERS = "abcdefghijklmnopqrstuvwxyzRXTG ?:.0123456789äß漢"
Step = Callable[[random.Random], tuple[list[str], list[e.Body]]]


def words(rng: random.Random) -> str:
    text = "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 20)))
    return f"w{text}w"  # no space at the ends, which the record does not keep


class Model:
    """What the journal must hold when every key did what it is for, and nothing else."""

    def __init__(self, rng: random.Random, title: str) -> None:
        self.rng, self.title, self.theory = rng, title, ""
        self.severity, self.phase, self.impact = Severity.SEV2, Phase.INVESTIGATING, False
        self.keys: list[str] = []
        self.wanted: list[str] = []
        self.left = ""  # a note that was left with escape
        self.kept: dict[str, str] = {}  # of forms that were left and began empty

    def does(self, text: str, *keys: str) -> None:
        self.keys += keys
        self.wanted.append(text)

    def note(self) -> None:
        text = words(self.rng)
        self.does(f"note {self.left}{text}", "n", *text, "enter")
        self.left = ""

    def left_note(self) -> None:
        text = words(self.rng)
        self.left += text
        self.keys += ["n", *text, "escape"]

    def retitle(self) -> None:
        text = words(self.rng)
        self.title += text
        self.does(f"title {self.title}", "T", *text, "enter")

    def state_theory(self) -> None:
        text = words(self.rng)
        self.theory += self.kept.pop("t", "") + text
        self.does(f"theory {self.theory}", "t", *text, "enter")

    def severity_up(self) -> None:
        levels = list(Severity)
        level = self.rng.choice([x for x in levels if x is not self.severity])
        reason = words(self.rng)
        self.severity = level
        self.does(f"severity {level} {reason}", "s", str(levels.index(level) + 1), "tab", *reason, "enter")

    def next_phase(self) -> None:
        phases = [p for p in Phase if p is not Phase.RESOLVED]
        phase = self.rng.choice([p for p in phases if p is not self.phase])
        self.phase = phase
        self.does(f"phase {phase} ", "p", str(phases.index(phase) + 1), "enter")

    def impact_switch(self) -> None:
        if self.impact:
            self.does("impact off", "i", "enter")
        else:
            text = words(self.rng)
            self.does(f"impact {self.kept.pop('i', '')}{text}", "i", *text, "enter")
        self.impact = not self.impact

    def role(self) -> None:
        text = words(self.rng)
        roles = list(Role)
        role = self.rng.choice(roles)
        self.does(f"role {role} kim{text}", "o", str(roles.index(role) + 1), "tab", *text, "enter")

    def cancelled(self) -> None:
        key, text = self.rng.choice("stToipR"), words(self.rng).replace("?", "")
        if (key == "t" and not self.theory) or (key == "i" and not self.impact):
            self.kept[key] = self.kept.get(key, "") + text
        self.keys += [key, *text, "escape"]

    def looked_around(self) -> None:
        self.keys += self.rng.choice([["?", "escape"], ["z", "z"], ["tab", "tab"], ["u", "escape"], ["down", "up"]])

    def declare(self) -> None:
        text = words(self.rng)
        self.title, self.theory, self.left, self.kept = text, "", "", {}
        self.severity, self.phase, self.impact = Severity.SEV2, Phase.INVESTIGATING, False
        self.does(f"declared {text}", "h", "d", *text, "enter")
        self.wanted.append(f"role {Role.COMMANDER} kim")


def said(body: e.Body) -> str:
    match body:
        case e.Note():
            return f"note {body.text}"
        case e.Retitled():
            return f"title {body.title}"
        case e.TheorySet():
            return f"theory {body.text}"
        case e.SeveritySet():
            return f"severity {body.level} {body.reason}"
        case e.PhaseSet():
            return f"phase {body.phase} {body.reason}"
        case e.ImpactStarted():
            return f"impact {body.scope}"
        case e.ImpactStopped():
            return "impact off"
        case e.RoleTaken():
            return f"role {body.role} {body.person}"
        case e.Declared():
            return f"declared {body.title}"
    return repr(body)


STEPS = ("note", "left_note", "retitle", "state_theory", "severity_up", "next_phase", "impact_switch", "role")
STEPS += ("cancelled", "looked_around", "declare", "note", "note")


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_typed_in_one_burst_does_what_it_says_and_nothing_else(tmp_path: Path, seed: int) -> None:
    rng, setting = random.Random(seed), setting_in(tmp_path)
    declared(setting, "Checkout fails")
    model = Model(rng, "Checkout fails")
    for _ in range(10):
        getattr(model, rng.choice(STEPS))()
    async with running(setting) as console:
        console.burst(*model.keys)
        await console.settle()
        found = [said(entry.body) for entry in (await console.entries())[2:]]
        assert found == model.wanted


async def test_what_is_typed_right_after_u_goes_into_the_update(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        console.burst("u", *"a1 s:?q")
        await console.until_modal(Composer)
        await console.settle()
        assert console.one(TextArea).text.endswith("a1 s:?q")
        assert len(await console.entries()) == 2


async def test_a_refused_command_leaves_the_keys_after_it_to_the_screen(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        console.burst("e", "x", "n", *"as typed", "enter")  # nothing is chosen to amend or strike
        await console.settle()
        assert [b.text for b in await console.bodies(e.Note)] == ["as typed"]
        assert "no timeline entry is chosen" in console.notices()


async def test_text_typed_after_a_refusal_stays_in_the_form(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        console.burst("s", "5", "enter", "tab", *"was a test", "enter")
        await console.settle()
        assert not isinstance(console.app.screen, Form)
        assert [(b.level, b.reason) for b in await console.bodies(e.SeveritySet)] == [(Severity.SEV5, "was a test")]


async def test_the_palette_takes_what_is_typed_right_after_its_key(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        console.burst(":", *"theory")
        await console.settle()
        await console.until(lambda: "State the current theory" in console.shown())
        assert "Change the severity" not in console.shown()
        await console.press("escape")
        await console.until_incident()
        assert len(await console.entries()) == 2


async def test_a_note_that_is_quicker_than_the_first_frame_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: IncidentScreen) -> None:
        """Make nothing after the first frame."""

    monkeypatch.setattr(IncidentScreen, "_painted", never)
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        console.burst("n", *"early", "enter", "n", *"later", "enter")
        await console.settle()
        assert [b.text for b in await console.bodies(e.Note)] == ["early", "later"]
