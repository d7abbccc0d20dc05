"""Runbooks: `python benchmarks/runbooks.py FOLDER...` indexes, searches, opens and matches what is in the folders.

Index: the first time, when nothing changed, and what a start reads. Search: words and pairs of words of the titles, and
their beginnings. First screen: every file read, laid out and drawn as far as 36 lines of 120 cells show. Matching: of
each folder, for every file that is named as an alert is, whether that file is first by the alert's name; with all
folders together, also by the runbook URL that such an alert has.
"""

import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from iccon.console.widgets.sheet import Sheet
from iccon.runbooks.folder import folder_sources
from iccon.runbooks.index import Index
from iccon.runbooks.library import Library
from iccon.runbooks.matching import Wanted, file_name
from iccon.runbooks.model import Runbook

SEARCHES = 500
ALERT = re.compile(r"[A-Z][a-z0-9]*([A-Z]+[a-z0-9]*)+")


def main() -> None:
    """Print the figures."""
    folders = [Path(name) for name in sys.argv[1:]]
    if not folders:
        sys.exit("usage: python benchmarks/runbooks.py FOLDER...")
    with TemporaryDirectory() as place:
        library = indexed(folders, Path(place) / "runbooks.db")
        searched(library)
        opened(library)
        for folder in folders:
            matched(f"by name, {folder.name} alone", Library(folder_sources([folder])), wanted_by_name)
        matched("by name, all folders", library, wanted_by_name)
        matched("by URL, all folders", library, wanted_by_url)


def indexed(folders: Sequence[Path], file: Path) -> Library:
    """Index twice, as two starts do."""
    for what in ("index, the first time", "index, nothing changed"):
        library = Library(folder_sources(folders), Index(file))
        if what != "index, the first time":
            print(f"{'known runbooks at a start':40} {took(library.books):8.1f} ms")
        print(f"{what:40} {took(library.refresh):8.1f} ms")
    size = sum(len(library.read(book).text) for book in library.books())
    print(f"{len(library.books())} runbooks, {size / 1e6:.1f} MB, {len(library.skipped)} passed over")
    return library


def searched(library: Library) -> None:
    """Search as people type."""
    chance = random.Random(1)
    words = sorted({word for book in library.books() for word in re.findall(r"\w{3,}", book.title)})
    times = []
    for _ in range(SEARCHES):
        asked = " ".join(chance.sample(words, chance.choice((1, 1, 2, 3))))
        asked = asked[: chance.randint(1, len(asked))] if chance.random() < 0.3 else asked
        times.append(took(lambda asked=asked: library.search(asked)))
    say(f"{SEARCHES} searches", times)


def opened(library: Library) -> None:
    """Read and draw the first screen of every runbook."""
    times, worst, faults = [], ("", 0.0), []
    for book in library.books():
        try:
            spent = took(lambda book=book: first_screen(library, book))
        except Exception as error:
            faults.append(f"{book.name}: {error!r}")
            continue
        times.append(spent)
        worst = max(worst, (book.name, spent), key=lambda each: each[1])
    say("first screen of each", times)
    print(f"{'the slowest':40} {worst[1]:8.1f} ms  {worst[0]}")
    print(f"{len(faults)} raised", *faults[:5], sep="\n  ")


def first_screen(library: Library, book: Runbook) -> None:
    """Lay out and draw what is seen first."""
    sheet = Sheet(library.read(book), 118, False)
    sheet.lay_out(0, 36)
    for row in range(min(36, sheet.height)):
        sheet.line(row)


def wanted_by_name(book: Runbook) -> Wanted:
    """Return a page that names its alert."""
    return Wanted(file_name(book.path))


def wanted_by_url(book: Runbook) -> Wanted:
    """Return a page with the URL at which such runbooks are published: its folder and its name."""
    parts = PurePosixPath(book.path).with_suffix("").parts[-2:]
    return Wanted(file_name(book.path), url=f"https://runbooks.example.org/runbooks/{'/'.join(parts).lower()}")


def matched(what: str, library: Library, page: Callable[[Runbook], Wanted]) -> None:
    """Say how often the right runbook is the first."""
    books = [book for book in library.books() if ALERT.fullmatch(file_name(book.path))]
    if not books:
        return
    times, right = [], 0
    for book in books:
        began = time.perf_counter()
        found = library.match(page(book))
        times.append((time.perf_counter() - began) * 1000)
        right += bool(found) and found[0].runbook == book
    say(f"match {what}", times)
    print(f"{'  right first':40} {right / len(books):8.1%}  of {len(books)} alert names")


def took(work: Callable[[], object]) -> float:
    """Return how many milliseconds it took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def say(what: str, times: Iterable[float]) -> None:
    """Print the median, the 95th percentile and the worst."""
    known = sorted(times)
    p95 = known[min(int(len(known) * 0.95), len(known) - 1)]
    print(f"{what:40} p50 {statistics.median(known):.1f}, p95 {p95:.1f}, max {known[-1]:.1f} ms")


if __name__ == "__main__":
    main()
