"""`iccon note` as a whole process against a bare interpreter, and other commands beside it.

python benchmarks/note.py [RUNS]
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common import compared, env_of, fill, home, interleaved, runs


def process(argv: list[str], folder: Path) -> Callable[[], float]:
    """Return what runs `argv` to its end and gives the seconds it took."""
    env = {**os.environ, **env_of(folder)}

    def run() -> float:
        began = time.perf_counter()
        subprocess.run(argv, env=env, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        return time.perf_counter() - began

    return run


def main() -> None:
    """Measure and print."""
    iccon = [sys.executable, "-m", "iccon"]
    with home() as folder:
        fill(folder / "data" / "journal.db", 10_000)
        subjects = {
            "bare interpreter": process([sys.executable, "-c", "pass"], folder),
            "iccon --version": process([*iccon, "--version"], folder),
            "iccon --help": process([*iccon, "--help"], folder),
            "iccon note TEXT (10,000 entries)": process([*iccon, "note", "rolled back deploy 4711"], folder),
            "iccon list": process([*iccon, "list"], folder),
            "iccon timeline (10,000 entries)": process([*iccon, "timeline"], folder),
        }
        compared("Whole processes", interleaved(runs(15), subjects))


if __name__ == "__main__":
    main()
