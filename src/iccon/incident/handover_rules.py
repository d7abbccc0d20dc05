"""Decisions about hand-overs: proposed, then accepted, declined, withdrawn or timed out. Pure."""

from msgspec.structs import replace

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.handovers import READ_BACK, End, Handover, run_out, same_person, waiting
from iccon.incident.roles import TITLES, Role
from iccon.incident.ruling import Context, Decision, Outcome, Refusal, one, unreadable
from iccon.incident.state import State

LONGEST = 24 * 60  # minutes


def propose(state: State, command: c.ProposeHandover, ctx: Context) -> Outcome:
    """Ask a person to take a role; until they accept, nothing changes."""
    person = command.person.strip().removeprefix("@")
    if refused := unreadable("the person", person):
        return refused
    holders = [held.person for held in state.experts] if command.role is Role.EXPERT else [state.holder(command.role)]
    if any(same_person(person, holder) for holder in holders):
        return Refusal("unchanged", f"{person} holds that role already")
    if same_person(person, ctx.actor):
        return Refusal("yourself", "a hand-over has two sides", "take the role directly: `iccon role`")
    if not 0 < command.minutes <= LONGEST:
        return Refusal("minutes", f"{command.minutes} minutes cannot be", f"1 to {LONGEST:,} minutes")
    if (other := _waits(state, command.role, ctx)) is not None:
        words = f"{other.person} was asked already and has not answered"
        return Refusal("pending", words, "withdraw that first: `iccon handover withdraw`")
    holder = _relieved(state, command.role, ctx)
    return one(state, ctx, e.HandoverProposed(role=command.role, person=person, minutes=command.minutes, holder=holder))


def _relieved(state: State, role: Role, ctx: Context) -> str:
    """Return who has the role until the other side accepts: of several experts the one who proposes it, else none."""
    if role is not Role.EXPERT:
        return state.holder(role)
    experts = [held.person for held in state.experts]
    mine = next((person for person in experts if same_person(person, ctx.actor)), "")
    return mine or (experts[0] if len(experts) == 1 else "")


def accept(state: State, command: c.AcceptHandover, ctx: Context) -> Outcome:
    """The person named takes the role, having read everything back."""
    asked = _answerable(state, command.target, ctx)
    if isinstance(asked, Refusal):
        return asked
    if not same_person(asked.person, ctx.actor):
        return _not_named(asked, ctx)
    if missing := [point for point in READ_BACK if point not in command.read_back]:
        return Refusal("read_back", f"not read back yet: {', '.join(missing)}", "read the briefing, then confirm it")
    ended = e.HandoverEnded(
        target=asked.id, role=asked.role, person=asked.person, end=End.ACCEPTED, read_back=READ_BACK
    )
    taken = e.RoleTaken(role=asked.role, person=asked.person)
    if asked.role is Role.EXPERT and any(held.person == asked.holder for held in state.experts):
        return Decision(_drafts(state, ctx, ended, replace(taken, person=asked.holder, left=True), taken))
    return Decision(_drafts(state, ctx, ended, taken))


def decline(state: State, command: c.DeclineHandover, ctx: Context) -> Outcome:
    """The person named says no."""
    asked = _answerable(state, command.target, ctx)
    if isinstance(asked, Refusal):
        return asked
    if not same_person(asked.person, ctx.actor):
        return _not_named(asked, ctx)
    return one(state, ctx, _ended(asked, End.DECLINED, command.reason))


def withdraw(state: State, command: c.WithdrawHandover, ctx: Context) -> Outcome:
    """Who proposed it, or who holds the role, takes the proposal back."""
    asked = _answerable(state, command.target, ctx)
    if isinstance(asked, Refusal):
        return asked
    if not any(same_person(name, ctx.actor) for name in (asked.proposer, state.holder(asked.role))):
        return Refusal("not_yours", f"{asked.proposer} proposed that, not {ctx.actor}", "declining is the other side's")
    return one(state, ctx, _ended(asked, End.WITHDRAWN, command.reason))


def see(state: State, _: c.SeeHandovers, ctx: Context) -> Outcome:
    """Write down which proposals have run out, each once: it happened when they did."""
    return Decision(
        tuple(
            e.Draft(state.incident, _ended(asked, End.TIMED_OUT), asked.due, "iccon", f"handover:{asked.id}")
            for asked in run_out(state.handovers, ctx.now)
        )
    )


def overtaken(state: State, role: Role, ctx: Context) -> tuple[e.Body, ...]:
    """Return what ends the proposals of a role that somebody takes directly."""
    asked = _waits(state, role, ctx)
    return () if asked is None else (_ended(asked, End.OVERTAKEN, f"{TITLES[role]} was set directly"),)


def _drafts(state: State, ctx: Context, *bodies: e.Body) -> tuple[e.Draft, ...]:
    return tuple(e.Draft(state.incident, body, ctx.now, ctx.actor) for body in bodies)


def _ended(asked: Handover, end: End, reason: str = "") -> e.HandoverEnded:
    return e.HandoverEnded(target=asked.id, role=asked.role, person=asked.person, end=end, reason=reason.strip())


def _waits(state: State, role: Role, ctx: Context) -> Handover | None:
    return next((asked for asked in waiting(state.handovers, ctx.now) if asked.role == role), None)


def _answerable(state: State, target: str, ctx: Context) -> Handover | Refusal:
    asked = next((each for each in state.handovers if each.id == target), None)
    if asked is None:
        return Refusal(
            "no_handover", "this incident has no such hand-over", "`iccon handover show` tells which there are"
        )
    if asked.end is not None:
        return Refusal("ended", f"that hand-over is over: {asked.end}", "propose it anew")
    if asked.due <= ctx.now:
        return Refusal("timed_out", "the time to answer is over", "propose it anew")
    return asked


def _not_named(asked: Handover, ctx: Context) -> Refusal:
    return Refusal(
        "not_named", f"{asked.person} was asked, and this console is {ctx.actor}'s", "they answer, or nobody"
    )
