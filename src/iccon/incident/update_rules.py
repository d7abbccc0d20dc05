"""Status updates: what is decided when one is issued, and what outsiders are told it is about. Pure."""

from collections.abc import Sequence

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.effects import Effect, EffectState
from iccon.incident.ruling import Context, Decision, Outcome, Refusal, unreadable
from iccon.incident.severity import Audience, Phase
from iccon.incident.state import State

PROMISE_LIMIT = 7 * 24 * 60  # minutes: how far ahead an update may be promised
NAMELESS = "one of our services"
CLOSING = "resolved"  # the template that closes what was posted
NAMED = 50  # services that an update names


def issue(state: State, command: c.IssueUpdate, ctx: Context) -> Outcome:
    """Give an update to its outlets, one effect each, or refuse."""
    if refused := _refused(state, command, ctx):
        return refused
    effects = {outlet: _effect(state, command, ctx, outlet) for outlet in command.outlets}
    body = e.UpdateIssued(
        audience=command.audience,
        text=command.text,
        template=command.template,
        next_minutes=command.next_minutes,
        findings=command.findings,
        override=command.override.strip(),
        effects={outlet: effect.id for outlet, effect in effects.items()},
    )
    return Decision((e.Draft(state.incident, body, ctx.now, ctx.actor),), tuple(effects.values()))


def _refused(state: State, command: c.IssueUpdate, ctx: Context) -> Refusal | None:
    if refused := unreadable("the update", command.text):
        return refused
    if command.next_minutes is not None and not 0 < command.next_minutes <= PROMISE_LIMIT:
        return Refusal("promise", f"{command.next_minutes} minutes is no promise", f"1 to {PROMISE_LIMIT:,} minutes")
    if not command.outlets:
        return Refusal("no_outlet", "no outlet is chosen", "choose at least one")
    if command.findings and not command.override.strip():
        found = "; ".join(command.findings)
        return Refusal("findings", f"the check found: {found}", "mend the text, or give the reason to send it so")
    if ctx.policy.levels[state.severity].review and command.audience is Audience.CUSTOMER and not command.override:
        return Refusal("review", f"{state.severity} posts to customers are reviewed", "give who read it as the reason")
    return None


def _effect(state: State, command: c.IssueUpdate, ctx: Context, outlet: str) -> Effect:
    payload = {
        "text": command.text,
        "audience": str(command.audience),
        "title": headline(state, command.audience),
        "severity": str(state.severity),
        "phase": str(Phase.RESOLVED if command.template == CLOSING else state.phase),
        "services": state.services[:NAMED],
        "drill": state.drill,
        "thread": thread(state, outlet),
    }
    return Effect(ctx.new_id(), state.incident, "updates", outlet, "send", payload)


def headline(state: State, audience: Audience) -> str:
    """Return what an update is about in one line. Customers never read the incident's own title: it names internals."""
    return f"Problem with {named(state.services)}" if audience is Audience.CUSTOMER else state.title


def named(services: Sequence[str]) -> str:
    """Return services as a text names them: `checkout, payments and search`."""
    shown = services[:NAMED]
    if len(shown) < 2:
        return shown[0] if shown else NAMELESS
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def thread(state: State, outlet: str) -> str:
    """Return the receipt of the first update that `outlet` took in this incident, "" where there is none."""
    ids = (update.effects[outlet] for update in state.updates if outlet in update.effects)
    outcomes = (state.outcomes[ident] for ident in ids if ident in state.outcomes)
    return next((o.receipt for o in outcomes if o.state is EffectState.SENT and o.receipt), "")
