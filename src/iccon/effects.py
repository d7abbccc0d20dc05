"""The one way out: every write to the outside is claimed in the outbox, performed once, and its end written down.

queued -> sending -> sent | failed | unknown. Nothing is ever sent a second time by itself. Where the answer was
lost, the other side is read back; what it cannot tell stays unknown, and a person must look.
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

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
DEADLINE = 45.0  # seconds for one perform or one read-back; adapters have shorter ones of their own


class EffectPort(Protocol):
    """A room that writes to the outside. Blocking; on a thread of its own in the console."""

    def perform(self, effect: Effect) -> str:
        """Do it once, without retry; return the receipt. Raises SourceFault; LOST where the outcome is unknown."""
        ...

    def read_back(self, effect: Effect) -> str | None:
        """Return the receipt where it took effect, None where it did not. Raises SourceFault where nobody can tell."""
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


def attempt(ports: Ports, effect: Effect) -> Fate:
    """Perform `effect` once. Never raises: a fault of an adapter that it did not foresee leaves the outcome unknown."""
    port = ports.get(effect.port)
    if port is None:
        return Fate(EffectState.FAILED, f"nothing is configured for {effect.port}; not posted")
    try:
        return Fate(EffectState.SENT, receipt=clean(port.perform(effect)))
    except SourceFault as fault:
        state = EffectState.UNKNOWN if fault.kind in _UNCERTAIN else EffectState.FAILED
        return Fate(state, fault.reason if fault.kind is FaultKind.ENDED else str(fault))
    except Exception as error:
        return Fate(EffectState.UNKNOWN, clean(f"{type(error).__name__}: {error}"))


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
    if receipt is None:
        return Fate(EffectState.FAILED, NOT_POSTED)
    return Fate(EffectState.SENT, "confirmed by reading back", clean(receipt))


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
    row = _claimed(books, effect_id, owner)
    if row is None:
        return None
    fate = _settled(books, row.effect, attempt(ports, row.effect))
    if fate.state is EffectState.UNKNOWN:
        fate = _settled(books, row.effect, look(ports, row.effect, fate.detail))
    return fate


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
    """Do as `run`, each blocking step on a thread of its own, `deadline` seconds each. Raises JournalFault.

    The payload's `patience` is how many seconds more the effect itself may take.
    """
    row = await call(lambda books: _claimed(books, effect_id, owner))
    if row is None:
        return None
    patience = deadline + row.effect.payload.get("patience", 0)
    try:
        fate = await _bounded(lambda: attempt(ports, row.effect), f"send to {row.effect.target}", patience)
    except TimeoutError:  # its thread may still be at it: too early to read back
        fate = Fate(EffectState.UNKNOWN, f"no answer within {patience:g} s")
        return await call(lambda books: _settled(books, row.effect, fate))
    await call(lambda books: _settled(books, row.effect, fate))
    if fate.state is EffectState.UNKNOWN:
        fate = await _look_async(call, ports, row.effect, fate.detail, deadline)
    return fate


async def recover_async(call: Call, ports: Ports, deadline: float = DEADLINE) -> tuple[tuple[Effect, Fate], ...]:
    """Do as `recover`, each read-back on a thread of its own. Raises JournalFault."""
    rows = await call(unclear)
    return tuple([(r.effect, await _look_async(call, ports, r.effect, r.detail, deadline)) for r in rows])


class EffectRunner:
    """Carries out effects for the console: the way to the desk, and the ports, in one hand."""

    def __init__(self, call: Call, ports: Ports, deadline: float = DEADLINE) -> None:
        self._call, self._ports, self._deadline = call, ports, deadline
        self._owner = owner_token()

    async def run(self, effect_id: str) -> Fate | None:
        """Do as `run_async`."""
        return await run_async(self._call, self._ports, effect_id, self._owner, self._deadline)

    async def recover(self) -> tuple[tuple[Effect, Fate], ...]:
        """Do as `recover_async`."""
        return await recover_async(self._call, self._ports, self._deadline)


async def _look_async(call: Call, ports: Ports, effect: Effect, before: str, deadline: float) -> Fate:
    try:
        fate = await _bounded(lambda: look(ports, effect, before), f"read back {effect.target}", deadline)
    except TimeoutError:
        fate = Fate(EffectState.UNKNOWN, f"{before}; reading back: no answer within {deadline:g} s")
    return await call(lambda books: _settled(books, effect, fate))


async def _bounded(work: Callable[[], Fate], name: str, deadline: float) -> Fate:
    from iccon.background import in_thread  # asyncio: 30 ms that the command line does not need

    return await in_thread(work, name, deadline)
