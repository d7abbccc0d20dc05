"""The outlet `statuspage`: an Atlassian Statuspage. One incident there for one of ours, an update of it each time.

Made by `POST /pages/{page}/incidents`, updated by `PATCH /pages/{page}/incidents/{id}`. The API has no idempotency key:
the incident's `metadata` names ours and the ids of the updates that it took, which is looked at before every write and
after a lost answer. It takes one request a second. See https://developer.statuspage.io.
"""

import threading
import time
from typing import Any, Final

from iccon.faults import FaultKind, SourceFault, lost, nothing_sent
from iccon.net.wire import link, record, records, text
from iccon.text import CleanText, clean
from iccon.updates.model import Message, Posted
from iccon.updates.outlets.api import Api

URL: Final = "https://api.statuspage.io/v1"
NAME: Final = 255  # characters of a name
BODY: Final = 25_000  # characters of an update
KEPT: Final = 100  # ids of updates that the metadata keeps
PACE: Final = 1.0  # seconds from one request to the next
IMPACTS: Final = {"SEV1": "critical", "SEV2": "major", "SEV3": "minor"}
COMPONENTS: Final = {"SEV1": "major_outage", "SEV2": "partial_outage"}


class StatuspageOutlet:
    """One page. Blocking. `components` maps our services to ids of its components; `pace` is in seconds."""

    def __init__(
        self,
        name: str,
        page: str,
        token: str,
        components: dict[str, str] | None = None,
        url: str = "",
        timeout: float = 10.0,
        ca_file: str = "",
        pace: float = PACE,
    ) -> None:
        self.name = name
        self._page = f"/pages/{page}"
        self._components = components or {}
        self._api = Api("Statuspage", url or URL, {"Authorization": f"OAuth {token}"}, timeout, ca_file)
        self._pace, self._turn, self._last = pace, threading.Lock(), float("-inf")

    def send(self, message: Message) -> Posted:
        """Make or update the incident there, once. Raises SourceFault; LOST where nobody knows."""
        with nothing_sent():
            there = self._incident(message)
        if message.id in _taken(there):
            return _posted(there)
        if len(message.text) > BODY:
            raise SourceFault(FaultKind.REJECTED, f"it has more than {BODY:,} characters")
        ident = text(there.get("id"))
        method, path = ("PATCH", f"/incidents/{ident}") if ident else ("POST", "/incidents")
        made = record(self._ask(method, path, {"incident": self._content(message, there)}))
        if not text(made.get("id")):
            raise lost("update", "its answer names no incident: is this Statuspage's address?")
        return _posted(made)

    def read_back(self, message: Message) -> Posted | None:
        """Look into the incident's metadata whether it took the update. Raises SourceFault."""
        there = self._incident(message)
        return _posted(there) if message.id in _taken(there) else None

    def probe(self) -> str:
        """Return one line: the page's name. Raises SourceFault."""
        found = record(self._ask("GET", ""))
        return f"{text(found.get('name')) or 'the page'} answers; whether it takes an update only sending shows"

    def _incident(self, message: Message) -> dict[str, Any]:
        """Return the incident there that is ours, {} where there is none."""
        known = message.thread.partition(" ")[0]
        if known.isalnum():
            return record(self._ask("GET", f"/incidents/{known}"))
        rows = records(self._ask("GET", "/incidents"))  # newest first; resolved ones too
        return next((row for row in rows if _about(row).get("incident") == message.incident), {})

    def _content(self, message: Message, there: dict[str, Any]) -> dict[str, Any]:
        over = message.phase == "resolved"
        taken = [*_taken(there), message.id][-KEPT:]
        content: dict[str, Any] = {
            "status": message.phase,
            "body": message.text,
            "metadata": {**record(there.get("metadata")), "iccon": {"incident": message.incident, "updates": taken}},
        }
        if not there:
            content |= {"name": message.title[:NAME], "impact_override": IMPACTS.get(message.severity, "none")}
        ids = [self._components[service] for service in message.services if service in self._components]
        if ids:
            state = "operational" if over else COMPONENTS.get(message.severity, "degraded_performance")
            content |= {"component_ids": ids, "components": dict.fromkeys(ids, state)}
        return content

    def _ask(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        with self._turn:
            threading.Event().wait(max(0.0, self._last + self._pace - time.monotonic()))
            try:
                path = self._page + path
                return self._api.get(path) if content is None else self._api.write(method, path, content)
            finally:
                self._last = time.monotonic()


def _about(incident: dict[str, Any]) -> dict[str, Any]:
    return record(record(incident.get("metadata")).get("iccon"))


def _taken(incident: dict[str, Any]) -> list[str]:
    known = _about(incident).get("updates")
    return [ident for ident in known if isinstance(ident, str)] if isinstance(known, list) else []


def _posted(incident: dict[str, Any]) -> Posted:
    return Posted(_receipt(text(incident.get("id")), link(incident.get("shortlink"))))


def _receipt(ident: CleanText, address: CleanText) -> CleanText:
    return clean(f"{ident} {address}".strip(), 300)
