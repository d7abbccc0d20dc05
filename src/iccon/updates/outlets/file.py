"""The outlet `file`: updates appended to a file, one block for each message, synced to the disk."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iccon.faults import FaultKind, SourceFault
from iccon.incident.ids import instant_of
from iccon.text import clean
from iccon.updates.model import Message, Posted

_MARK = "<!-- iccon:"
_WORDS = {
    "ENOENT": "its folder does not exist: create it, or mend the outlet's path",
    "ENOSPC": "the disk is full",
    "EDQUOT": "the disk quota is used up",
    "EROFS": "the disk is read-only",
    "EACCES": "it may not be written: check its owner and rights",
    "EPERM": "it may not be written: check its owner and rights",
    "EISDIR": "it is a folder: the path must name a file",
    "ENXIO": "it is a pipe that nobody reads: the path must name a file",
}


class FileOutlet:
    """Appends to `path`. A message that is there already is not written again."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path

    def send(self, message: Message) -> Posted:
        """Append the message's block and sync it. Raises SourceFault: REJECTED, or LOST where the sync failed."""
        with self._opened(os.O_RDWR | os.O_CREAT | os.O_APPEND) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not self._holds(descriptor, message.id):
                self._append(descriptor, _block(message).encode())
        return self._posted()

    def read_back(self, message: Message) -> Posted | None:
        """Say whether the message's whole block is in the file. Raises SourceFault where only a part of it is."""
        if not self.path.exists():
            return None
        with self._opened(os.O_RDONLY) as descriptor:
            return self._posted() if self._holds(descriptor, message.id) else None

    def _posted(self) -> Posted:
        return Posted(clean(f"in {self.path}"))

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        descriptor = -1
        try:
            descriptor = os.open(self.path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SourceFault(FaultKind.REJECTED, f"{self.path} is not a file")
            yield descriptor
        except (OSError, ValueError) as error:
            raise self._fault(error) from None
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _fault(self, error: Exception) -> SourceFault:
        name = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
        code = _code(error)
        return SourceFault(FaultKind.REJECTED, f"{self.path}: {_WORDS.get(code, name)}")

    def _holds(self, descriptor: int, ident: str) -> bool:
        begun = False
        begin, end = _line("update", ident).encode(), _line("end", ident).encode()
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            for line in file:
                if line.rstrip(b"\r\n") == end:
                    return True
                begun = begun or line.rstrip(b"\r\n") == begin
        if begun:
            raise SourceFault(FaultKind.BAD_ANSWER, f"{self.path} holds a part of this update only: look at its end")
        return False

    def _append(self, descriptor: int, block: bytes) -> None:
        size = os.fstat(descriptor).st_size
        try:
            _write(descriptor, block)
        except OSError:
            self._undo(descriptor, size)
            raise
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise SourceFault(FaultKind.LOST, f"{self.path}: written, but the disk did not confirm: {error}") from None

    def _undo(self, descriptor: int, size: int) -> None:
        """Take a part of a block away again; where that fails, whether the update is there is for a person to see."""
        try:
            os.ftruncate(descriptor, size)
        except OSError as error:
            raise SourceFault(FaultKind.LOST, f"{self.path}: only a part was written: {error}") from None


def _write(descriptor: int, block: bytes) -> None:
    while block:
        block = block[os.write(descriptor, block) :]


def _code(error: Exception) -> str:
    import errno  # only where something failed

    return errno.errorcode.get(getattr(error, "errno", None) or 0, "")


def _line(what: str, ident: str) -> str:
    return f"{_MARK}{what} {ident} -->"


def _block(message: Message) -> str:
    """Return the block: a line for people, the text, and marks that a text cannot imitate."""
    about = (_instant(message.id), message.audience, message.severity, clean(message.title))
    lines = [" " + line if line.startswith(_MARK) else line for line in message.text.split("\n")]
    head = ("", _line("update", message.id), "## " + " · ".join(part for part in about if part), "")
    return "\n".join((*head, *lines, "", _line("end", message.id), ""))


def _instant(ident: str) -> str:
    try:
        return f"{instant_of(ident):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError):
        return ""
