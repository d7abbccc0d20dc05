"""The one way out: every write to the outside is claimed in the outbox, performed once, and its end written down.

queued -> sending -> sent | failed | unknown. Nothing is ever sent a second time by itself. Where the answer was
lost, the other side is read back; what it cannot tell stays unknown, and a person must look.
"""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect, EffectState, OutboxRow
from iccon.incident.entries import Entry
from iccon.text import clean

T = TypeVar("T")

# After these the write may have taken effect. TIMEOUT should reach here as LOST; it is not trusted either way.
_UNCERTAIN = (FaultKind.LOST, FaultKind.TIMEOUT)
NOT_POSTED = "not posted; safe to send again"
NEVER_SENT = "the program ended before it was sent; safe to send again"
INTERRUPTED = "the program ended while it was under way"
ABANDONED = timedelta(minutes=10)  # a queued effect, or one of another machine's process, that nobody works on
ON_THE_WAY = timedelta(minutes=1)  # how long after its answer was lost a request may still take effect
MOST = 250  # effects in one request: PagerDuty takes no more
DEADLINE = 45.0  # seconds for one perform or one read-back; adapters have shorter ones of their own


class EffectPort(Protocol):
    """A room that writes to the outside. Blocking; on a thread of its own in the console."""

    def perform(self, effect: Effect) -> str:
        """Do it once, without retry; return the receipt. Raises SourceFault; LOST where the outcome is unknown."""
        ...

    def read_back(self, effect: Effect) -> str | None:
        """Return the receipt where it took effect, None where it did not. Raises SourceFault where nobody can tell."""
        ...


@runtime_checkable
class ManyPort(EffectPort, Protocol):
    """A room that can write several things in one request."""

    def alike(self, effect: Effect) -> str:
        """Return what effects that can go together have in common; "" where this one goes by itself."""
        ...

    def perform_many(self, effects: Sequence[Effect]) -> Sequence[str | SourceFault]:
        """Do effects that are alike once; return the receipt, or the fault, of each. Raises SourceFault: of all."""
        ...

    def read_back_many(self, effects: Sequence[Effect]) -> Sequence[str | None]:
        """Return for each the receipt where it took effect. Raises SourceFault where nobody can tell."""
        ...


class Books(Protocol):
    """What this module needs of the desk."""

    def outbox(self, *states: EffectState) -> tuple[OutboxRow, ...]:
        """Return the effects in one of `states` (all when none is named), oldest first."""
        ...

    def effect(self, effect_id: str) -> OutboxRow | None:
        """Return one effect with its fate so far."""
        ...

    def claim(self, effect_id: str, owner: str) -> bool:
        """Take a queued effect for sending."""
        ...

    def settle(self, effect_id: str, state: EffectState, detail: str = "", receipt: str = "") -> tuple[Entry, ...]:
        """Write down how it ended."""
        ...

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        ...


class Fate(Struct, frozen=True):
    """How an attempt, or a look, ended."""

    state: EffectState
    detail: str = ""
    receipt: str = ""


Ports = Mapping[str, EffectPort]
Fates = list[tuple[Effect, Fate]]


def attempt(ports: Ports, effect: Effect) -> Fate:
    """Perform `effect` once. Never raises: a fault of an adapter that it did not foresee leaves the outcome unknown."""
    port = ports.get(effect.port)
    if port is None:
        return Fate(EffectState.FAILED, f"nothing is configured for {effect.port}; not posted")
    try:
        return Fate(EffectState.SENT, receipt=clean(port.perform(effect)))
    except Exception as error:
        return _ended_by(error)


def _ended_by(error: Exception) -> Fate:
    if not isinstance(error, SourceFault):
        return Fate(EffectState.UNKNOWN, clean(f"{type(error).__name__}: {error}"))
    detail = error.reason if error.kind is FaultKind.ENDED else str(error)
    return Fate(EffectState.UNKNOWN if error.kind in _UNCERTAIN else EffectState.FAILED, detail)


def attempt_all(ports: Ports, effects: Sequence[Effect]) -> tuple[Fate, ...]:
    """Do as `attempt` for each of what `batches` put together, in one request where the port takes that."""
    port = ports.get(effects[0].port)
    if len(effects) == 1 or not isinstance(port, ManyPort):
        return tuple(attempt(ports, effect) for effect in effects)
    try:
        told = port.perform_many(effects)
    except Exception as error:
        return (_ended_by(error),) * len(effects)
    return tuple(
        _ended_by(one) if isinstance(one, SourceFault) else Fate(EffectState.SENT, receipt=clean(one)) for one in told
    )


def look(ports: Ports, effect: Effect, before: str = "") -> Fate:
    """Read back whether `effect` took effect. Never raises; unknown where nobody can tell, for `before` and why."""
    before = before.partition("; reading back")[0]
    port = ports.get(effect.port)
    if port is None:
        return Fate(EffectState.UNKNOWN, f"{before}; nothing is configured for {effect.port}")
    try:
        receipt = port.read_back(effect)
    except SourceFault as fault:
        return Fate(EffectState.UNKNOWN, f"{before}; reading back: {fault}")
    except Exception as error:
        return Fate(EffectState.UNKNOWN, clean(f"{before}; reading back: {type(error).__name__}: {error}"))
    return _read(receipt)


