"""Keys while a command of a runbook prints as fast as it can, against the same keys once it has ended.

python benchmarks/run_output.py [PRESSES]
"""

import math
import statistics
import sys
from pathlib import Path

from common import Meter, env_of, home, p95, runs, table

from iccon import bootstrap
from iccon.config.load import load
from iccon.config.places import folders
from iccon.config.setting import Setting
from iccon.incident.commands import Declare
from iccon.incident.severity import Severity

UP, DOWN, PAGE_UP, PAGE_DOWN = "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~"
KEYS = [UP, UP, DOWN, PAGE_UP, PAGE_DOWN, DOWN]
BOOK = '# Much\n\n1. Prints\n\n   ```bash\n   yes "a line of output with \x24(date) and password=hunter2"\n   ```\n'

# The console as it is, with the runbook opened as if a page had named it.
OPENED = """
import sys
from iccon.background import spawn
from iccon.cli.main import main
from iccon.console import app, runbooks
from iccon.runbooks.matching import Wanted

before = app.IcconApp._painted

def painted(self):
    before(self)
    spawn(runbooks.open_for(self.screen, Wanted("much", title="Much")), "runbook")

app.IcconApp._painted = painted
sys.exit(main([]))
"""


def row(name: str, taken: list[float], term: Meter) -> tuple[str, ...]:
    """Return a row of the table, in ms."""
    found = [t for t in taken if not math.isnan(t)]
    figures = (statistics.median(found), p95(found), p95(found, 0.99), max(found))
    used, sent, _ = term.watch(2)
    return name, *(f"{figure * 1000:.1f}" for figure in figures), f"{used:.0f}", f"{sent / 1024:.1f}"


def pressed(term: Meter, count: int) -> list[float]:
    """Press keys that scroll; return the seconds of each answer."""
    return [term.strike(KEYS[n % len(KEYS)], 0.02, 0.3) for n in range(count)]


def come(term: Meter, words: str) -> None:
    """Read until the screen holds `words`, though it never stops being painted."""
    for _ in range(200):
        term.read(0.05)
        term.replay()
        if words in term.text():
            return
    raise SystemExit(term.text())


def prepared(folder: Path) -> None:
    """Write the runbook, and declare an incident."""
    (folder / "books").mkdir()
    (folder / "books" / "much.md").write_text(BOOK)
    places = folders(env_of(folder))
    setting = Setting(load(None, places).config, places)
    desk = bootstrap.open_desk(setting)
    desk.do(Declare(title="Prints", severity=Severity.SEV2))
    desk.journal.close()


def main() -> None:
    """Measure and print."""
    count = runs(200)
    with home('runbooks.folders = ["books"]\nrunbooks.run.allow = ["bash"]\nrunbooks.run.timeout = 120\n') as folder:
        prepared(folder)
        with Meter([sys.executable, "-c", OPENED], env_of(folder)) as term:
            term.until("0 of 1")
            term.quiet()
            term.strike("!")
            term.until("Given to bash")
            term.quiet()
            term.strike("\r")
            come(term, "running for")
            rows = [row("while it prints", pressed(term, count), term)]
            term.strike("\x1b[F")  # to the end
            term.strike("xx", 0.02, 0.3)
            come(term, "cancelled")
            rows.append(row("once it has ended", pressed(term, count), term))
    table("Keys", ("", "median ms", "p95", "p99", "worst", "CPU %", "KB/s"), rows)


if __name__ == "__main__":
    main()
