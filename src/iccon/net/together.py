"""Several blocking calls at once, so that one that hangs does not hold up the others."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from iccon.faults import FaultKind, SourceFault, as_fault

T = TypeVar("T")


def together(calls: Mapping[str, Callable[[], T]], seconds: float) -> dict[str, T | SourceFault]:
    """Run each call on a daemon thread of its own and return, by name, what it gave or the fault it raised.

    A call that takes longer than `seconds` is a TIMEOUT; its thread is abandoned, not joined. An error that nobody
    foresaw is its call's fault alone.
    """
    answers: queue.SimpleQueue[tuple[str, T | BaseException]] = queue.SimpleQueue()
    for name, call in calls.items():
        threading.Thread(target=_run, args=(name, call, answers), name=f"ask {name}", daemon=True).start()
    until = time.monotonic() + seconds
    found: dict[str, T | SourceFault] = {}
    while len(found) < len(calls):
        try:
            name, answer = answers.get(timeout=max(until - time.monotonic(), 0.0))
        except queue.Empty:
            break
        found[name] = as_fault(answer, f"asking {name}") if isinstance(answer, BaseException) else answer
    late = SourceFault(FaultKind.TIMEOUT, f"no complete answer within {seconds:g} s")
    return {name: found.get(name, late) for name in calls}


def _run(name: str, call: Callable[[], T], answers: "queue.SimpleQueue[tuple[str, T | BaseException]]") -> None:
    try:
        answers.put((name, call()))
    except BaseException as error:
        answers.put((name, error))
