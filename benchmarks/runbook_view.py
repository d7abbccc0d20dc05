"""From a runbook chosen to its first screen, in the real console at 120x36: every Markdown file below some folders.

python benchmarks/runbook_view.py FOLDER [FOLDER …]

Beside them some files made to be slow: 60 KB of usual text, 2 MB of text, of one code fence, of one table, of one line.
A file that cannot be read is shown as the reason why, and counts too. Nothing may raise.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from common import p95, table
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "console"))

from running import Running, config_of, declared, running, setting_in

from iccon.config import schema
from iccon.console.runbooks import reading_of
from iccon.console.widgets.runbook import RunbookView
from iccon.runbooks.model import Document, RunbookFault

USUAL = "## Step {n}\n\nLook at **what** is `shown` [here](other.md) and decide.\n\n1. Do it\n2. Then that\n\n"
MADE = {
    "60 KB": "# Usual\n\n" + "".join(USUAL.format(n=n) for n in range(600)),
    "2 MB of text": "# Text\n\n" + "some words of a long text, with no end in sight\n" * 40_000,
    "2 MB of code": "# Code\n\n```sh\n" + "kubectl get pods --all-namespaces\n" * 58_000,
    "2 MB of a table": "# Table\n\n| a | b |\n|---|---|\n" + "| some cell | another cell of it |\n" * 56_000,
    "2 MB of one line": "# Line\n\n" + "x" * 1_900_000,
}


async def opened(console: Running, document: Document) -> float:
    """Return the seconds from a runbook that was read to its first lines on the screen."""
    began = time.perf_counter()
    screen, view = console.incident_screen, console.one(RunbookView)
    read, reading = await reading_of(screen, document, "alert name")
    view.show(read, reading=reading)
    lines = [view.render_line(y) for y in range(view.area.height)]
    taken = time.perf_counter() - began
    if document.text.strip() and not any(line.text.strip() for line in lines):
        raise SystemExit(f"{document.runbook.name}: nothing is shown")
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "steps"))  # on a thread
    return taken


async def measured(folders: list[Path], home: Path) -> list[tuple[float, str]]:
    """Open each runbook of `folders`; return what each took, reading included."""
    books = schema.Runbooks(tuple(str(folder) for folder in folders))
    setting = setting_in(home, replace(config_of(console=schema.Console(zone="UTC", layout="ic")), runbooks=books))
    declared(setting)
    found = []
    async with running(setting, (120, 36)) as console:
        await console.until_incident()
        library = console.app.parts.library
        for book in await asyncio.to_thread(library.find):
            began = time.perf_counter()
            try:
                document = library.read(book)
            except RunbookFault:
                continue
            reading = time.perf_counter() - began
            found.append((reading + await opened(console, document), book.path))
    return found


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made")
        made.mkdir()
        for name, text in MADE.items():
            (made / f"{name}.md").write_text(text, encoding="utf-8")
        found = asyncio.run(measured([*map(Path, sys.argv[1:]), made], Path(folder, "home")))
    times = [taken for taken, _ in found]
    print(f"{len(found):,} files: median {statistics.median(times) * 1000:.1f} ms, p95 {p95(times) * 1000:.1f} ms")
    slowest = sorted(found, reverse=True)[:10]
    table("The slowest", ("file", "ms"), [(name, f"{taken * 1000:.1f}") for taken, name in slowest])


if __name__ == "__main__":
    main()
