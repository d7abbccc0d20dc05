"""How long until the console's first whole frame, against Textual's hello world.

    python benchmarks/first_paint.py [RUNS]

The console opens an incident of 10,000 entries, the home screen an empty journal. The frame is whole when the newest
note, or the list of incidents, is on the screen.
"""

from pathlib import Path

from common import CONSOLE, HELLO, LAST, Meter, compared, env_of, fill, home, interleaved, runs


def hello() -> float:
    """Start hello world."""
    with Meter(HELLO, {}) as term:
        return term.painted("Hello, World!")


def console(folder: Path, wanted: str) -> float:
    """Start the console."""
    with Meter(CONSOLE, env_of(folder)) as term:
        return term.painted(lambda text: wanted in text and "Help" in text)


def main() -> None:
    """Measure and print."""
    with home() as full, home() as empty:
        fill(full / "data" / "journal.db", 10_000)
        subjects = {
            "Textual hello world": hello,
            "console, 10,000 entries": lambda: console(full, LAST),
            "console, home screen": lambda: console(empty, "No incident yet"),
        }
        compared("First whole frame, from the start of the process", interleaved(runs(15), subjects))


if __name__ == "__main__":
    main()
