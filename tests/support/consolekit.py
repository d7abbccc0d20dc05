"""The real program in a real terminal: a folder of its own, a configuration as a person writes it, keys, the screen.

home = Home(tmp_path)
home.configure('prometheus.url = "http://127.0.0.1:9090"')
with home.console(size=(120, 36)) as term:
    term.wait_for("Signals")
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ptyhelp import Terminal, spawn

PROGRAM = (sys.executable, "-m", "iccon")
HUNDRED = os.sysconf("SC_CLK_TCK")


class Home:
    """A folder that is the program's whole world (`ICCON_HOME`), and the environment it runs in."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.env = {"ICCON_HOME": str(folder), **env}

    def configure(self, text: str) -> None:
        """Write the configuration file, readable by its owner only."""
        file = self.folder / "config.toml"
        file.write_text(text)
        file.chmod(0o600)

    def run(self, *words: str, code: int = 0, stdin: str | None = None) -> str:
        """Run a command line in a process of its own; return what it printed. Its exit code must be `code`."""
        done = subprocess.run(
            [*PROGRAM, *words],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=60,
            env={**os.environ, **self.env},
        )
        assert done.returncode == code, f"iccon {words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *words: str, code: int = 0) -> Any:
        """Run a command line with --json; return what it printed."""
        return json.loads(self.run(*words, "--json", code=code))

    def console(self, *words: str, size: tuple[int, int] = (120, 36), env: Mapping[str, str] | None = None) -> Terminal:
        """Open the console, or run `words`, in a terminal."""
        return spawn([*PROGRAM, *words], size=size, env={**self.env, **(env or {})})

    def entries(self) -> list[dict[str, Any]]:
        """Return every record of the single active incident, or of the newest."""
        return [json.loads(line) for line in self.run("export", "--format", "jsonl").splitlines()]


def until(holds: Callable[[], Any], seconds: float = 20.0, meanwhile: Terminal | None = None) -> Any:
    """Wait until `holds()` is true and return it, reading the terminal meanwhile: its program writes."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, f"{seconds} s passed" + (
            f"; the screen:\n{meanwhile.text()}" if meanwhile else ""
        )
        if meanwhile is None:
            time.sleep(0.02)
        else:
            meanwhile.read(0.02)
    return found


def declare(term: Terminal, title: str) -> None:
    """Declare an incident by keys; the screen shows it."""
    term.press("d")
    term.wait_for("Declare an incident")
    term.type(title)
    term.press("enter")
    term.wait_for(lambda text: opened(text, title[:30]))


def opened(text: str, words: str) -> bool:
    """Say whether the incident's screen is there to its last line, and shows `words`."""
    return "n Note" in text.splitlines()[-1] and words in text and "─ Declare an incident" not in text


def note(term: Terminal, text: str) -> float:
    """Write a note by keys; return the seconds from Enter until it is on the screen and its line is gone."""
    term.press("n")
    term.wait_for(" note ")
    term.type(text)
    term.wait_for(text[-40:])
    pressed = time.monotonic()
    term.press("enter")
    term.wait_for(lambda screen: " note  " not in screen.splitlines()[-2] and text[:40] in screen)
    return time.monotonic() - pressed


def choose_page(term: Terminal, words: str) -> None:
    """Go to the pages by keys and move to the first one with `words` in its row."""
    for _ in range(8):
        term.settle(0.1)
        if words in chosen_page(term) or (chosen_page(term) and _walk(term, words)):
            return
        term.press("tab")
    raise AssertionError(f"not to be chosen: {words}\n{term.text()}")


def _walk(term: Terminal, words: str) -> bool:
    """Go down the pages from the first; say whether one with `words` was reached. Not, where others have the focus."""
    key, before = "home", ""
    for _ in range(30):
        term.press(key)
        term.settle(0.05)
        if words in chosen_page(term):
            return True
        if key == "down" and chosen_page(term) == before:
            return False
        key, before = "down", chosen_page(term)
    return False


def chosen_page(term: Terminal) -> str:
    """Return the row of the chosen page, of a screen with the pages on the right; empty where none is chosen."""
    rows = (line.rpartition("││▌")[2] for line in term.lines() if "││▌" in line)
    return next((row for row in rows if row[0] in "●◐○✓"), "")


def leave(term: Terminal) -> float:
    """Press q; return the seconds until the program has ended."""
    pressed = time.monotonic()
    term.press("q")
    assert term.wait(15) == 0
    return time.monotonic() - pressed


def cpu_seconds(pid: int) -> float | None:
    """Return the seconds of CPU that a process has used, None where it is gone."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / HUNDRED
    return None


def lines_of(text: str, words: Sequence[str]) -> list[str]:
    """Return the lines that hold all `words`."""
    return [line for line in text.splitlines() if all(word in line for word in words)]
