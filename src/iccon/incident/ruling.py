"""What a decision is made from and what it is: shared by all rules. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from iccon.incident import entries as e
from iccon.incident.effects import Effect
from iccon.incident.evidence import Blob
from iccon.incident.severity import DEFAULT_POLICY, Policy
from iccon.incident.state import State

TEXT_LIMIT = 20_000  # characters of one note or update


class Context(Struct, frozen=True):
    """What a decision needs beside the state: instant, person, ids, policy, the entries meant, the newest."""

    now: datetime
    actor: str
    new_id: Callable[[], str]
    find: Callable[[str], e.Entry | None] = lambda _: None
    policy: Policy = DEFAULT_POLICY
    newest: Callable[[], Sequence[e.Entry]] = tuple


class Decision(Struct, frozen=True):
    """What to append, what to do outside once it is durable, and the blobs that the entries name."""

    entries: tuple[e.Draft, ...]
    effects: tuple[Effect, ...] = ()
    blobs: tuple[Blob, ...] = ()


class Refusal(Struct, frozen=True):
    """Why not, and what to do instead. `code` is stable, for scripts."""

    code: str
    reason: str
    hint: str = ""


Outcome = Decision | Refusal


def one(state: State, ctx: Context, body: e.Body, at: datetime | None = None) -> Decision:
    """Return the decision to append `body`, which happened at `at` (None: now)."""
    return Decision((e.Draft(state.incident, body, at or ctx.now, ctx.actor),))


def blank(what: str) -> Refusal:
    """Return the refusal of a field that must not be empty."""
    return Refusal("empty", f"{what} is empty", f"type {what}")


def unreadable(what: str, text: str) -> Refusal | None:
    """Return why `text` cannot be what one entry says; None where it can."""
    if not text.strip():
        return blank(what)
    if len(text) > TEXT_LIMIT:
        return Refusal(
            "too_long",
            f"{what} has {len(text):,} characters",
            f"at most {TEXT_LIMIT:,} are kept in one entry",
        )
    return None
