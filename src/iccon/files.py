"""Files that hold what others must not read, written whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path


def write_owner_only(path: Path, content: bytes) -> None:
    """Replace the file at `path`, in a folder that exists; on disk before this returns. Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
