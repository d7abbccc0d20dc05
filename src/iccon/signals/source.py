"""The board's source: one range query a signal, all at once, each able to fail alone; now and then its baseline too."""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from iccon.background import side_by_side
from iccon.clock import Clock
from iccon.config import schema
from iccon.config.forms import MAIN
from iccon.config.presets import with_defaults
from iccon.faults import FaultKind, SourceFault, as_fault
from iccon.net import clock_text
from iccon.precedence import turn
from iccon.signals import up
from iccon.signals.baseline import LEAD, RETRY, is_due, skew_of
from iccon.signals.board import Asked, failed, judge, merged, to_ask
from iccon.signals.model import GOLDEN, About, Answer, Board, SignalBackend, SignalSpec, Unit, Window, Windows
from iccon.signals.skew import learned
from iccon.text import clean

READING = "reading a signal"


def specs_of(signals: schema.Signals, servers: Collection[str]) -> tuple[SignalSpec, ...]:
    """Return the configured golden signals in their fixed order, or those that stand in where none is given.

    A signal that names no server takes the one called main, else the first. Reads files.
    """
    first = MAIN if MAIN in servers else next(iter(servers), "")
    signals = with_defaults(signals, first) if servers else signals
    given = ((name, getattr(signals, name)) for name in GOLDEN)
    return tuple(
        SignalSpec(
            name,
            s.query,
            s.server or first,
            Unit(s.unit),
            signals.label,
            s.warn,
            s.bad,
            s.worse,
            s.stale_after,
            s.baseline,
            s.warn_ratio,
            s.bad_ratio,
        )
        for name, s in given
        if s is not None
    )


def targets_of(signals: schema.Signals, servers: Collection[str]) -> SignalSpec | None:
    """Return the configured question for targets that are up, None where there is none."""
    first = MAIN if MAIN in servers else next(iter(servers), "")
    given = signals.up
    return SignalSpec("up", given.query, given.server or first, Unit.RATIO, signals.label) if given else None


class _Question(Struct, frozen=True):
    """A range to ask for, and the window of `span` seconds that its answer goes into."""

    window: Window
    asked: Asked
    span: float