def _read(receipt: str | None) -> Fate:
    if receipt is None:
        return Fate(EffectState.FAILED, NOT_POSTED)
    return Fate(EffectState.SENT, "confirmed by reading back", clean(receipt))


def look_all(ports: Ports, effects: Sequence[Effect], before: Sequence[str]) -> tuple[Fate, ...]:
    """Do as `look` for each of what went together; one by one where that cannot be read back together."""
    port = ports.get(effects[0].port)
    if len(effects) > 1 and isinstance(port, ManyPort):
        with contextlib.suppress(Exception):
            return tuple(map(_read, port.read_back_many(effects)))
    return tuple(look(ports, effect, why) for effect, why in zip(effects, before, strict=True))


def batches(ports: Ports, effects: Sequence[Effect]) -> tuple[tuple[Effect, ...], ...]:
    """Return what goes in one request together, at most MOST each, in the order given. May load a port's client."""
    found: dict[tuple[str, str], list[Effect]] = {}
    for effect in effects:
        port = ports.get(effect.port)
        alike = port.alike(effect) if len(effects) > 1 and isinstance(port, ManyPort) else ""
        found.setdefault((effect.port, alike or effect.id), []).append(effect)
    return tuple(tuple(group[i : i + MOST]) for group in found.values() for i in range(0, len(group), MOST))


def owner_token() -> str:
    """Return what names this process in the outbox: host, process id, and when it started."""
    pid = os.getpid()
    return f"{os.uname().nodename}/{pid}/{_started(pid)}"


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""  # a system without /proc: the process id alone must do


def is_dead(owner: str, since: datetime, now: datetime) -> bool:
    """Say whether the process that `owner` names is gone. Of another machine's, after ten minutes."""
    host, _, rest = owner.partition("/")
    pid, _, started = rest.partition("/")
    if host != os.uname().nodename or not pid.isdecimal():
        return now - since > ABANDONED
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return started != "" and _started(int(pid)) != started


def run(books: Books, ports: Ports, effect_id: str, owner: str) -> Fate | None:
    """Claim, perform, settle; read back where the answer was lost. Return the fate; None when it was not to be had.

    Synchronous, for the command line. Raises JournalFault.
    """
    return run_all(books, ports, (effect_id,), owner).get(effect_id)


def run_all(books: Books, ports: Ports, effect_ids: Sequence[str], owner: str) -> dict[str, Fate]:
    """Do as `run` for each, together what can go together; return the fates by id. Raises JournalFault."""
    rows = (books.effect(ident) for ident in effect_ids)
    fates: dict[str, Fate] = {}
    for batch in batches(ports, [row.effect for row in rows if row is not None]):
        taken = [effect for effect in batch if books.claim(effect.id, owner)]
        if not taken:
            continue
        told = _all_settled(books, taken, attempt_all(ports, taken))
        doubtful, why = _unknown(told)
        if doubtful:
            told += _all_settled(books, doubtful, look_all(ports, doubtful, why))
        fates |= {effect.id: fate for effect, fate in told}
    return fates


def _all_settled(books: Books, effects: Sequence[Effect], fates: Sequence[Fate]) -> Fates:
    return [(effect, _settled(books, effect, fate)) for effect, fate in zip(effects, fates, strict=True)]


def _unknown(told: Fates) -> tuple[list[Effect], list[str]]:
    """Return the effects whose outcome is not known, and why."""
    found = [(effect, fate.detail) for effect, fate in told if fate.state is EffectState.UNKNOWN]
    return [effect for effect, _ in found], [why for _, why in found]


def recover(books: Books, ports: Ports) -> tuple[tuple[Effect, Fate], ...]:
    """Bring to an end what a process that is gone left behind, without sending anything. Raises JournalFault.

    Claimed by the dead: unknown, then read back. Queued for over ten minutes: failed, it was never sent.
    Unknown for less than a minute in a living process: left to it, its request may still be on the way.
    """
    found = unclear(books)
    return tuple((row.effect, _settled(books, row.effect, look(ports, row.effect, row.detail))) for row in found)


def unclear(books: Books) -> tuple[OutboxRow, ...]:
    """Settle what nobody works on any more; return the rows that are to be read back."""
    now = books.now()
    for row in books.outbox(EffectState.QUEUED):
        if now - row.queued_at > ABANDONED and books.claim(row.effect.id, owner_token()):
            books.settle(row.effect.id, EffectState.FAILED, NEVER_SENT)
    for row in books.outbox(EffectState.SENDING):
        if is_dead(row.owner, row.changed_at, now):
            books.settle(row.effect.id, EffectState.UNKNOWN, INTERRUPTED)
    unknown = books.outbox(EffectState.UNKNOWN)
    return tuple(r for r in unknown if now - r.changed_at > ON_THE_WAY or is_dead(r.owner, r.changed_at, now))


