"""The guarded session under clients that are built on httpx2; a module of its own to spare others that import."""

from collections.abc import Mapping

import httpx2

from iccon.net import checked
from iccon.net.transport import GuardedSession, aliased

_NOT_SENT = frozenset({"host", "content-length", "connection"})  # belong to the hop that the session makes
_NOT_KEPT = frozenset({"content-encoding", "transfer-encoding", "content-length"})  # the body is decoded


class SessionTransport(httpx2.BaseTransport):
    """See `iccon.net.httpx_transport`: the same guard for clients that are built on httpx2."""

    def __init__(self, session: GuardedSession, aliases: Mapping[str, str]) -> None:
        self._session = session
        self._aliases = dict(aliases)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send once through the session. Raises SourceFault; statuses but 420 and 429 are returned."""
        headers = {name: text for name, text in request.headers.items() if name.lower() not in _NOT_SENT}
        response = self._session.request(
            request.method,
            aliased(str(request.url), self._aliases),
            data=request.read() or None,
            headers=headers,
        )
        if response.status_code in (420, 429):
            checked(response)
        kept = {name: text for name, text in response.headers.items() if name.lower() not in _NOT_KEPT}
        # A stream, though the body is here: the `pagerduty` client asks how long reading took, which needs one.
        body = httpx2.ByteStream(response.content or b"")
        return httpx2.Response(response.status_code, headers=kept, stream=body, request=request)

    def close(self) -> None:
        """Close the session's connections."""
        self._session.close()
