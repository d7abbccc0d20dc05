"""The outlet `command`: a program of the user's own, given the update as JSON on its standard input.

What it says is `updates.model.Message`. Exit code 0 means posted, with the first line of its output as the receipt; any
other code means that it did not post, and its last words say why. It runs without a shell, with no secret of the
console's in its environment, and as a group of its own, so that one which does not end can be stopped whole.
"""

import os
import signal
import subprocess
import threading
from tempfile import TemporaryFile
from typing import IO, Final

import msgspec

from iccon.faults import FaultKind, SourceFault, lost
from iccon.text import CleanText, clean
from iccon.updates.model import Message, Posted
from iccon.updates.outlets.api import unanswerable

KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER")
SAID: Final = 20_000  # bytes of its output that are read


class CommandOutlet:
    """One program with its arguments. Blocking. `timeout` is in seconds."""

    def __init__(self, name: str, command: tuple[str, ...], timeout: float = 10.0) -> None:
        self.name = name
        self._command = command
        self._timeout = timeout

    def send(self, message: Message) -> Posted:
        """Run it once. Raises SourceFault: REJECTED where it says no, LOST where it did not end in time."""
        with TemporaryFile() as body:  # a program that does not read its input holds nobody up
            body.write(msgspec.json.encode(message))
            body.seek(0)
            with self._started(body) as process:
                said = _Said(process)
                try:
                    code = process.wait(self._timeout)
                except subprocess.TimeoutExpired:
                    raise lost("update", f"{self._command[0]} did not end within {self._timeout:g} s") from None
                finally:
                    _stop(process)
                    said.end()
                return self._ended(code, said.lines())

    def read_back(self, message: Message) -> Posted | None:
        """Raise SourceFault: a program that has ended does not tell."""
        raise unanswerable("the program")

    def _started(self, body: IO[bytes]) -> "subprocess.Popen[bytes]":
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        try:
            return subprocess.Popen(
                self._command,
                stdin=body,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise SourceFault(FaultKind.REJECTED, f"{self._command[0]} does not start: {error}") from None

    def _ended(self, code: int, lines: list[CleanText]) -> Posted:
        program = self._command[0]
        if code < 0:
            raise lost("update", f"{program} was ended by signal {-code}")
        if code:
            why = f": {lines[-1]}" if lines else ""
            raise SourceFault(FaultKind.REJECTED, f"{program} ended with {code}{why}")
        return Posted(lines[0] if lines else clean(f"{program} ended with 0"))


class _Said:
    """The beginning and the end of what a program prints; the rest is read and forgotten."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        self._head, self._tail = b"", b""
        self._thread = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._thread.start()

    def _read(self, pipe: IO[bytes]) -> None:
        while piece := os.read(pipe.fileno(), SAID):
            self._head = self._head or piece
            self._tail = (self._tail + piece)[-SAID:]

    def end(self) -> None:
        """Wait for the last words of a program that has ended."""
        self._thread.join(1.0)

    def lines(self) -> list[CleanText]:
        """Return the first line and the last ones, clean."""
        said = (piece.decode("utf-8", "replace").splitlines() for piece in (self._head, self._tail))
        return [clean(line, 300) for lines in said for line in lines if line.strip()]


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the whole group, what the program started and left behind too."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
