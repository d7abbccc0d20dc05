"""Asking a web API for JSON, page by page: one guarded session, made at the first question, one deadline for all."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from iccon.config import schema
from iccon.config.secrets import SecretFault, resolve
from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, checked, guarded_session, retry_after
from iccon.net.wire import decode

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

PATIENCE = 3  # an answer in several pages may take this many timeouts
SIZE_LIMIT = 8 * 1024 * 1024  # bytes of one page


class Web:
    """One server. `authorization` makes a header's value of the token, which is read when the server is first asked."""

    def __init__(
        self,
        url: str,
        config: schema.ChangeFeed,
        headers: Mapping[str, str],
        authorization: Callable[[str], str] = lambda token: f"Bearer {token}",
        secrets: Callable[[schema.Secret], str] = resolve,
    ) -> None:
        self._url = url.rstrip("/")
        self._config = config
        self._headers = headers
        self._authorization = authorization
        self._secrets = secrets
        self._session: GuardedSession | None = None
        self._until = 0.0

    def begin(self) -> None:
        """Let the time of a whole answer run from now."""
        self._until = time.monotonic() + self._config.timeout * PATIENCE

    def get(self, path: str, query: Mapping[str, Any]) -> Any:
        """Return the JSON of one page. Raises SourceFault; TIMEOUT where the whole answer takes too long."""
        if time.monotonic() > self._until:
            raise SourceFault(FaultKind.TIMEOUT, "the list of changes was not complete in time")
        response = self._opened().get(self._url + path, params=dict(query))
        try:
            return decode(checked(response))
        except SourceFault as fault:
            if fault.kind is FaultKind.UNAUTHORIZED:
                self._session = None  # a renewed token is read next time
            if fault.kind is FaultKind.FORBIDDEN and response.headers.get("x-ratelimit-remaining") == "0":
                wait = retry_after(response.headers)  # GitHub says so as if the token were wrong
                raise SourceFault(FaultKind.RATE_LIMITED, "the budget of requests is used up", wait) from None
            raise

    def _opened(self) -> "GuardedSession":
        if self._session is None:
            config = self._config
            limits = Limits(seconds=config.timeout, size=SIZE_LIMIT)
            headers = self._with_token()
            self._session = guarded_session(self._url, limits, headers=headers, ca_file=config.ca_file, shared=True)
        return self._session

    def _with_token(self) -> dict[str, str]:
        if self._config.token is None:
            return dict(self._headers)
        try:
            return {**self._headers, "Authorization": self._authorization(self._secrets(self._config.token))}
        except SecretFault as fault:
            raise SourceFault(FaultKind.UNAUTHORIZED, f"no credential: {fault.reason}") from fault
