"""The outlet `clipboard`: the exact text in a file of its own, and in the clipboard where there is a way to it.

A terminal's clipboard takes a text without saying so, and an outlet runs on a thread without a terminal. So the file is
what this outlet promises, and what it reads back; who starts it may give `copy`, which tries the clipboard and says in
words what it did.
"""

from collections.abc import Callable
from pathlib import Path

from iccon.faults import FaultKind, SourceFault
from iccon.files import write_owner_only
from iccon.text import clean
from iccon.updates.model import Message, Posted

Copy = Callable[[str], str]


class ClipboardOutlet:
    """Keeps each text as `folder`/ID.txt. `copy(text)` is called on the outlet's thread and returns what it did."""

    def __init__(self, name: str, folder: Path, copy: Copy | None = None) -> None:
        self.name = name
        self.folder = folder
        self.copy = copy

    def send(self, message: Message) -> Posted:
        """Write the text and try the clipboard. Raises SourceFault REJECTED where the file cannot be written."""
        path = self._path(message)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_owner_only(path, message.text.encode())
        except OSError as error:
            raise SourceFault(FaultKind.REJECTED, f"{path}: {error.strerror or error}") from None
        return self._posted(path, self._copied(message.text))

    def read_back(self, message: Message) -> Posted | None:
        """Say whether the text is ready in its file."""
        path = self._path(message)
        return self._posted(path, "") if path.is_file() else None

    def _path(self, message: Message) -> Path:
        name = "".join(c for c in message.id if c.isascii() and (c.isalnum() or c == "-"))[:80]
        return self.folder / f"{name or 'update'}.txt"

    def _copied(self, text: str) -> str:
        if self.copy is None:
            return ""
        try:
            return self.copy(text)
        except Exception as error:  # the text is safe in its file; that the clipboard failed is only said
            return f"not copied ({error})"

    def _posted(self, path: Path, did: str) -> Posted:
        ready = f"text is ready to paste from {path}"
        return Posted(clean(f"{did}; {ready}" if did else ready))
