"""The state screen: one key from anywhere, wholly visible at 80x24, live; call-outs and ticks from it."""

from pathlib import Path

from running import config_of, declared, running, setting_in

from iccon.config import schema
from iccon.console.screens.form import Form
from iccon.console.screens.standing import StandingScreen
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.roles import Role

AGREED = "Support agrees"
POLICY = schema.Policy(
    sev1=schema.Level(exit=("impact", AGREED)),
    sev2=schema.Level(exit=("impact", AGREED)),
    sev3=schema.Level(exit=("impact", AGREED)),
)


async def test_it_opens_with_a_key_and_follows_what_happens(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of(policy=POLICY))
    incident = declared(setting)
    async with running(setting, (80, 24)) as console:
        await console.press("v")
        await console.until(lambda: isinstance(console.app.screen, StandingScreen))
        await console.until(lambda: f"[ ] {AGREED}" in console.shown())
        assert "[x] customer impact stopped" in console.shown()
        await console.app.act(c.StartImpact(scope="EU customers"), incident)
        await console.until(lambda: "RUNNING 0 min  EU customers" in console.shown())
        assert "[ ] customer impact stopped" in console.shown()
        await console.press("enter")
        await console.until_modal(Form)
        await console.press("enter")
        await console.until(lambda: f"[x] {AGREED}  ticked by kim" in console.shown())
        await console.press("v")
        await console.until_incident()


async def test_a_call_out_is_recorded_and_put_off_for_a_reason_only(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, (80, 24)) as console:
        await console.press("C")
        await console.until_modal(Form)
        assert "Conditions" in console.shown() and "esc cancel" in console.shown()
        await console.press(*"db is back", "enter")
        (made,) = await console.bodies(e.CalledOut)
        assert (made.text, made.minutes) == ("db is back", None)
        await console.until_incident()
        await console.press("C")
        await console.until_modal(Form)
        await console.press("tab", *"5m", "enter")
        await console.until(lambda: "needs a reason" in console.shown())
        await console.press("tab", *"on the phone", "enter")
        await console.until_incident()
        assert [(body.text, body.minutes) for body in await console.bodies(e.CalledOut)][1:] == [("on the phone", 5)]


async def test_a_watcher_sees_it_and_ticks_nothing(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of(policy=POLICY))
    declared(setting)
    async with running(setting_in(tmp_path, config_of(policy=POLICY), read_only=True), (80, 24)) as console:
        await console.press("v")
        await console.until(lambda: f"[ ] {AGREED}" in console.shown())
        await console.press("enter", "C", "o")
        assert isinstance(console.app.screen, StandingScreen)
        assert await console.bodies(e.CriterionTicked) == []


async def test_the_role_board_says_what_is_missing_and_what_each_does(tmp_path: Path) -> None:
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "commander.toml").write_text('checklist = ["Breathe"]\ncallout = ["Who is tired?"]\n')
    level = schema.Level(roles=("commander", "scribe"))
    policy = schema.Policy(sev1=level, sev2=level, sev3=level)
    setting = setting_in(tmp_path, config_of(policy=policy))
    incident = declared(setting)
    async with running(setting, (80, 24)) as console:
        for name in ("ann", "zoe"):
            await console.app.act(c.TakeRole(role=Role.EXPERT, person=name), incident)
        await console.press("v", "b")
        await console.until(lambda: "- Breathe" in console.shown())
        await console.until(lambda: "customer update 4m" in console.shown().splitlines()[-1])
        for words in ("NEEDED, nobody", "needs: Scribe", "ann", "zoe"):
            assert words in console.shown()
        await console.press("end", "x")
        await console.until(lambda: "zoe" not in console.shown())
        await console.press("t")
        await console.until_modal(Form)
        await console.press(*"db", "tab", *"sam", "enter")
        await console.until(lambda: "Team db" in console.shown())
        await console.press("end", "x")
        await console.until(lambda: "Team db" not in console.shown())
        await console.press("home", "x")
        await console.until(lambda: "experts leave" in console.notices())
        await console.press("down", "down", "enter")
        await console.until_modal(Form)
        assert "Scribe" in console.shown()
        await console.press("escape", "b", "C")
        await console.until(lambda: "Who is tired?" in console.shown())
