"""What the outlets that speak JSON to an API share: one guarded session with a token, and lost answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from iccon.faults import FaultKind, SourceFault, lost
from iccon.incident.ids import instant_of
from iccon.net import Limits, checked, demand_https, guarded_session
from iccon.net.wire import decode

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

SIZE_LIMIT: Final = 4 * 1024 * 1024  # bytes of one answer
_SLACK: Final = timedelta(minutes=10)  # how much their clock may differ


class Api:
    """One server at `url`. `timeout` is in seconds, from the connection to the last byte; `who` names it in faults."""

    def __init__(self, who: str, url: str, headers: Mapping[str, str], timeout: float, ca_file: str = "") -> None:
        self._who, self._url, self._headers = who, url.rstrip("/"), dict(headers)
        self._timeout, self._ca_file = timeout, ca_file

    def session(self) -> "GuardedSession":
        """Return a session. Raises SourceFault where others could read the token on its way."""
        demand_https(self._url, self._who)
        return guarded_session(
            self._url, Limits(self._timeout, SIZE_LIMIT), headers=self._headers, ca_file=self._ca_file
        )

    def get(self, path: str, **params: str) -> Any:
        """Return the JSON of a question. Raises SourceFault."""
        with self.session() as session:
            return decode(checked(session.get(self._url + path, params=params)))

    def write(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        """Send `content` once and return the JSON of the answer. Raises SourceFault; LOST where nobody knows."""
        with self.session() as session:
            answer = checked(session.request(method, self._url + path, json=content), write=True)
        try:
            return decode(answer)
        except SourceFault as fault:
            raise lost("update", f"its answer is unreadable: {fault.reason}") from fault


def unanswerable(what: str) -> SourceFault:
    """Return the fault of a channel that cannot be asked whether it has a message: a person looks."""
    return SourceFault(FaultKind.BAD_ANSWER, f"{what} cannot be asked: look there, then say how it ended")


def written_since(ident: str) -> datetime:
    """Return the earliest instant (aware UTC) at which their clock may say that effect `ident` was carried out."""
    return instant_of(ident) - _SLACK
