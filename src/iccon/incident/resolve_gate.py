"""The gate before an incident is resolved: its exit criteria hold, or somebody says why it is resolved all the same.

Pure. What only the outside knows (signals, pages) is looked at by whoever asks; what nobody can see does not block.
"""

from collections.abc import Iterable

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.exit_criteria import Criterion, Sight, Standing, criteria
from iccon.incident.ruling import Context, Decision, Outcome, Refusal
from iccon.incident.severity import Phase, Policy
from iccon.incident.state import State


def resolve(state: State, command: c.Resolve, ctx: Context) -> Outcome:
    """Resolve the incident where nothing is open, or with the reason why all the same; open impact ends with it."""
    at, reason = command.at or ctx.now, command.override.strip()
    unmet = _said(criteria(state, ctx.policy, Sight())) + command.unmet
    if unmet and not reason:
        return Refusal("gate", f"not met: {'; '.join(unmet)}", "meet it, or give the reason to resolve all the same")
    bodies: list[e.Body] = [e.GateOverridden(unmet=unmet, reason=reason)] if unmet else []
    bodies += [e.ImpactStopped(segment=i.id) for i in state.impacts if i.stopped is None]
    bodies.append(e.PhaseSet(phase=Phase.RESOLVED, reason=command.summary.strip()))
    return Decision(tuple(e.Draft(state.incident, body, at, ctx.actor) for body in bodies))


def seen_open(state: State, policy: Policy, sight: Sight) -> tuple[str, ...]:
    """Return which criteria the record alone leaves unknown and `sight` shows to be open: `Resolve.unmet`."""
    pairs = zip(criteria(state, policy, sight), criteria(state, policy, Sight()), strict=True)
    return _said(seen for seen, recorded in pairs if recorded.standing is Standing.UNKNOWN)


def _said(found: Iterable[Criterion]) -> tuple[str, ...]:
    return tuple(
        f"{each.text}{f' ({each.why})' if each.why else ''}" for each in found if each.standing is Standing.OPEN
    )
