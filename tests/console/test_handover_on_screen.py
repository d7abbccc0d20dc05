"""A hand-over on the screen of both sides, with the other side's console on the same journal."""

from pathlib import Path

from journalkit import StillClock
from msgspec.structs import replace
from running import Running, config_of, declared, do_before, running, setting_in

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.config.setting import Setting
from iccon.console.screens.form import Form
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.roles import Role

SIZE = (80, 24)


def of(name: str, setting: Setting) -> Setting:
    """The console of somebody else on the same journal."""
    return replace(setting, config=replace(setting.config, me=schema.Me(name=name)))


async def proposed(kim: Running) -> None:
    """Kim asks sam, on the screen."""
    await kim.press("H")
    await kim.until_modal(Form)
    await kim.press(*"sam", "enter")
    await kim.until_incident()


async def test_the_person_asked_hears_of_it_reads_back_and_accepts(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of())
    incident = declared(setting)
    async with running(of("Sam", setting), SIZE) as sam, running(setting, SIZE) as kim:
        await proposed(kim)
        assert (await kim.state()).holder(Role.COMMANDER) == "kim"
        await sam.until(lambda: "HAND-OVER" in sam.shown())
        await sam.until(lambda: "asks you to be Incident Commander; H answers" in sam.notices())
        await sam.press("H")
        await sam.until_modal(Form)
        for point in ("state:", "severity: SEV2", "impact: none", "theory: none", "actions:", "next updates", "risks"):
            assert point in sam.shown()
        await sam.press("enter")
        assert "choose accept or decline" in sam.shown()
        await sam.press("down", "enter")
        await sam.until(lambda: "Briefing: SEV2" in sam.shown())
        await sam.press("escape")
        await sam.until_incident()
        assert (await sam.state()).holder(Role.COMMANDER) == "sam"
        await kim.until(lambda: "hand-over accepted: sam as Incident Commander" in kim.notices())
        await kim.until(lambda: "IC sam" in kim.shown())
    assert [each.kind for each in written(setting, incident)][-2:] == ["handover_ended", "role"]


def written(setting: Setting, incident: str) -> list[e.Entry]:
    """What the journal holds after both consoles are closed."""
    from iccon.bootstrap import open_desk

    desk = open_desk(setting)
    try:
        return list(desk.journal.entries(incident))
    finally:
        desk.journal.close()


async def test_who_proposed_can_withdraw_and_who_is_asked_can_decline(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of())
    declared(setting)
    async with running(setting, SIZE) as kim:
        await proposed(kim)
        await kim.press("H")
        await kim.until_modal(Form)
        assert "sam was asked to be Incident Commander" in kim.shown()
        await kim.press("enter")
        (ended,) = await kim.bodies(e.HandoverEnded)
        assert ended.end == "withdrawn"
        await proposed(kim)
    async with running(of("sam", setting), SIZE) as sam:
        assert "HAND-OVER" in sam.shown()
        await sam.press("H")
        await sam.until_modal(Form)
        await sam.press("down", "down", "tab", *"asleep", "enter")
        ended = (await sam.bodies(e.HandoverEnded))[-1]
        assert (ended.end, ended.reason) == ("declined", "asleep")


async def test_what_ran_out_is_written_down_once_by_two_consoles(tmp_path: Path) -> None:
    clock = StillClock(SystemClock().now())
    setting = setting_in(tmp_path, config_of(), clock)
    ask = c.ProposeHandover(role=Role.COMMANDER, person="sam", minutes=5)
    do_before(setting, c.Declare(title="Checkout fails", severity="SEV2"), ask)
    async with running(setting, SIZE) as kim, running(of("sam", setting), SIZE) as sam:
        now = clock.tick(minutes=6)
        for console in (kim, sam, kim, sam):
            console.incident_screen.tick(now)
        for console in (kim, sam):
            await console.until(lambda console=console: console.incident_screen.ledger.state.handovers[0].end)
        assert len(await kim.bodies(e.HandoverEnded)) == 1


async def test_the_briefing_is_one_key_away_and_shows_text_as_it_was_written(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of())
    title = "[link](http://x) *fails* for @ana #12"
    do_before(setting, c.Declare(title=title, severity="SEV2"), c.SetTheory(text="a <b>lock</b>"))
    async with running(setting, (120, 50)) as kim:
        await kim.press("B")
        await kim.until(lambda: "Briefing: SEV2" in kim.shown())
        shown = kim.shown().replace("\u2060", "")
        for part in (title, "a <b>lock</b>", "Situation", "Organisation", "Incident Commander: kim, since"):
            assert part in shown
