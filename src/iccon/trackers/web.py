"""One session with a tracker's API, for those that want a token."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, guarded_session

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

SIZE_LIMIT: Final = 8 * 1024 * 1024  # bytes of one answer
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def opened(
    url: str,
    timeout: float,
    ca_file: str,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> "GuardedSession":
    """Return a session for `url`; `timeout` is in seconds. Raises SourceFault where others could read the token."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise SourceFault(FaultKind.REJECTED, "the tracker's url must be https: others could read the token")
    return guarded_session(url, Limits(timeout, SIZE_LIMIT), headers=headers, auth=auth, ca_file=ca_file)
