"""What can go wrong with a source or an outlet, as one exception with a plain word for the screen."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from iccon.text import CleanText, clean

_log = logging.getLogger("iccon")
_logged: set[tuple[str, type[BaseException]]] = set()


class FaultKind(StrEnum):
    """The words a person reads where the data would be."""

    REFUSED = "refused"  # nothing listens, no route, no such host
    TIMEOUT = "timeout"  # no complete answer within the deadline
    UNAUTHORIZED = "unauthorized"  # 401: the credential is not accepted
    FORBIDDEN = "forbidden"  # 402, 403: the credential may not do this
    NOT_FOUND = "not found"  # 404
    RATE_LIMITED = "rate limited"  # 420, 429
    SERVER = "server error"  # 5xx
    BAD_ANSWER = "bad answer"  # not the promised format, wrong type, truncated, redirect
    TOO_LARGE = "too large"  # over the byte or series limit
    TLS = "tls"  # certificate or protocol
    REJECTED = "rejected"  # other 4xx: the request itself is at fault
    ENDED = "ended badly"  # what was to be done was done, and its end is no success
    LOST = "answer lost"  # a write was sent and its answer did not arrive: the outcome is unknown


class SourceTrouble(Struct, frozen=True):
    """One of several sources that does not answer `since` an instant (aware UTC); its last answer stands.

    `next_try` is until when it asked to be left alone (aware UTC), None where it did not.
    """

    source: str
    kind: FaultKind
    reason: CleanText
    since: datetime | None = None
    next_try: datetime | None = None


class SourceFault(Exception):
    """A source did not give what was asked of it.

    `reason` is clean, one line, and says what a person can do. `retry_after` is in seconds, where the
    other side named one. `LOST` alone means that a write may have taken effect. `partial` is what a poll can
    still show in spite of the fault (its old data, marked), None where it has nothing to say.
    """

    def __init__(
        self, kind: FaultKind, reason: object, retry_after: float | None = None, partial: object = None
    ) -> None:
        self.kind = kind
        self.reason: CleanText = clean(reason, 300)
        self.retry_after = retry_after
        self.partial = partial
        super().__init__(f"{kind}: {self.reason}")


def log_once(error: BaseException, doing: str) -> None:
    """Log an error that nobody foresaw, once for each kind: what fails for hours must not fill the log.

    `doing` says what failed, in few words that are our own.
    """
    if (doing, type(error)) not in _logged:
        _logged.add((doing, type(error)))
        _log.error("%s failed", doing, exc_info=error)


def as_fault(error: BaseException, doing: str) -> SourceFault:
    """Return `error` as a fault; one that no adapter foresaw is a mistake in the program: shown, and logged once."""
    if isinstance(error, SourceFault):
        return error
    log_once(error, doing)
    return SourceFault(FaultKind.BAD_ANSWER, f"internal error, see the log: {type(error).__name__}: {error}")


def lost(noun: str, why: str) -> SourceFault:
    """Return the fault of a write (`noun`) that was sent, and whose answer does not say what became of it."""
    return SourceFault(FaultKind.LOST, f"the {noun} was sent; {why}")


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Say of a question before a write which timed out that nothing was sent: the write's outcome is not in doubt."""
    try:
        yield
    except SourceFault as fault:
        if fault.kind is not FaultKind.TIMEOUT:
            raise
        raise SourceFault(FaultKind.REFUSED, f"{fault.reason}; nothing was sent") from fault
