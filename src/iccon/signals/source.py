"""The board's source: one range query a signal, all at once, each able to fail alone."""

import logging
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from iccon.background import side_by_side
from iccon.clock import Clock
from iccon.config import schema
from iccon.config.forms import MAIN
from iccon.config.presets import with_defaults
from iccon.faults import FaultKind, SourceFault
from iccon.signals.board import Asked, failed, judge, merged, to_ask
from iccon.signals.model import GOLDEN, Answer, Board, SignalBackend, SignalSpec, Unit, Window, Windows
from iccon.signals.skew import learned, said
from iccon.text import clean

_log = logging.getLogger("iccon")


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
        )
        for name, s in given
        if s is not None
    )


class BoardSource:
    """Keeps the windows of all signals and gives the board. Used by one thread at a time, as the feed does.

    `backends` by name; `window` and `step` in seconds; `services` are on the board even without data.
    """

    def __init__(
        self,
        specs: Sequence[SignalSpec],
        backends: Mapping[str, SignalBackend],
        clock: Clock,
        window: float,
        step: float,
        services: Sequence[str] = (),
    ) -> None:
        self._backends = backends
        self._clock = clock
        shown = tuple(clean(name, 100) for name in services)
        self._windows = Windows(tuple(Window(spec) for spec in specs), window, step, shown)
        self._skews: dict[str, float] = {}  # seconds by which a server's clock is ahead of ours, by its name

    @property
    def last(self) -> Board:
        """The board by what is known, judged against the clock now."""
        board = judge(self._windows, self._now())
        skewed = tuple(clean(f"{name}: {said(skew)}", 200) for name, skew in sorted(self._skews.items()) if skew)
        return replace(board, warnings=skewed + board.warnings) if skewed else board

    def poll(self) -> Board:
        """Bring every signal up to now and return the board; a signal that fails is marked, the others go on.

        Raises SourceFault when all fail; the board with its old values, marked, is in `partial`.
        """
        windows = self._windows
        asked, came = self._answers(windows.signals)
        moved = self._learn(windows.signals, asked, came)
        if moved:  # what came was asked by the wrong clock
            again = [index for index, window in enumerate(windows.signals) if window.spec.server in moved]
            better = zip(again, *self._answers([windows.signals[index] for index in again]), strict=True)
            for index, question, answer in better:
                asked[index], came[index] = question, answer
        told = [self._told(*each) for each in zip(windows.signals, asked, came, strict=True)]
        self._windows = Windows(tuple(told), windows.span, windows.step, windows.services)
        faults = [fault_of(each) for each in came if isinstance(each, Exception)]
        if faults and len(faults) == len(came):
            waits = [fault.retry_after for fault in faults if fault.retry_after is not None]
            raise SourceFault(faults[0].kind, faults[0].reason, max(waits, default=None), self.last)
        return self.last

    def _answers(self, windows: Sequence[Window]) -> tuple[list[Asked], list[Answer | Exception]]:
        """Ask for what each window lacks, all at once."""
        now, span, step = self._now(), self._windows.span, self._windows.step
        asked = [to_ask(each, now, span, step, self._skews.get(each.spec.server, 0.0)) for each in windows]
        work = [partial(self._ask, each.spec, question) for each, question in zip(windows, asked, strict=True)]
        return asked, side_by_side(work, "signal")

    def _learn(
        self, windows: Sequence[Window], asked: Sequence[Asked], came: Sequence[Answer | Exception]
    ) -> frozenset[str]:
        """Take in what the answers say of their servers' clocks; return the servers for which that is news."""
        before = dict(self._skews)
        for server in {each.spec.server for each in windows}:
            of = [i for i, window in enumerate(windows) if window.spec.server == server]
            answers = [answer for i in of if isinstance(answer := came[i], Answer)]
            lookback = max(windows[i].spec.stale_after for i in of)
            self._skews[server] = learned(before.get(server, 0.0), answers, asked[of[0]].end, lookback)
        return frozenset(name for name, skew in self._skews.items() if skew != before.get(name, 0.0))

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _ask(self, spec: SignalSpec, asked: Asked) -> Answer:
        backend = self._backends.get(spec.server)
        if backend is None:
            raise SourceFault(FaultKind.REJECTED, f"no metrics server named {spec.server!r} is configured")
        return backend.range(spec, asked.start + asked.skew, asked.end + asked.skew, asked.step)

    def _told(self, window: Window, asked: Asked, came: Answer | Exception) -> Window:
        if isinstance(came, Exception):
            fault = fault_of(came)
            return failed(window, clean(f"{fault.kind}: {fault.reason}", 300))
        return merged(window, asked, came, self._windows.span)


def fault_of(error: Exception) -> SourceFault:
    """Return `error` as a fault; one that no backend foresaw is a mistake in the program: logged, and shown."""
    if isinstance(error, SourceFault):
        return error
    _log.error("a signal could not be read", exc_info=error)
    return SourceFault(FaultKind.BAD_ANSWER, f"internal error, see the log: {type(error).__name__}")
