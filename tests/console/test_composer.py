"""The composer: from a template to real outlets, with what the check found in between."""

from pathlib import Path

from running import Running, config_of, declared, do_before, running, setting_in
from textual.widgets import Input, TextArea

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.config.setting import Setting
from iccon.console.screens.composer import Composer
from iccon.console.widgets.cycle import Cycle, Toggles
from iccon.drill.sink import Sink
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.severity import Severity


def file_outlet(folder: Path, templates: str = "", **more: schema.Outlet) -> Setting:
    outlets = {"file": schema.Outlet("file", path=str(folder / "updates.md")), **more}
    return setting_in(folder, config_of(updates=schema.Updates(outlets, templates)))


async def composing(console: Running) -> TextArea:
    await console.press("u")
    await console.until_modal(Composer)
    await console.settle()
    return console.one(TextArea)


async def test_two_keys_send_the_first_notice_to_a_file_and_a_webhook(tmp_path: Path) -> None:
    sink = Sink(SystemClock(), "s3cret")
    sink.start()
    try:
        hook = schema.Outlet("webhook", url=sink.url, secret=schema.Secret(literal="s3cret"))
        setting = file_outlet(tmp_path, status=hook)
        declared(setting)
        async with running(setting) as console:
            area = await composing(console)
            text = area.text
            assert text.strip()
            await console.press("ctrl+s")
            await console.until_incident()
            await console.until(lambda: sink.posts() and (tmp_path / "updates.md").exists())
            (post,) = sink.posts()
            assert post.signed
            assert post.text.strip() == text.strip()
            assert text.strip().splitlines()[0] in (tmp_path / "updates.md").read_text()
            (body,) = await console.bodies(e.UpdateIssued)
            assert (body.template, set(body.effects)) == ("first-notice", {"file", "status"})
            await ended(console, ["sent", "sent"])
    finally:
        sink.stop()


async def ended(console: Running, states: list[str]) -> None:
    """Wait until the writes ended so."""

    def all_ended() -> bool:
        held = console.incident_screen.ledger.entries
        return sorted(x.body.state for x in held if isinstance(x.body, e.EffectEnded)) == states

    await console.until(all_ended)


async def test_both_at_once_in_one_burst(tmp_path: Path) -> None:
    setting = file_outlet(tmp_path)
    declared(setting)
    async with running(setting) as console:
        console.burst("u", "ctrl+s")
        await console.settle()
        assert len(await console.bodies(e.UpdateIssued)) == 1
        await ended(console, ["sent"])


async def test_findings_ask_for_a_reason(tmp_path: Path) -> None:
    setting = file_outlet(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await composing(console)
        await console.press(*" see 10.1.2.3")
        assert "an IP address" in console.shown()
        await console.press("ctrl+s")
        assert await console.bodies(e.UpdateIssued) == []
        reason = console.app.screen.query_one("#reason", Input)
        assert reason.has_focus and reason.display
        await console.press(*"they ask for it", "ctrl+s")
        await console.until_incident()
        (body,) = await console.bodies(e.UpdateIssued)
        assert body.override == "they ask for it"
        assert any("10.1.2.3" in found for found in body.findings)


async def test_text_that_was_edited_is_not_overwritten_by_another_template(tmp_path: Path) -> None:
    setting = file_outlet(tmp_path)
    declared(setting)
    async with running(setting) as console:
        area = await composing(console)
        filled = area.text
        console.app.screen.query_one("#template", Cycle).focus()
        await console.press("right")
        assert area.text != filled
        area.focus()
        await console.press(*" mine")
        mine = area.text
        console.app.screen.query_one("#template", Cycle).focus()
        await console.press("right")
        assert area.text == mine
        assert "was edited" in console.shown()
        await console.press("ctrl+l")
        assert area.text != mine


async def test_the_promise_fills_the_template_anew(tmp_path: Path) -> None:
    setting = file_outlet(tmp_path)
    declared(setting)
    async with running(setting) as console:
        area = await composing(console)
        before = area.text
        console.app.screen.query_one("#promise", Cycle).focus()
        await console.press("left")
        assert area.text != before
        await console.press("ctrl+s")
        await console.until_incident()
        (body,) = await console.bodies(e.UpdateIssued)
        assert body.text.strip() == area.text.strip()


async def test_a_wrong_template_names_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "first-notice.md.j2").write_text("fine\n{{ nothing_like_it( }}\n")
    setting = file_outlet(tmp_path, str(tmp_path / "templates"))
    declared(setting)
    async with running(setting, size=(200, 50)) as console:
        await composing(console)
        assert "first-notice.md.j2:2" in console.shown()


async def test_an_outlet_that_fails_is_said(tmp_path: Path) -> None:
    gone = schema.Outlet("webhook", url="http://127.0.0.1:9/", timeout=1.0)
    setting = file_outlet(tmp_path, gone=gone)
    declared(setting)
    async with running(setting, size=(160, 40)) as console:
        await composing(console)
        await console.press("ctrl+s")
        await console.until_incident()
        await ended(console, ["failed", "sent"])
        await console.until(lambda: "FAILED" in console.shown() or "failed" in console.shown())


async def test_an_outlet_can_be_left_out(tmp_path: Path) -> None:
    setting = file_outlet(tmp_path, other=schema.Outlet("file", path=str(tmp_path / "other.md")))
    declared(setting)
    async with running(setting) as console:
        await composing(console)
        console.app.screen.query_one("#outlets", Toggles).focus()
        await console.press("right", "space", "ctrl+s")
        await console.until_incident()
        (body,) = await console.bodies(e.UpdateIssued)
        assert list(body.effects) == ["file"]


async def test_without_an_outlet_it_says_what_to_configure(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await composing(console)
        assert "[updates.outlets]" in console.shown()
        await console.press("ctrl+s")
        assert "no outlet is chosen" in console.shown()
        assert isinstance(console.app.screen, Composer)


async def test_the_last_words_after_resolving_need_no_promise(tmp_path: Path) -> None:
    setting = file_outlet(tmp_path)
    ident = do_before(setting, c.Declare(title="Old", severity=Severity.SEV2), c.Resolve(override="over"))[0]
    async with running(setting, incident=ident) as console:
        await composing(console)
        await console.press("ctrl+s")
        await console.until_incident()
        (body,) = await console.bodies(e.UpdateIssued)
        assert (body.template, body.next_minutes) == ("resolved", None)


async def test_the_clipboard_outlet_reaches_the_terminal(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of(updates=schema.Updates({"clip": schema.Outlet("clipboard")})))
    declared(setting)
    copied: list[str] = []
    async with running(setting, copied=copied) as console:
        text = (await composing(console)).text
        await console.press("ctrl+s")
        await console.until(lambda: copied)
        assert text.strip() in copied[0]
