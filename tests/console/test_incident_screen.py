"""The whole console in process: keys in, journal entries and screens out."""

from pathlib import Path

from running import running, setting_in

from iccon.console.screens.form import Form
from iccon.console.screens.incident import IncidentScreen


async def test_declaring_takes_a_key_a_title_and_enter(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path)) as console:
        await console.pilot.press("d")
        await console.until(lambda: isinstance(console.app.screen, Form))
        await console.pilot.press(*"Checkout fails", "enter")
        await console.until(lambda: isinstance(console.app.screen, IncidentScreen))
        states = await console.call(lambda desk: desk.active())
        assert [s.title for s in states] == ["Checkout fails"]
        assert states[0].severity == "SEV2"
