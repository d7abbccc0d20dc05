"""Which form each command asks, and which desk command its answers make. No widget code."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct

from iccon.console.fit import crop
from iccon.incident import commands as c
from iccon.incident.callouts import next_callout
from iccon.incident.exit_criteria import Criterion, Sight, Standing, criteria
from iccon.incident.milestones import OWN_ENTRIES, Milestone, moments
from iccon.incident.resolve_gate import seen_open
from iccon.incident.roles import TITLES, Role
from iccon.incident.severity import DEFAULT_POLICY, Phase, Policy, Severity, proposed
from iccon.incident.state import State
from iccon.text import clean, percent
from iccon.when import TimeProblem, iso, minutes_of, moment, stamp


class TextField(Struct, frozen=True):
    """A line of text, or with `several` a block of them. `value` is what it begins with."""

    id: str
    label: str
    value: str = ""
    required: bool = False
    placeholder: str = ""
    several: bool = False


class ChoiceField(Struct, frozen=True):
    """One of several; `options` are (value, label), chosen with the arrows or by number.

    Those whose value is in `shut` are greyed and cannot be chosen: the label says why not.
    """

    id: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str = ""
    shut: frozenset[str] = frozenset()


Field = TextField | ChoiceField
Answers = Mapping[str, str]


class Question(Struct, frozen=True):
    """A form, and how its answers become a command, or a reason why not. `lines` are read before the fields.

    What is typed is kept under `draft`, where none is given under the title.
    """

    title: str
    fields: tuple[Field, ...]
    command: Callable[[Answers], c.Command | str]
    lines: tuple[str, ...] = ()
    draft: str = ""

    def key(self, incident: str | None) -> str:
        """Return the key of its drafts, for one asked about `incident`."""
        return ":".join(filter(None, (self.draft or self.title.partition(" (")[0].lower(), incident)))


def _severities(current: str, policy: Policy) -> ChoiceField:
    options = tuple((s.value, f"{s.value}  {policy.levels[s].meaning}") for s in Severity)
    return ChoiceField("severity", "Severity (when unsure, the higher)", options, current)


class Clock(Struct, frozen=True):
    """How times are read in a form: by what asks for the present instant (aware UTC), in the zone of the screen."""

    ask: Callable[[], datetime]
    zone: tzinfo

    @property
    def now(self) -> datetime:
        """The present instant; a form may be open for minutes."""
        return self.ask()

    def read(self, words: str, declared_at: datetime | None = None) -> datetime | str | None:
        """Return the instant that `words` name, None for no words, or why they name none."""
        if not words.strip():
            return None
        found = moment(words, self.now, self.zone, declared_at)
        return f"{words.strip()}: {found.reason}; {found.hint}" if isinstance(found, TimeProblem) else found

    def write(self, at: datetime) -> str:
        """Return `at` as `read` takes it."""
        return iso(at, self.zone)


class FromPage(Struct, frozen=True):
    """What a declaration takes from the page it is made from; `at` is when the pager opened it, None unknown.

    `more` pages were chosen with it; where the pager takes notes they can be `linked`.
    """

    key: str = ""
    title: str = ""
    service: str = ""
    urgency: str = ""
    at: datetime | None = None
    more: int = 0
    linked: bool = False


NO_PAGE = FromPage()
LINKS = (("no", "write nothing into the pager"), ("yes", "a note in the pager names this incident"))


def declare(
    actor: str, clock: Clock, page: FromPage = NO_PAGE, drill: bool = False, policy: Policy = DEFAULT_POLICY
) -> Question:
    """Ask for a title and a severity; the asker becomes commander. Each page has a draft of its own, by its key.

    A page proposes the severity by its urgency, and the beginning by its own time, which is when it was detected too.
    """
    key = f"declare:{page.key}" if page.key else "declare"

    def command(answers: Answers) -> c.Command | str:
        began = clock.read(answers["began"])
        if isinstance(began, str):
            return began
        return c.Declare(
            title=answers["title"],
            severity=Severity(answers["severity"]),
            services=(page.service,) if page.service else (),
            drill=drill,
            began=began,
            detected=max(page.at, began or page.at) if page.at else None,
        )

    fields: tuple[Field, ...] = (
        TextField("title", "Title", page.title, True, "what people notice: checkout fails for most customers"),
        _severities(proposed(page.urgency).value, policy),
        TextField(
            "began",
            "Began (optional)",
            clock.write(page.at) if page.at else "",
            placeholder="for example -12m, or 14:03",
        ),
    )
    if page.linked:
        fields += (ChoiceField("link", "", LINKS, "no"),)
    others = f" and {page.more} more" if page.more else ""
    told = (f"What the pager logged of this page{others} comes into the timeline",) if page.key else ()
    return Question("Declare an incident", fields, command, (f"{actor} becomes Incident Commander", *told), key)


def milestone(state: State, clock: Clock) -> Question:
    """Ask which milestone was reached, and when."""
    known = moments(state)
    options = tuple(
        (each.value, f"{each}: {stamp(known[each], clock.zone, day=True) if each in known else 'not known'}")
        for each in Milestone
        if each not in OWN_ENTRIES
    )
    missing = next((value for value, _ in options if Milestone(value) not in known), options[0][0])

    def command(answers: Answers) -> c.Command | str:
        at = clock.read(answers["at"], state.declared_at)
        return at if isinstance(at, str) else c.SetMilestone(milestone=Milestone(answers["milestone"]), at=at)

    fields = (
        ChoiceField("milestone", "", options, missing),
        TextField("at", "When (empty: now)", placeholder="for example -12m, 14:03, T+5m"),
    )
    return Question("Milestone", fields, command)


def severity(state: State, policy: Policy) -> Question:
    """Ask for a level and a reason, which a downgrade needs."""
    return Question(
        f"Severity (now {state.severity})",
        (_severities(state.severity.value, policy), TextField("reason", "Reason (needed for a downgrade)")),
        lambda a: c.SetSeverity(level=Severity(a["severity"]), reason=a["reason"]),
    )


def phase(state: State) -> Question:
    """Ask for the phase."""
    options = tuple((p.value, p.value) for p in Phase if p is not Phase.RESOLVED)
    return Question(
        f"Phase (now {state.phase})",
        (ChoiceField("phase", "", options, state.phase.value), TextField("reason", "What is known (optional)")),
        lambda a: c.SetPhase(phase=Phase(a["phase"]), reason=a["reason"]),
    )


def role(state: State, actor: str, chosen: Role = Role.COMMANDER) -> Question:
    """Ask for a role and who holds it from now on."""
    experts = ", ".join(held.person for held in state.experts)
    holders = {role: state.holder(role) for role in Role} | {Role.EXPERT: experts}
    options = tuple((r.value, f"{TITLES[r]}: {holders[r] or 'nobody'}") for r in Role)
    return Question(
        "Who has a role from now on (H asks them first)",
        (
            ChoiceField("role", "", options, chosen.value),
            TextField("person", "Person (empty: nobody holds it)", actor),
        ),
        lambda a: c.TakeRole(role=Role(a["role"]), person=a["person"]),
    )


def team(name: str) -> Question:
    """Ask who joins a sub-team, or leads it."""
    return Question(
        "Sub-team",
        (
            TextField("team", "Team", name, True, placeholder="database"),
            TextField("person", "Person", required=True),
            ChoiceField("lead", "", (("no", "works in it"), ("yes", "leads it")), "no"),
        ),
        lambda a: c.PutInTeam(team=a["team"], person=a["person"], lead=a["lead"] == "yes"),
    )


def impact(state: State, clock: Clock) -> Question:
    """Start a segment of customer impact, or stop the open one."""
    if opened := state.open_impact:
        lines = (f"Open since {stamp(opened.started, clock.zone)}: {opened.said or 'scope not given'}",)
        return Question("Customer impact stops now?", (), lambda _: c.StopImpact(segment=opened.id), lines)

    def command(answers: Answers) -> c.Command | str:
        share = percent(answers["share"])
        return share if isinstance(share, str) else c.StartImpact(scope=answers["scope"], share=share)

    fields = (
        TextField("scope", "Who is hurt", placeholder="EU customers who pay by card"),
        TextField("share", "What part of them, in percent (optional)", placeholder="for example 30"),
    )
    return Question("Customer impact starts now", fields, command)


def theory(state: State) -> Question:
    """Ask for the current theory, and whether it is confirmed."""
    old = state.theory
    options = (("no", "not confirmed"), ("yes", "confirmed"))
    fields = (
        TextField("text", "Current theory of the cause", old.text if old else "", True),
        ChoiceField("confirmed", "", options, "yes" if old and old.confirmed else "no"),
    )
    return Question("Theory", fields, lambda a: c.SetTheory(text=a["text"], confirmed=a["confirmed"] == "yes"))


def stalk(state: State, service: str, signal: str) -> Question:
    """Ask what is stalked from now on, or no longer; the cell itself first."""
    width = {"cell": (service, signal), "service": (service, ""), "all": ("", "")}
    what = {
        "cell": f"{service} {signal}",
        "service": f"every signal of {service}",
        "all": "every signal of every service",
    }
    ends = {key: (mark := state.stalk(*place)) is not None and mark.on for key, place in width.items()}
    options = tuple((key, f"{'stop stalking' if ends[key] else 'stalk'} {text}") for key, text in what.items())

    def command(answers: Answers) -> c.Command:
        chosen = answers["what"]
        return c.Stalk(service=width[chosen][0], signal=width[chosen][1], on=not ends[chosen])

    lines = ("One entry whenever the verdict changes between ok, warn and bad, and none otherwise",)
    return Question("Stalk", (ChoiceField("what", "", options, "cell"),), command, lines)


def retitle(state: State) -> Question:
    """Ask for another title."""
    return Question("Title", (TextField("title", "Title", state.title, True),), lambda a: c.Retitle(title=a["title"]))


def resolve(state: State, policy: Policy, sight: Sight, clock: Clock) -> Question:
    """Ask for the closing words below the exit criteria, and why where some are open. A resolved one is reopened."""
    if state.resolved_at is not None:
        reason = TextField("reason", "Why it is reopened", required=True)
        return Question("Reopen the incident", (reason,), lambda a: c.Reopen(reason=a["reason"]))
    found = criteria(state, policy, sight)
    lines = [f"{state.severity} {state.title}", *(_criterion(each, clock) for each in found)]
    if state.open_impact:
        lines.append("Customer impact is still open: it ends with the incident")
    fields = [TextField("summary", "What ended it (optional)")]
    if any(each.standing is Standing.OPEN for each in found):
        fields.append(TextField("override", "Why it is resolved with criteria open"))
    unmet = seen_open(state, policy, sight)

    def command(answers: Answers) -> c.Command:
        return c.Resolve(summary=answers["summary"], unmet=unmet, override=answers.get("override", ""))

    return Question("Resolve the incident", tuple(fields), command, tuple(lines))


def _criterion(each: Criterion, clock: Clock) -> str:
    since = f", since {stamp(each.since, clock.zone)}" if each.since else ""
    why = f" ({each.why}{since})" if each.why or since else ""
    return crop(clean(f"{each.standing}: {each.text}{why}"), 72)


def callout(state: State, policy: Policy, clock: Clock, asks: tuple[str, ...] = ()) -> Question:
    """Ask for a word on the call-out that was made, after what it `asks`; or for how long it is put off, and why."""
    due = next_callout(state, policy)

    def command(answers: Answers) -> c.Command | str:
        minutes = read_span(answers["later"])
        if isinstance(minutes, str):
            return minutes
        if minutes is None:
            return c.CallOut(text=answers["text"])
        return c.SnoozeCallout(minutes=minutes, reason=answers["text"])

    fields = (
        TextField("text", "What came of it (may stay empty); or why it is put off"),
        TextField("later", "Put it off by (empty: it was made)", placeholder="for example 5m"),
    )
    title = f"Call-out, due {stamp(due, clock.zone)}" if due else "Call-out"
    return Question(title, fields, command, asks, "callout")


def tick(by_hand: Sequence[Criterion]) -> Question:
    """Ask which criterion holds, or does not any more."""
    met = {each.text: each.met for each in by_hand}
    options = tuple((text, f"[{'x' if met[text] else ' '}] {text}") for text in met)
    first = next((text for text in met if not met[text]), options[0][0])
    field = ChoiceField("criterion", "Accepting turns its tick round", options, first)
    return Question(
        "Exit criteria",
        (field,),
        lambda a: c.TickCriterion(criterion=a["criterion"], met=not met[a["criterion"]]),
    )


def read_span(words: str) -> int | str | None:
    """Return whole minutes, None for no words, or why they are none."""
    if not words.strip():
        return None
    return minutes_of(words) or f"{words.strip()} is no span of at least a minute; 10m, 1h and 2d are"
