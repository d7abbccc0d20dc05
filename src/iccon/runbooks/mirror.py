"""Runbooks that were fetched, kept for when their server cannot be reached: a file each, for its owner only."""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct

from iccon.files import write_owner_only
from iccon.runbooks.model import RunbookFault, Stamp
from iccon.text import CleanText

ENDING = ".json"
NAME = 200  # characters of a file's name
SYNCED = ".synced"


class Kept(Struct, frozen=True):
    """A runbook as it was fetched: `text` is Markdown, `url` where it is to be read in a browser.

    `revision` is its server's word for the version, `fetched_at` (aware UTC) when it was fetched. `labels` are alerts
    and services that it is for.
    """

    path: str
    text: str
    url: str
    revision: CleanText
    fetched_at: datetime
    labels: tuple[str, ...] = ()

    @property
    def content(self) -> bytes:
        """The text with a header that says where it is from, as a file would be."""
        labels = "".join(f"  - {label}\n" for label in self.labels)
        return f"---\nurl: {self.url}\nalerts:\n{labels}services:\n{labels}---\n\n{self.text}".encode(
            "utf-8", "replace"
        )


class Mirror:
    """The copies in `folder`, which is made when there is something to keep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def walk(self) -> Iterator[tuple[str, Stamp]]:
        """Yield what is kept. Never raises."""
        with suppress(OSError), os.scandir(self._folder) as found:
            for entry in sorted(found, key=lambda each: each.name):
                with suppress(OSError):
                    info = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(ENDING) and entry.is_file(follow_symlinks=False):
                        path = unquote(entry.name.removesuffix(ENDING))
                        yield path, (info.st_mtime_ns, info.st_size, info.st_ino)

    def get(self, path: str) -> Kept | None:
        """Return a copy, None where there is none that can be read."""
        try:
            return msgspec.json.decode(self._place(path).read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError, RunbookFault):
            return None

    def put(self, kept: Kept) -> None:
        """Keep a copy. Raises RunbookFault."""
        self._write(self._place(kept.path), msgspec.json.encode(kept))

    def retain(self, paths: Collection[str]) -> None:
        """Forget all others."""
        for path in [path for path, _ in self.walk() if path not in paths]:
            with suppress(OSError):
                self._place(path).unlink()

    @property
    def synced_at(self) -> datetime | None:
        """When all of them were last known to be as their server has them (aware UTC)."""
        try:
            return msgspec.json.decode((self._folder / SYNCED).read_bytes(), type=datetime)
        except (OSError, msgspec.DecodeError):
            return None

    def synced(self, now: datetime) -> None:
        """Note that all of them are as their server has them. Raises RunbookFault."""
        self._write(self._folder / SYNCED, msgspec.json.encode(now))

    def _place(self, path: str) -> Path:
        name = quote(path, safe="") + ENDING
        if len(name) > NAME:
            raise RunbookFault(f"an address of more than {NAME} characters: {path[:60]}…")
        return self._folder / name

    def _write(self, file: Path, content: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_owner_only(file, content)
        except OSError as error:
            raise RunbookFault(f"no copy can be kept: {error.strerror or error}") from None
