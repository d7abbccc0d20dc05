"""A program in a pseudo-terminal: its screen as text, its bytes as they came, keys to it.

    with spawn([sys.executable, "-m", "iccon", "drill"], size=(80, 24), env={...}) as term:
        term.wait_for("Golden signals")
        term.press("n", "down", "enter")
        term.type("a note")
        assert "RECORD" in term.text()
        assert strange(term.raw) == []

The terminal answers the queries that Textual sends (mode 2026, device attributes, cursor position, colours), so that a
program does not wait for them. Nothing here sleeps for a fixed time: `wait_for` reads until what is awaited is there.
"""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
    "f8": "\x1b[19~",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}
CLEAN_ENV = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "TEXTUAL_ANIMATIONS": "none"}
DROPPED = ("NO_COLOR", "TMUX", "STY", "TEXTUAL", "COLUMNS", "LINES", "FORCE_COLOR", "TERM_PROGRAM", "SSH_CONNECTION")

_QUERIES: tuple[tuple[bytes, bytes], ...] = (
    (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),  # synchronised output: known, off
    (b"\x1b[?2048$p", b"\x1b[?2048;0$y"),  # resize reports in band: not known
    (b"\x1b[c", b"\x1b[?62;22c"),
    (b"\x1b[0c", b"\x1b[?62;22c"),
    (b"\x1b]10;?\x07", b"\x1b]10;rgb:dddd/dddd/dddd\x07"),
    (b"\x1b]11;?\x07", b"\x1b]11;rgb:0000/0000/0000\x07"),
)
_LONGEST = max(len(query) for query, _ in _QUERIES)
_CURSOR = b"\x1b[6n"
# What pyte takes for text: private sequences with < = > and window operations.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<=>][0-9;:]*[a-zA-Z]|\x1b\[[0-9;]*t|\x1b\[\?[0-9;]*\$p|\x1b\[\?[0-9]*u")
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*)?$")


