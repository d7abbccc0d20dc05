"""A text in the person's own editor: the terminal is given to `$VISUAL` or `$EDITOR`, and the text comes back.

It lies in a file of a folder that only its owner can enter. What the editor has saved is told as it goes, so that it is
a draft on disk even where both programs are killed. Nothing is sent: the text comes back into its field.
"""

import asyncio
import os
import shlex
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from textual.app import SuspendNotSupported

from iccon.background import in_thread
from iccon.console.safe import SafeApp
from iccon.text import clean, clean_block

LOOK = 0.5  # seconds between two looks at the file
LIMIT = 200_000  # bytes that are read back; no entry keeps as many
DISK = 10.0  # seconds within which the disk must answer

Told = Callable[[str], Awaitable[None]]


class NotEdited(Exception):
    """The text is as it was; the message says why, and what to do."""


def command(env: Mapping[str, str]) -> list[str]:
    """Return the editor's program and its options. Raises NotEdited where none is named."""
    named = env.get("VISUAL", "").strip() or env.get("EDITOR", "").strip()
    try:
        words = shlex.split(named)
    except ValueError:
        raise NotEdited(f"$EDITOR is no command: {clean(named, 60)}") from None
    if not words:
        raise NotEdited("no editor is named: set EDITOR before the console is started, for example EDITOR=vim")
    return words


async def edited(app: SafeApp[Any], text: str, told: Told, env: Mapping[str, str] | None = None) -> str:
    """Return `text` as the editor left it; `told` gets what was saved meanwhile. Raises NotEdited."""
    words = command(os.environ if env is None else env)
    name = clean(Path(words[0]).name, 60)
    try:
        folder = await in_thread(lambda: tempfile.TemporaryDirectory(prefix="iccon-"), "editor", DISK)
        with folder as place:
            file = Path(place) / "note.md"
            await in_thread(lambda: _begin(file, text), "editor", DISK)
            with app.away():
                code = await _run([*words, str(file)], file, told)
            after = await in_thread(lambda: _read(file), "editor", DISK)
    except SuspendNotSupported:
        raise NotEdited("this terminal cannot be given to another program") from None
    except (OSError, TimeoutError) as fault:
        raise NotEdited(f"{name} cannot be run: {clean(fault, 200)}") from None
    if code:
        raise NotEdited(f"{name} ended with {code}: the text is as it was")
    return after if text.endswith("\n") else after.removesuffix("\n")


def _begin(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as out:
        out.write(text)


def _read(file: Path) -> str:
    with file.open("rb") as saved:
        return clean_block(saved.read(LIMIT).decode("utf-8", "replace"))


async def _run(words: list[str], file: Path, told: Told) -> int:
    """Wait for the editor, and tell what it saves."""
    seen = await in_thread(file.stat, "editor", DISK)  # before: a quick editor saves at once
    process = await asyncio.create_subprocess_exec(*words)
    while process.returncode is None:
        try:
            await asyncio.wait_for(process.wait(), LOOK)
        except TimeoutError:
            seen = await _look(file, seen, told)
    return process.returncode


async def _look(file: Path, seen: os.stat_result, told: Told) -> os.stat_result:
    try:
        now = await in_thread(file.stat, "editor", DISK)
        if (now.st_mtime_ns, now.st_ino, now.st_size) != (seen.st_mtime_ns, seen.st_ino, seen.st_size):
            await told(await in_thread(lambda: _read(file), "editor", DISK))
    except (OSError, TimeoutError):  # an editor may put another file in its place: seen at the next look
        return seen
    return now