class BoardSource:
    """Keeps the windows of all signals and gives the board. Used by one thread at a time, as the feed does.

    `backends` by name; `window`, `step` and `hold` in seconds; `services` are on the board even without data.
    """

    def __init__(
        self,
        specs: Sequence[SignalSpec],
        backends: Mapping[str, SignalBackend],
        clock: Clock,
        window: float,
        step: float,
        services: Mapping[str, schema.Service] | None = None,
        hold: float = 60.0,
        targets: SignalSpec | None = None,
    ) -> None:
        self._backends = backends
        self._clock = clock
        given = (services or {}).items()
        about = {clean(name, 100): About(each.tier, clean(each.owner, 100)) for name, each in given}
        asked = Window(targets) if targets else None
        self._windows = Windows(tuple(Window(spec) for spec in specs), window, step, about, hold, asked)
        self._said: Board | None = None  # what the last poll gave
        self._retry: dict[str, float] = {}  # until when a baseline that failed is left alone, monotonic, by signal
        self._skews: dict[str, float] = {}  # seconds by which a server's clock is ahead of ours, by its name

    @property
    def last(self) -> Board:
        """The board by what is known, judged against the clock now."""
        with turn() as give_way:
            board = judge(self._windows, self._now(), self._said, give_way)
        skewed = tuple(clean(f"{name}: {clock_text(skew)}", 200) for name, skew in sorted(self._skews.items()) if skew)
        return replace(board, warnings=skewed + board.warnings) if skewed else board

    def poll(self) -> Board:
        """Bring every signal up to now and return the board; a signal that fails is marked, the others go on.

        Raises SourceFault when all fail; the board with its old values, marked, is in `partial`.
        """
        windows = self._windows.signals
        for _ in range(2):  # once more where the answers show that they were asked by the wrong clock
            lacking = [each for each in windows if self._lacks_baseline(each)]
            questions = [*map(self._newer, windows), *map(self._earlier, lacking), *self._up()]
            came = side_by_side([partial(self._ask, each) for each in questions], "signal")
            if not self._learn(questions[: len(windows)], came):
                break
        told = []
        for question, answer in zip(questions, came, strict=True):
            with turn() as give_way:
                give_way()
                told.append(_told(question, answer))
        self._keep(told[: len(windows)], told[len(windows) :])
        self._said = self.last
        faults = [as_fault(each, READING) for each in came[: len(windows)] if isinstance(each, Exception)]
        if faults and len(faults) == len(windows):
            waits = [fault.retry_after for fault in faults if fault.retry_after is not None]
            raise SourceFault(faults[0].kind, faults[0].reason, max(waits, default=None), self._said)
        return self._said

    def _up(self) -> list[_Question]:
        """Ask which targets are up, where that is configured."""
        targets, step = self._windows.targets, self._windows.step
        if targets is None:
            return []
        return [_Question(targets, to_ask(targets, self._now(), up.SPAN, step, self._skew(targets)), up.SPAN)]

    def _newer(self, window: Window) -> _Question:
        """Ask for what `window` lacks up to now."""
        span = self._windows.span
        return _Question(window, to_ask(window, self._now(), span, self._windows.step, self._skew(window)), span)

    def _earlier(self, window: Window) -> _Question:
        """Ask for what the baseline of `window` lacks."""
        base, span = window.base or Window(window.spec), self._windows.span + LEAD
        skew = skew_of(window.spec, self._skew(window))
        return _Question(base, to_ask(base, self._now() + LEAD, span, self._windows.step, skew), span)

    def _lacks_baseline(self, window: Window) -> bool:
        waits = self._clock.monotonic() < self._retry.get(window.spec.name, -math.inf)
        return not waits and is_due(window, self._now(), self._skew(window))

    def _keep(self, windows: Sequence[Window], others: Sequence[Window]) -> None:
        bases = [each for each in others if each.spec.baseline]
        for each in bases:
            if each.fault:
                self._retry[each.spec.name] = self._clock.monotonic() + RETRY
        found = {each.spec.name: each for each in bases}
        signals = (replace(each, base=found.get(each.spec.name, each.base)) for each in windows)
        targets = next((each for each in others if not each.spec.baseline), None)
        self._windows = replace(self._windows, signals=tuple(signals), targets=targets)

    def _skew(self, window: Window) -> float:
        return self._skews.get(window.spec.server, 0.0)

    def _learn(self, questions: Sequence[_Question], came: Sequence[Answer | Exception]) -> bool:
        """Take in what the answers say of their servers' clocks; say whether that is news."""
        before = dict(self._skews)
        for server in {each.window.spec.server for each in questions}:
            pairs = [(q, a) for q, a in zip(questions, came, strict=False) if q.window.spec.server == server]
            answers = [answer for _, answer in pairs if isinstance(answer, Answer)]
            lookback = max(question.window.spec.stale_after for question, _ in pairs)
            self._skews[server] = learned(before.get(server, 0.0), answers, pairs[0][0].asked.end, lookback)
        return any(skew != before.get(name, 0.0) for name, skew in self._skews.items())

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _ask(self, question: _Question) -> Answer:
        spec, asked = question.window.spec, question.asked
        backend = self._backends.get(spec.server)
        if backend is None:
            raise SourceFault(FaultKind.REJECTED, f"no metrics server named {spec.server!r} is configured")
        return backend.range(spec, asked.start + asked.skew, asked.end + asked.skew, asked.step)


def _told(question: _Question, came: Answer | Exception) -> Window:
    if isinstance(came, Exception):
        fault = as_fault(came, READING)
        return failed(question.window, clean(f"{fault.kind}: {fault.reason}", 300))
    return merged(question.window, question.asked, came, question.span)
