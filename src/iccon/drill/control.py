"""How another terminal reaches a running drill: `iccon drill mitigate NAME` and the like, over loopback.

The running drill leaves its address and a random token in an owner-only file; without the token nothing is answered,
so that neither another user nor a web page can steer the drill.
"""

import http.client
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from iccon.drill.loopback import Answered, Asked, LoopbackServer, as_json, as_text
from iccon.faults import FaultKind, SourceFault
from iccon.text import clean

FILE = "drill.json"
PATIENCE = 5.0  # seconds for an answer on loopback
RUNBOOKS = Path(__file__).parent / "runbooks"


class Door(Struct, frozen=True):
    """Where a running drill listens."""

    url: str
    token: str


class Tried(Struct, frozen=True):
    """What came of a mitigation: was it the right one, and in words."""

    right: bool
    words: str


class ControlServer:
    """Answers `POST /mitigate?name=…`, `GET /status`, and the drill's runbooks for whoever follows a page's link."""

    def __init__(self, mitigate: Callable[[str], Tried], status: Callable[[], dict[str, Any]]) -> None:
        self._mitigate = mitigate
        self._status = status
        self._token = secrets.token_urlsafe(24)
        self._server = LoopbackServer(self._answer, "drill-control")
        self._left: Path | None = None

    @property
    def door(self) -> Door:
        """Address and token."""
        return Door(self._server.url, self._token)

    def runbook_url(self, name: str) -> str:
        """Return the link a page carries to a runbook, "" for none."""
        return f"{self._server.url}/runbooks/{quote(name)}" if name else ""

    def leave_word(self, folder: Path) -> None:
        """Write the owner-only file by which other terminals find the drill. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(msgspec.json.encode(self.door))
        self._left = path

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering and take the file away, if it is still this drill's. Only after start()."""
        self._server.stop()
        if self._left is not None and _door(self._left) == self.door:
            self._left.unlink(missing_ok=True)

    def _answer(self, asked: Asked) -> Answered:
        if asked.method == "GET" and asked.path.startswith("/runbooks/"):
            return _runbook(asked.path.removeprefix("/runbooks/"))
        given = asked.headers.get("authorization", "").encode("utf-8", "replace")
        if not secrets.compare_digest(given, f"Bearer {self._token}".encode()):
            return as_json(401, {"error": "this drill belongs to another terminal"})
        if (asked.method, asked.path) == ("GET", "/status"):
            return as_json(200, self._status())
        if (asked.method, asked.path) == ("POST", "/mitigate"):
            return as_json(200, msgspec.to_builtins(self._mitigate(asked.field("name"))))
        return as_json(404, {"error": "unknown"})


def _runbook(name: str) -> Answered:
    if name not in {path.name for path in RUNBOOKS.glob("*.md")}:
        return as_text(404, "no such runbook\n")
    return as_text(200, (RUNBOOKS / name).read_text("utf-8"))


def _door(path: Path) -> Door | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Door)
    except (OSError, msgspec.DecodeError):
        return None


def mitigate(folder: Path, name: str) -> Tried:
    """Try a mitigation in the drill that runs with this data folder. Raises SourceFault."""
    try:
        return msgspec.convert(_call(folder, "POST", f"/mitigate?name={quote(name)}"), Tried)
    except msgspec.ValidationError as error:
        raise SourceFault(FaultKind.BAD_ANSWER, f"not a drill: {error}") from error


def status(folder: Path) -> dict[str, Any]:
    """Return how the drill that runs with this data folder stands. Raises SourceFault."""
    found = _call(folder, "GET", "/status")
    if not isinstance(found, dict):
        raise SourceFault(FaultKind.BAD_ANSWER, "not a drill")
    return found


def _call(folder: Path, method: str, path: str) -> Any:
    door = _door(folder / FILE)
    if door is None:
        raise SourceFault(FaultKind.REFUSED, "no drill is running; start one with `iccon drill`")
    connection = http.client.HTTPConnection(urlsplit(door.url).netloc, timeout=PATIENCE)
    try:
        connection.request(method, path, headers={"Authorization": f"Bearer {door.token}"})
        answer = connection.getresponse()
        body = answer.read(1_000_000)
    except (OSError, http.client.HTTPException) as error:
        raise SourceFault(FaultKind.REFUSED, "the drill has ended; start another with `iccon drill`") from error
    finally:
        connection.close()
    try:
        found = json.loads(body)
    except ValueError as error:
        raise SourceFault(FaultKind.BAD_ANSWER, "not a drill") from error
    if answer.status != 200:
        raise SourceFault(FaultKind.REJECTED, clean(found.get("error") if isinstance(found, dict) else "refused"))
    return found
