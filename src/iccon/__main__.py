"""`python -m iccon`, and the `iccon` script."""

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """Run the program on the words of the command line, and end the process."""
    from iccon.cli.main import main as run

    gc.set_threshold(50_000, 20, 20)  # a command is over before it has made garbage worth looking for
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a letter that the terminal lacks is no reason to end
    _leave(run())


def _leave(code: int) -> None:
    """End the process without taking the interpreter down: a tenth of a note's time, and no thread that hangs is met.

    What had to be kept is on disk by now; only what is still in the streams is not.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
