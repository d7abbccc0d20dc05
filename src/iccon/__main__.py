"""`python -m iccon`, and the `iccon` script."""

import gc
import sys


def main() -> int:
    """Run the program on the words of the command line."""
    gc.set_threshold(50_000, 20, 20)  # a command is over before it has made garbage worth looking for
    from iccon.cli.main import main as run

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal that cannot show a letter must not end the program
    return run()


if __name__ == "__main__":
    sys.exit(main())
