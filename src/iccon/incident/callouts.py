"""Call-outs: the commander asks around at a steady beat, and it is on the record. Pure; instants are aware UTC."""

from datetime import datetime, timedelta

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.ruling import TEXT_LIMIT, Context, Outcome, Refusal, one, unreadable
from iccon.incident.severity import Policy
from iccon.incident.state import State

LONGEST = 24 * 60  # minutes for which one is put off


def next_callout(state: State, policy: Policy) -> datetime | None:
    """Return when the next call-out is due: so long after the last one, or after the declaration; None for none."""
    every = policy.levels[state.severity].callout
    if not state.active or state.declared_at is None or every is None:
        return None
    return state.callout_due or (state.called_out or state.declared_at) + timedelta(minutes=every)


def make(state: State, command: c.CallOut, ctx: Context) -> Outcome:
    """It was made."""
    if len(command.text) > TEXT_LIMIT:
        return unreadable("the call-out", command.text) or Refusal("too_long", "the call-out is too long")
    return one(state, ctx, e.CalledOut(text=command.text.strip()), command.at)


def put_off(state: State, command: c.SnoozeCallout, ctx: Context) -> Outcome:
    """It is made later, for a reason."""
    if next_callout(state, ctx.policy) is None:
        return Refusal("no_callout", f"{state.severity} has no call-outs", "the policy gives them")
    if not 0 < command.minutes <= LONGEST:
        return Refusal("minutes", f"{command.minutes} minutes cannot be", f"1 to {LONGEST:,} minutes")
    if not command.reason.strip():
        return Refusal("reason", "putting a call-out off needs a reason", "give the reason")
    return one(state, ctx, e.CalledOut(text=command.reason.strip(), minutes=command.minutes))
