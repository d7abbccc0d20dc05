"""The outlet `grafana`: an annotation, so that dashboards show when what was said. Its tags name incident and update.

`POST /api/annotations`, and `GET /api/annotations?tags=…` to look for one. See
https://grafana.com/docs/grafana/latest/developers/http_api/annotations/.
"""

from html import escape
from typing import Final

from iccon.faults import lost
from iccon.incident.ids import milliseconds_of
from iccon.net.wire import record, records, text
from iccon.text import CleanText, clean
from iccon.updates.model import Message, Posted
from iccon.updates.outlets.api import Api

LIMIT: Final = 8_000  # characters of a text


class GrafanaOutlet:
    """One Grafana at `url`. Blocking. `token` is a service account's, resolved; `tags` are given to each annotation."""

    def __init__(
        self, name: str, url: str, token: str, tags: tuple[str, ...] = (), timeout: float = 10.0, ca_file: str = ""
    ) -> None:
        self.name = name
        self._tags = tags
        self._api = Api("Grafana", url, {"Authorization": f"Bearer {token}"}, timeout, ca_file)

    def send(self, message: Message) -> Posted:
        """Annotate once, at the update's own instant. Raises SourceFault; LOST where nobody knows."""
        content = {
            "time": milliseconds_of(message.id),
            "tags": ["iccon", *self._tags, f"incident:{message.incident}", _tag(message)],
            "text": escape(f"{message.severity} {message.title}\n{message.text}"[:LIMIT]),  # it is shown as HTML
        }
        number = text(record(self._api.write("POST", "/api/annotations", content)).get("id"))
        if not number:
            raise lost("update", "its answer names no annotation: is this Grafana's address?")
        return Posted(_receipt(number))

    def read_back(self, message: Message) -> Posted | None:
        """Look for the annotation by its tag. Raises SourceFault."""
        rows = records(self._api.get("/api/annotations", tags=_tag(message), limit="1"))
        return Posted(_receipt(text(rows[0].get("id")))) if rows else None

    def probe(self) -> str:
        """Return one line: which Grafana it is. Raises SourceFault."""
        found = text(record(self._api.get("/api/org")).get("name"))
        return f"{found or 'Grafana'} answers; whether it takes an annotation only sending shows"


def _tag(message: Message) -> str:
    return f"update:{message.id}"


def _receipt(number: str) -> CleanText:
    return clean(f"annotation {number}")
