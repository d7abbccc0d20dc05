"""A hand-over on the screen: what is said of it, what is asked, and which side this console is on. No widget code."""

from collections.abc import Iterable
from datetime import datetime

from iccon.console.fit import crop
from iccon.console.questions import Answers, ChoiceField, Question, TextField
from iccon.incident import commands as c
from iccon.incident.entries import Entry, HandoverEnded, HandoverProposed
from iccon.incident.handovers import READ_BACK, End, Handover, same_person, waiting
from iccon.incident.readback import TimeText, points
from iccon.incident.roles import TITLES, Role
from iccon.incident.severity import Policy
from iccon.incident.state import State
from iccon.incident.timeline import describe
from iccon.text import clean
from iccon.when import minutes_of, span_text

USUAL = "5m"  # to answer in
ROOM = 72  # cells of a line in the form: seven points fit 80x24, the briefing has their rest


def notices(entries: Iterable[Entry], actor: str, key: str) -> list[str]:
    """Return what `actor` must hear of: being asked for a role, and how any hand-over ended. `key` answers."""
    said = []
    for entry in entries:
        body = entry.body
        if isinstance(body, HandoverProposed) and same_person(body.person, actor):
            role = TITLES[Role(body.role)]
            said.append(f"HAND-OVER TO YOU: {entry.actor} asks you to be {role}; {key} answers, {body.minutes} min")
        elif isinstance(body, HandoverEnded) and entry.actor != actor and body.end != End.OVERTAKEN:
            said.append(describe(body))
    return said


def asked(state: State, actor: str, now: datetime) -> Handover | None:
    """Return the hand-over that waits for an answer of `actor`."""
    return next((each for each in waiting(state.handovers, now) if same_person(each.person, actor)), None)


def question(state: State, actor: str, now: datetime, time_text: TimeText, policy: Policy) -> Question:
    """Ask what fits: an answer of the person named, the withdrawal of what waits, else a proposal."""
    if (mine := asked(state, actor, now)) is not None:
        return _answer(mine, state, now, time_text, policy)
    if pending := waiting(state.handovers, now):
        return _withdraw(pending[0], now)
    return _propose(state)


def _propose(state: State) -> Question:
    options = tuple((r.value, f"{TITLES[r]}: {state.holder(r) or 'nobody'}") for r in Role)

    def command(answers: Answers) -> c.Command | str:
        minutes = minutes_of(answers["minutes"])
        if minutes is None:
            return f"{answers['minutes'].strip()} is no span of at least a minute: {USUAL}, 10m"
        return c.ProposeHandover(role=Role(answers["role"]), person=answers["person"], minutes=minutes)

    fields = (
        TextField("person", "To whom (their console's name)", required=True),
        ChoiceField("role", "", options, Role.COMMANDER.value),
        TextField("minutes", "Answer within", USUAL, True),
    )
    return Question("Propose a hand-over", fields, command, ("Who has the role keeps it until they accept",))


def _answer(mine: Handover, state: State, now: datetime, time_text: TimeText, policy: Policy) -> Question:
    options = (
        ("later", "neither yet: read the briefing first"),
        ("accept", f"accept: I have read all {len(READ_BACK)} points back"),
        ("decline", "decline"),
    )

    def command(answers: Answers) -> c.Command | str:
        if answers["answer"] == "accept":
            return c.AcceptHandover(target=mine.id, read_back=READ_BACK)
        if answers["answer"] == "decline":
            return c.DeclineHandover(target=mine.id, reason=answers["reason"])
        return "choose accept or decline; esc shows the briefing"

    lines = [f"{mine.proposer} asks, until {time_text(mine.due)}. Read back, aloud:"]
    lines += [crop(clean(f"{name}: {text}"), ROOM) for name, text in points(state, policy, now, time_text)]
    fields = (ChoiceField("answer", "", options, "later"), TextField("reason", "Why not (decline)"))
    return Question(f"Hand-over to you: {mine.title}", fields, command, tuple(lines))


def _withdraw(pending: Handover, now: datetime) -> Question:
    left = span_text((pending.due - now).total_seconds())
    lines = (f"{pending.person} was asked to be {pending.title}; {left} left to answer",)
    reason = TextField("reason", "Why (may stay empty)")
    return Question(
        "Withdraw the hand-over?", (reason,), lambda a: c.WithdrawHandover(target=pending.id, reason=a["reason"]), lines
    )
