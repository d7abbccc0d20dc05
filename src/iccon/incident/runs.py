"""Commands of runbooks that were run: what an incident knows of each. Pure; instants are aware UTC, spans seconds."""

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from msgspec import Struct

from iccon.incident.effects import EffectState

RUN_OF = "run of "  # how the target of an effect that runs a command begins
APPROVAL_HOLDS = timedelta(minutes=30)
PORT = "runbooks"
# Labels of a page that a command gets as variables, in capitals. A list, because a label may be called PATH.
LABELS = (
    *("environment", "region", "cluster", "namespace", "instance", "pod", "node", "deployment", "job", "host"),
    *("zone", "team", "container", "statefulset", "daemonset", "device", "mountpoint", "queue", "topic"),
)


class RunRole(StrEnum):
    """What a command of a step is for."""

    COMMAND = "command"
    DRY_RUN = "dry run"
    VERIFY = "verification"
    ROLLBACK = "rollback"


class Run(Struct, frozen=True):
    """One run: of which command (`sha256`, see `command_id`) of which step, by whom; entry `approval` allowed it.

    `printed` says that its output is on the record.
    """

    effect: str
    entry: str
    path: str
    step: str
    sha256: str
    role: str
    person: str
    at: datetime
    approval: str = ""
    printed: bool = False


class Approval(Struct, frozen=True):
    """A second person lets a command run against `target` with these variables, once, within half an hour."""

    entry: str
    sha256: str
    target: str
    variables: dict[str, str]
    person: str
    at: datetime


def command_id(language: str, code: str) -> str:
    """Return the SHA-256 that names a command: the same text for the same interpreter, wherever it stands."""
    return sha256(f"{language}\0{code}".encode("utf-8", "replace")).hexdigest()


def came_of(state: EffectState, detail: str, receipt: str) -> str:
    """Return in words what came of a run."""
    if state in (EffectState.QUEUED, EffectState.SENDING):
        return "under way"
    if state is EffectState.UNKNOWN:
        return f"outcome unknown: {detail}" if detail else "outcome unknown"
    return receipt or detail or str(state)


def ago(span: timedelta) -> str:
    """Return `6 minutes ago`."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    if minutes < 1:
        return "less than a minute ago"
    count, unit = (minutes, "minute") if minutes < 120 else (minutes // 60, "hour")
    return f"{count} {unit}{'s' if count != 1 else ''} ago"
