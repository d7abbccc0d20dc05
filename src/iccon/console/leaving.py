"""Addresses of the web: shown whole before anything is done with them, then opened or copied, as a person chooses."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from iccon.background import in_thread
from iccon.console.fit import wrap
from iccon.console.questions import Answers, ChoiceField, Field
from iccon.console.safe import copy
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.console.app import IcconApp

WIDTH, LINES = 68, 10  # of an address as it is shown


def opener(env: Mapping[str, str], platform: str = sys.platform) -> str | None:
    """Return the program that opens an address outside of this terminal; None where there is no desktop."""
    if platform == "darwin":
        return shutil.which("open")
    if env.get("WSL_DISTRO_NAME"):
        return shutil.which("wslview")
    return shutil.which("xdg-open") if env.get("DISPLAY") or env.get("WAYLAND_DISPLAY") else None


async def ask(console: "IcconApp", url: str) -> None:
    """Show where `url` (http or https) leads, and open or copy it, or neither."""
    from iccon.console.screens.form import Form  # not on the first screen

    program = opener(os.environ)
    choices = [("copy", "Copy the address")]
    if program:
        choices.insert(0, ("open", "Open it in the browser"))

    async def submit(answers: Answers) -> str | None:
        if answers["do"] == "open" and program:
            return await _opened(console, program, url)
        console.say(copy(console, url, console.parts.setting.folders.data / "exports" / "copied.txt"))
        return None

    fields: list[Field] = [ChoiceField("do", "", tuple(choices), choices[0][0])]
    host = urlsplit(url).netloc
    lines = (f"It leads to {clean(host, 200)}:", *wrap(clean(url, 2_000), WIDTH, LINES))
    drafts = await console.drafts("leave")
    await console.push_screen(Form("Leave for the web?", fields, submit, drafts, lines=lines))


async def _opened(console: "IcconApp", program: str, url: str) -> str | None:
    """Start the program that opens `url`; return why it did not start."""
    try:
        await in_thread(lambda: _start(program, url), "browser", 10)
    except (OSError, TimeoutError) as fault:
        return f"{clean(program)} does not start: {clean(fault)}"
    console.say(f"handed to {clean(program)}")
    return None


def _start(program: str, url: str) -> None:
    quiet = subprocess.DEVNULL
    subprocess.Popen([program, url], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
