"""Data for the widget tests and the gallery, and an application that shows widgets."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from textual.app import ComposeResult
from textual.widget import Widget

from iccon.config.theme import themes
from iccon.console.safe import SafeApp
from iccon.console.theming import textual_theme
from iccon.faults import FaultKind
from iccon.feed.model import Slot, Trouble
from iccon.incident import entries as e
from iccon.incident.fold import Ledger
from iccon.incident.ids import uuid7
from iccon.incident.roles import Role
from iccon.incident.severity import Phase, Severity
from iccon.incident.state import Holding, Impact, State, Theory
from iccon.incident.timeline import Timeline
from iccon.pages.model import Page, PageStatus
from iccon.runbooks.markdown import headings
from iccon.runbooks.model import Document, Runbook
from iccon.signals.model import GOLDEN, Board, Cell, Samples, SignalSpec, Unit, Verdict, Window, Windows
from iccon.text import CleanText, clean, clean_block

START = datetime(2026, 11, 24, 14, 3, 5, tzinfo=UTC)
HOSTILE = (
    "disk [/dev/sda1] is 95%",
    "queue depth[/] high",
    "[@click=app.quit]x[/]",
    "\x1b]0;owned\x07title",
    "\x1b]52;c;b3duZWQ=\x07clip",
    "\x1b[2J\x1b[H\x9b31mcleared",
    "null\x00bell\x07back\x08",
    "rtl \u202eevil\u202c zero\u200bwidth",
    "wide 漢字かな 🚨👩‍👩‍👧 é" + "\u0301" * 40,
    "line\nbreak\r\ttab",
    "a" * 5000,
    "",
    " ",
)


class Gallery(SafeApp[None]):
    """Shows widgets, each with its height, in one of the bundled themes. Nothing has the focus until it is given."""

    AUTO_FOCUS = None

    def __init__(self, widgets: Sequence[Widget], theme: str = "") -> None:
        super().__init__()
        self.widgets = widgets
        if theme:
            self.register_theme(textual_theme(themes()[0][theme]))
            self.theme = theme

    def compose(self) -> ComposeResult:
        yield from self.widgets


def wave(count: int, low: float, high: float, gap: bool = False) -> tuple[float, ...]:
    values = [low + (high - low) * (0.5 + 0.5 * math.sin(i / 5)) for i in range(count)]
    if gap:
        values[count // 3 : count // 2] = [math.nan] * (count // 2 - count // 3)
    return tuple(values)


def windows(now: float, count: int, recent: dict[tuple[str, str], Sequence[float]]) -> Windows:
    """Return windows whose sparks are the `count` values of each cell; their signals have no thresholds."""
    width = 30.0
    times = tuple((now // width - count + 1 + i) * width for i in range(count))
    series: dict[str, dict[CleanText, Samples]] = {signal: {} for _, signal in recent}
    for (service, signal), values in recent.items():
        series[signal][clean(service)] = Samples(times, values)
    specs = [SignalSpec(signal, "q", "main", Unit.NUMBER) for signal in GOLDEN]
    return Windows(tuple(Window(s, series.get(s.name, {}), now) for s in specs), width * count, width / 2)


def board(now: float = START.timestamp()) -> Board:
    units = {
        "latency": Unit.SECONDS,
        "traffic": Unit.PER_SECOND,
        "errors": Unit.RATIO,
        "saturation": Unit.RATIO,
    }
    cells: dict[tuple[str, str], Cell] = {}

    def put(service: str, signal: str, verdict: Verdict, value: float | None = None, age: float = 5, fault: str = ""):
        cells[service, signal] = Cell(
            clean(service),
            signal,
            units[signal],
            verdict,
            value,
            None if value is None else now - age,
            0.5,
            1.0,
            clean(fault),
        )

    ok, warn, bad = Verdict.OK, Verdict.WARN, Verdict.BAD
    for service, row in {
        "checkout": ((bad, 2.41), (ok, 1234.5), (bad, 0.081), (warn, 0.83)),
        "payments-gateway": ((warn, 0.73), (ok, 312), (ok, 0.0012), (ok, 0.41)),
        "search": ((ok, 0.045), (ok, 8123456), (ok, 0), (ok, 0.12)),
    }.items():
        for signal, (verdict, value) in zip(units, row, strict=True):
            put(service, signal, verdict, value)
    put("catalogue", "latency", Verdict.STALE, 0.31, 250)
    put("catalogue", "traffic", Verdict.NO_DATA)
    put("catalogue", "errors", Verdict.NOT_A_NUMBER, math.nan)
    put("catalogue", "saturation", Verdict.ERROR, None, 0, "bad answer: parse error at char 12")
    for signal in units:
        put("session-store", signal, Verdict.ERROR, None, 0, "refused: 127.0.0.1:9090 does not listen")
    put("mail", "latency", ok, 0.2, 80, "timeout")
    put("mail", "traffic", bad, math.inf)
    services = ("checkout", "payments-gateway", "search", "catalogue", "session-store", "mail")
    finite = {key: cell.value for key, cell in cells.items() if cell.value is not None and math.isfinite(cell.value)}
    recent = {key: wave(60, value * 0.2, value) for key, value in finite.items()}
    return Board(tuple(clean(s) for s in services), tuple(units), cells, windows=windows(now, 60, recent))


def page(number: int, title: str = "", status: PageStatus = PageStatus.TRIGGERED, **more: object) -> Page:
    facts: dict[str, object] = {
        "source": "pagerduty",
        "id": f"P{number}",
        "title": clean(title or f"Checkout latency above 2 s for 5 minutes ({number})"),
        "service": clean("checkout"),
        "status": status,
        "urgency": clean("high"),
        "created_at": START - timedelta(minutes=number * 7 + 1),
        "number": clean(str(number)),
    }
    return Page(**{**facts, **more})


def pages() -> list[Page]:
    return [
        page(1),
        page(2, "Error ratio of payments-gateway is 8.1 %", PageStatus.ACKNOWLEDGED, acknowledged_by=clean("bob")),
        page(3, "disk [/dev/sda1] is 95%", assignees=(clean("alice"), clean("carol"))),
        page(4, "Certificate expires", PageStatus.SILENCED),
        page(5, "Queue depth", PageStatus.RESOLVED),
        page(200, "Old and forgotten " * 8),
    ]


def entry(number: int, body: e.Body, *, late: float = 0, actor: str = "alice", at: datetime | None = None) -> e.Entry:
    happened = at or START + timedelta(seconds=number * 20)
    ident = uuid7(int(START.timestamp() * 1000) + number, number.to_bytes(10, "big"))
    recorded = happened + timedelta(seconds=late)
    return e.Entry(ident, "i", "w", number, happened, recorded, actor, None, body)


def machine(number: int) -> e.Entry:
    body = e.VerdictChanged(service="checkout", signal="latency", was="ok", now="bad", value="2.41 s")
    return entry(number, body, actor="iccon")


def history() -> list[e.Entry]:
    ref = e.PageRef("pagerduty", "P1", "Checkout latency above 2 s", "checkout")
    made = [
        entry(0, e.Declared(title="Checkout is slow and failing", severity=Severity.SEV2)),
        entry(1, e.RoleTaken(role=Role.COMMANDER, person="alice")),
        *[machine(n) for n in range(2, 14)],
        entry(14, e.Note(text="Customers report errors 502 at payment; support has 14 tickets"), actor="bob"),
        entry(15, e.ImpactStarted(scope="EU customers cannot pay"), late=600),
        entry(16, e.PageActed(page=ref, verb="acknowledge", effect="x", arguments={})),
        machine(17),
        entry(18, e.Note(text="rolled back the wrong service"), actor="bob"),
        entry(19, e.SeveritySet(level=Severity.SEV1, reason="all of EU")),
        entry(20, e.TheorySet(text="connection pool of payments exhausted after deploy 4711", confirmed=True)),
        entry(21, e.Note(text="A long note " + "about the connection pool and what was seen in its metrics " * 6)),
        entry(22, e.PhaseSet(phase=Phase.IDENTIFIED)),
        entry(23, e.RunbookOpened(path="checkout.md", title="Checkout latency", digest="0" * 64)),
    ]
    made.append(entry(24, e.Struck(target=made[16].id, reason="it was the right one after all")))
    made.append(entry(25, e.Amended(target=made[14].id, text="support has 14 tickets, all from the EU")))
    made += [machine(n) for n in range(26, 28)]
    return made


def timeline(made: Sequence[e.Entry] | None = None) -> Timeline:
    ledger = Ledger("i")
    ledger.extend(history() if made is None else made)
    return Timeline(ledger)


def state(**changes: object) -> State:
    facts: dict[str, object] = {
        "title": "Checkout is slow and failing for EU customers",
        "severity": Severity.SEV1,
        "phase": Phase.IDENTIFIED,
        "declared_at": START - timedelta(minutes=42, seconds=7),
        "roles": {Role.COMMANDER: Holding("Alice Example", START)},
        "impacts": (Impact("a", "EU customers cannot pay", START - timedelta(minutes=50)),),
        "theory": Theory("connection pool exhausted after deploy 4711", False, START),
    }
    return State("i", **{**facts, **changes})


def troubles() -> list[Slot]:
    return [
        Slot(
            "prometheus",
            trouble=Trouble(FaultKind.REFUSED, clean("nobody listens"), START - timedelta(minutes=4), START),
        ),
        Slot("pagerduty", trouble=Trouble(FaultKind.TIMEOUT, clean("no answer"), START - timedelta(seconds=50), START)),
    ]


def document(text: str) -> Document:
    text = clean_block(text)
    return Document(Runbook("f", "checkout.md", clean("Checkout")), text, headings(text), "0" * 64)


RUNBOOK = """# Checkout latency

Who: **payments** team. See [the dashboard](https://example.invalid/d/1).

## Check

1. Is the pool exhausted?
2. Did a deploy happen? `kubectl rollout history deploy/checkout`

| signal | healthy |
| --- | --- |
| latency | < 0.5 s |
| errors | < 1 % |

## Mitigate

- [ ] roll back
- [x] tell support

```
kubectl rollout undo deploy/checkout
```

> Never restart the database.
"""
