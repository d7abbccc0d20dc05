"""The command line called in this process: the same `main`, the words as typed, what came out."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from iccon.cli.main import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def iccon(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*words: str, stdin: bytes | None = None) -> Ran:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(list(words))
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def home(_own_home: Path) -> Path:
    return _own_home


@pytest.fixture
def configure(home: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = home / "config.toml"
        file.write_text(text)
        file.chmod(0o600)
        return file

    return write


@pytest.fixture
def shelve(home: Path, configure: Callable[[str], Path]) -> Callable[..., Path]:
    """Put one runbook, disk.md, into a folder that is configured; return the file."""

    def put(text: str, config: str = 'runbooks.folders = ["books"]\n') -> Path:
        (home / "books").mkdir()
        configure(config)
        path = home / "books" / "disk.md"
        path.write_text(text)
        return path

    return put


@pytest.fixture
def incident(iccon: Run) -> str:
    """A declared incident's id."""
    return str(iccon("declare", "Checkout fails", "--severity", "SEV2", "--json").json["incident"])