def _claimed(books: Books, effect_id: str, owner: str) -> OutboxRow | None:
    return books.effect(effect_id) if books.claim(effect_id, owner) else None


def _settled(books: Books, effect: Effect, fate: Fate) -> Fate:
    books.settle(effect.id, fate.state, fate.detail, fate.receipt)
    return fate


class Call(Protocol):
    """How the console reaches the desk: `DeskThread.call`."""

    async def __call__(self, work: Callable[[Books], T]) -> T:
        """Run `work` on the desk's thread."""
        ...


async def run_async(call: Call, ports: Ports, effect_id: str, owner: str, deadline: float = DEADLINE) -> Fate | None:
    """Do as `run`, each blocking step on a thread of its own, `deadline` seconds each. Raises JournalFault."""
    row = await call(lambda books: books.effect(effect_id))
    told = await _run_batch(call, ports, (row.effect,), owner, deadline) if row is not None else []
    return told[-1][1] if told else None


async def _run_batch(call: Call, ports: Ports, batch: Sequence[Effect], owner: str, deadline: float) -> Fates:
    """Claim, perform, settle and read back what goes together; return the fates in the order they came about.

    The payload's `patience` is how many seconds more than `deadline` an effect may take.
    """
    taken = [effect for effect in batch if await _claim(call, effect, owner)]
    if not taken:
        return []
    patience = deadline + max(effect.payload.get("patience", 0) for effect in taken)
    try:
        fates = await _bounded(lambda: attempt_all(ports, taken), f"send to {taken[0].target}", patience)
    except TimeoutError:  # its thread may still be at it: too early to read back
        late = Fate(EffectState.UNKNOWN, f"no answer within {patience:g} s")
        return await _settle(call, taken, [late] * len(taken))
    told = await _settle(call, taken, fates)
    doubtful, why = _unknown(told)
    return told + await _look_async(call, ports, doubtful, why, deadline) if doubtful else told


async def _claim(call: Call, effect: Effect, owner: str) -> bool:
    return await call(lambda books: books.claim(effect.id, owner))


async def _settle(call: Call, effects: Sequence[Effect], fates: Sequence[Fate]) -> Fates:
    """Write down how each ended, one after the other: what a person writes meanwhile need not wait for all."""
    return [(e, await _settle_one(call, e, fate)) for e, fate in zip(effects, fates, strict=True)]


async def _settle_one(call: Call, effect: Effect, fate: Fate) -> Fate:
    return await call(lambda books: _settled(books, effect, fate))


async def recover_async(call: Call, ports: Ports, deadline: float = DEADLINE) -> tuple[tuple[Effect, Fate], ...]:
    """Do as `recover`, each read-back on a thread of its own. Raises JournalFault."""
    rows = await call(unclear)
    ended = [await _look_async(call, ports, [r.effect], [r.detail], deadline) for r in rows]
    return tuple(each for told in ended for each in told)


class EffectRunner:
    """Carries out effects for the console: the way to the desk, and the ports, in one hand."""

    def __init__(self, call: Call, ports: Ports, deadline: float = DEADLINE) -> None:
        self._call, self._ports, self._deadline = call, ports, deadline
        self._owner = owner_token()

    async def run(self, effect_id: str) -> Fate | None:
        """Do as `run_async`."""
        return await run_async(self._call, self._ports, effect_id, self._owner, self._deadline)

    async def batches(self, effect_ids: Sequence[str]) -> tuple[tuple[Effect, ...], ...]:
        """Return what goes in one request together. Raises JournalFault."""
        from iccon.background import in_thread  # as below

        rows = await self._call(lambda books: [books.effect(ident) for ident in effect_ids])
        effects = [row.effect for row in rows if row is not None]
        return await in_thread(lambda: batches(self._ports, effects), "batches", self._deadline)

    async def run_batch(self, batch: Sequence[Effect]) -> tuple[Fate, ...]:
        """Do as `run` for what goes together; return the fate of each that was to be had. Raises JournalFault."""
        told = await _run_batch(self._call, self._ports, batch, self._owner, self._deadline)
        return tuple({effect.id: fate for effect, fate in told}.values())

    async def recover(self) -> tuple[tuple[Effect, Fate], ...]:
        """Do as `recover_async`."""
        return await recover_async(self._call, self._ports, self._deadline)


async def _look_async(
    call: Call, ports: Ports, effects: Sequence[Effect], before: Sequence[str], deadline: float
) -> Fates:
    try:
        fates = await _bounded(lambda: look_all(ports, effects, before), f"read back {effects[0].target}", deadline)
    except TimeoutError:
        late = "reading back: no answer within"
        fates = tuple(Fate(EffectState.UNKNOWN, f"{why}; {late} {deadline:g} s") for why in before)
    return await _settle(call, effects, fates)


async def _bounded(work: Callable[[], T], name: str, deadline: float) -> T:
    from iccon.background import in_thread  # asyncio: 30 ms that the command line does not need

    return await in_thread(work, name, deadline)
