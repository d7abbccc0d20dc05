"""Files that commands write."""

import os
from collections.abc import Iterable
from pathlib import Path

from iccon.cli.session import refuse
from iccon.text import clean


def write_new(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that was not there, readable by the owner alone. Raises Refused where it is there, and OSError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise refuse("exists", f"{clean(path)} is there already", "name another file; nothing was changed") from None
    with os.fdopen(handle, "wb") as file:
        file.writelines(parts)