class Terminal:
    """A running program and the terminal it believes in."""

    def __init__(self, argv: Sequence[str], size: tuple[int, int], env: Mapping[str, str], cwd: str | None) -> None:
        self.raw = b""
        self.size = size
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""
        self._scanned = 0
        self._lines: list[str] = []
        self.master, slave = os.openpty()
        self._set_size(slave, size)
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_own,  # noqa: PLW1509  (no thread of a test holds a lock that an ioctl needs)
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Reading

    def read(self, timeout: float = 0.05) -> bytes:
        """Take in what the program wrote, waiting at most `timeout` seconds for the first byte; return it."""
        got = b""
        while select.select([self.master], [], [], 0 if got else timeout)[0]:
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # Linux says EIO when the program has gone
                break
            if not piece:
                break
            got += piece
        if got:
            self.raw += got
            self._show(got)
            self._answer()
        return got

    def _show(self, data: bytes) -> None:
        data = self._held + data
        cut = _UNFINISHED.search(data)
        data, self._held = (data[: cut.start()], data[cut.start() :]) if cut else (data, b"")
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))

    def _answer(self) -> None:
        """Answer each query once, in the order asked."""
        seen: list[tuple[int, bytes]] = []
        for query, answer in (*_QUERIES, (_CURSOR, b"")):
            at = self.raw.find(query, self._scanned)
            while at >= 0:
                seen.append((at + len(query), answer or self._cursor()))
                at = self.raw.find(query, at + 1)
        for _, answer in sorted(seen):
            self._write(answer)
        self._scanned = max([len(self.raw) - _LONGEST + 1, self._scanned, *(end for end, _ in seen)])

    def _cursor(self) -> bytes:
        return f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R".encode()

    def lines(self) -> list[str]:
        """Return the screen's lines, without the spaces at their ends."""
        columns, rows = self.screen.columns, self.screen.lines
        if len(self._lines) != rows:
            self._lines = [""] * rows
            self.screen.dirty.update(range(rows))
        # Reading every cell anew would cost more than the program under test.
        for y in (line for line in self.screen.dirty if line < rows):
            cells = self.screen.buffer[y]
            self._lines[y] = "".join(cells[x].data for x in range(columns)).rstrip()
        self.screen.dirty.clear()
        return list(self._lines)

    def text(self) -> str:
        """Return the screen as one text."""
        return "\n".join(self.lines())

    def line_with(self, words: str) -> str:
        """Return the first line that holds `words`, or the empty text."""
        return next((line for line in self.lines() if words in line), "")

    def wait_for(self, wanted: str | Callable[[str], bool], timeout: float = 20) -> str:
        """Read until the screen holds `wanted`, or satisfies it; return the screen. AssertionError after `timeout`."""
        holds = wanted if callable(wanted) else lambda text: wanted in text
        end = time.monotonic() + timeout
        while True:
            self.read()
            if holds(self.text()):
                return self.text()
            gone = self.process.poll()
            if time.monotonic() > end or (gone is not None and not self.read()):
                state = f"the program ended with {gone}" if gone is not None else f"{timeout} s passed"
                raise AssertionError(f"{state} without {wanted!r}; the screen:\n{self.text()}")

    def wait_gone(self, text: str, timeout: float = 20) -> str:
        """Read until the screen does not hold `text`; return the screen."""
        return self.wait_for(lambda screen: text not in screen, timeout)

    def settle(self, quiet: float = 0.25, timeout: float = 10) -> str:
        """Read until nothing came for `quiet` seconds, at most `timeout`; return the screen."""
        end = time.monotonic() + timeout
        while self.read(quiet) and time.monotonic() < end:
            pass
        return self.text()

    # Writing

    def press(self, *keys: str) -> None:
        """Press keys by name ("up", "ctrl+c", "a"), each on its own."""
        for key in keys:
            self._write(KEYS.get(key, key).encode())
            self.read(0.01)

    def type(self, text: str) -> None:
        """Type a text."""
        self._write(text.encode())
        self.read(0.01)

    def paste(self, text: str) -> None:
        """Paste a text, bracketed as terminals do."""
        self._write(b"\x1b[200~" + text.encode() + b"\x1b[201~")
        self.read(0.01)

    def click(self, words: str, offset: int = 0) -> None:
        """Click `offset` cells into the first place on the screen that shows `words`, as a terminal reports it."""
        row, line = next((y, line) for y, line in enumerate(self.screen.display) if words in line)
        column = line.index(words) + offset
        for end in "Mm":
            self._write(f"\x1b[<0;{column + 1};{row + 1}{end}".encode())
            self.read(0.01)

    def _write(self, data: bytes) -> None:
        try:
            os.write(self.master, data)
        except OSError:  # the program has gone: whoever waits for its screen says so
            return

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size and tell the program."""
        self.size = (columns, rows)
        self.screen.resize(rows, columns)
        self._set_size(self.master, self.size)
        os.killpg(self.process.pid, signal.SIGWINCH)

    @staticmethod
    def _set_size(handle: int, size: tuple[int, int]) -> None:
        fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    # Ending

    def wait(self, timeout: float = 10) -> int:
        """Read until the program has ended; return its exit code. AssertionError after `timeout`."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            self.read()
            if time.monotonic() > end:
                raise AssertionError(f"still running after {timeout} s; the screen:\n{self.text()}")
        self.read()
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the terminal under the program, as a lost connection does."""
        os.close(self.master)
        self.master = -1

    def kill(self) -> None:
        """End the program without a word (SIGKILL)."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """End the program if it still runs, and close the terminal."""
        self.kill()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


def _own() -> None:
    """In the child: take the terminal as the controlling one, so that ^C and hang-ups arrive."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def spawn(
    argv: Sequence[str],
    *,
    size: tuple[int, int] = (80, 24),
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> Terminal:
    """Start `argv` in a terminal of (columns, rows). `env` is added to a clean copy of this process's environment."""
    base = {name: value for name, value in os.environ.items() if name not in DROPPED}
    return Terminal(argv, size, {**base, **CLEAN_ENV, **(env or {})}, cwd)


# What Textual itself writes: colours, cursor positions, modes and queries, keyboard protocol.
_OWN = re.compile(
    rb"\x1b\[[0-9;:]*m|\x1b\[[0-9;]*H|\x1b\[\?[0-9;]+[hl]|\x1b\[\?[0-9]+\$p|\x1b\[[<>=][0-9;]*u|\x1b\[>4;?[0-9]*m"
    rb"|\x1b\[6n|\x1b\[0?c|\x1b\[\?u|\x1b\[[0-9;]*t|\x1b\]22;[a-z-]*\x07"
)
_SEQUENCE = re.compile(
    rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[P_^X][^\x1b]*(?:\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]"
    rb"|\x1b.?|[\x00-\x07\x0b\x0c\x0e-\x1a\x7f]",
    re.DOTALL,
)
_C1 = re.compile("[\x80-\x9f]")


def strange(raw: bytes) -> list[bytes]:
    """Return every control sequence and control byte in `raw` that Textual itself does not write: foreign ones."""
    rest = _OWN.sub(b"", raw)
    text = rest.decode("utf-8", "replace")
    return _SEQUENCE.findall(rest) + [c.encode() for c in _C1.findall(text)]
