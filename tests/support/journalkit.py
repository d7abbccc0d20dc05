"""A clock that stands still until told, makers of entries, and a child that writes until it is killed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from iccon.desk import Desk, Receipt
from iccon.incident import commands as c
from iccon.incident.decide import Refusal
from iccon.incident.entries import Body, Draft, Entry, EvidenceTaken, Note
from iccon.incident.evidence import Blob, Measurement, Series, samples_blob
from iccon.incident.ids import uuid7
from iccon.incident.severity import Severity
from iccon.journal.store import Journal

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


class StillClock:
    """Stands at `START` until `tick`."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    def tick(self, **units: float) -> datetime:
        self.at += timedelta(**units)
        return self.at


def note(text: str = "seen", incident: str = "i", source: str | None = None, at: datetime = START) -> Draft:
    return Draft(incident, Note(text=text), at, "ann", source)


def run_step(**changes: object) -> c.RunStep:
    """A command of a runbook's step, as a person asks for it."""
    asked = c.RunStep(
        path="disk.md",
        digest="d",
        step="s1",
        text="Look",
        role="command",
        language="bash",
        code="df -h\n",
        variables={},
        host="vm",
        directory="/runs",
        environment="staging",
        target="shop",
        timeout=300,
    )
    return replace(asked, **changes)


def measurement(**changes: object) -> Measurement:
    made = Measurement(
        service="checkout",
        signal="errors",
        unit="ratio",
        query='rate(errors{service="checkout"}[1m])',
        server="main",
        address="http://prometheus:9090",
        start=START - timedelta(minutes=5),
        end=START,
        step=timedelta(seconds=15),
        fetched_at=START,
        bad=0.05,
    )
    return replace(made, **changes)


def evidence(number: int = 0, incident: str = "i") -> tuple[Draft, Blob]:
    """An evidence entry and the blob that it names; another number, other samples."""
    blob = samples_blob((Series("checkout", (START.timestamp() + number,), (number / 7,)),))
    body = EvidenceTaken(title="checkout errors", measured=measurement(), sha256=blob.sha256, points=1)
    return Draft(incident, body, START, "ann"), blob


def entry(number: int, body: Body, incident: str = "i", at: datetime | None = None, actor: str = "ann") -> Entry:
    """Entry `number`: its id sorts by the number; it happened that many minutes after the start, or at `at`."""
    ident = uuid7(int(START.timestamp() * 1000) + number, bytes(10))
    happened = at or START + timedelta(minutes=number)
    return Entry(ident, incident, "w", number + 1, happened, happened, actor, None, body)


def opened(path: Path, clock: StillClock | None = None, actor: str = "ann") -> Desk:
    clock = clock or StillClock()
    return Desk(Journal.open(path, clock), clock, actor)


def did(answer: Receipt | Refusal) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


def refused(answer: Receipt | Refusal) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.code


def declare(desk: Desk, title: str = "Checkout fails") -> str:
    return did(desk.do(c.Declare(title=title, severity=Severity.SEV2))).incident


def texts(journal: Journal) -> list[str]:
    return [e.body.text for e in journal.entries() if isinstance(e.body, Note)]
