"""Which form each command asks, and which desk command its answers make. No widget code."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from iccon.incident import commands as c
from iccon.incident.roles import TITLES, Role
from iccon.incident.severity import DEFAULT_POLICY, Phase, Severity
from iccon.incident.state import State
from iccon.incident.timeline import Item


class TextField(Struct, frozen=True):
    """A line of text. `draft` is the key under which it is kept while typed; "" keeps it nowhere.

    `cursor` is where typing goes on; -1 is behind the text.
    """

    id: str
    label: str
    value: str = ""
    required: bool = False
    placeholder: str = ""
    draft: str = ""
    cursor: int = -1


class ChoiceField(Struct, frozen=True):
    """One of several; `options` are (value, label), chosen with the arrows or by number."""

    id: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str = ""


Field = TextField | ChoiceField
Answers = Mapping[str, str]


class Question(Struct, frozen=True):
    """A form, and how its answers become a command. `lines` are read before the fields."""

    title: str
    fields: tuple[Field, ...]
    command: Callable[[Answers], c.Command]
    lines: tuple[str, ...] = ()
    draft: str = ""


def _severities(current: str) -> ChoiceField:
    options = tuple((s.value, f"{s.value}  {DEFAULT_POLICY.levels[s].meaning}") for s in Severity)
    return ChoiceField("severity", "Severity (when unsure, the higher)", options, current)


def declare(actor: str, title: str = "", service: str = "", drill: bool = False, page: str = "") -> Question:
    """Ask for a title and a severity; the asker becomes commander. Each page has a draft of its own, by its key."""
    key = f"declare:{page}" if page else "declare"

    def command(answers: Answers) -> c.Command:
        services = (service,) if service else ()
        level = Severity(answers["severity"])
        return c.Declare(title=answers["title"], severity=level, services=services, drill=drill)

    fields = (
        TextField("title", "Title", title, True, "what people notice: checkout fails for most customers", key),
        _severities(Severity.SEV2.value),
    )
    return Question("Declare an incident", fields, command, (f"{actor} becomes Incident Commander",), key)


def severity(state: State) -> Question:
    """Ask for a level and a reason, which a downgrade needs."""
    return Question(
        f"Severity (now {state.severity})",
        (_severities(state.severity.value), TextField("reason", "Reason (needed for a downgrade)")),
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


def role(state: State, actor: str) -> Question:
    """Ask for a role and who holds it from now on."""
    options = tuple((r.value, f"{TITLES[r]}: {state.holder(r) or 'nobody'}") for r in Role)
    return Question(
        "Hand a role to a person",
        (
            ChoiceField("role", "", options, Role.COMMANDER.value),
            TextField("person", "Person (empty: nobody holds it)", actor),
        ),
        lambda a: c.TakeRole(role=Role(a["role"]), person=a["person"]),
    )


def impact(state: State) -> Question:
    """Start a segment of customer impact, or stop the open one."""
    if opened := state.open_impact:
        lines = (f"Open since {opened.started:%H:%M} UTC: {opened.scope or 'scope not given'}",)
        return Question("Customer impact stops now?", (), lambda _: c.StopImpact(segment=opened.id), lines)
    scope = TextField("scope", "Who is hurt, and how many", placeholder="EU customers, about 30 % of checkouts")
    return Question("Customer impact starts now", (scope,), lambda a: c.StartImpact(scope=a["scope"]))


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


def resolve(state: State) -> Question:
    """Ask for the closing words; say what ends with it. A resolved incident is reopened instead."""
    if state.resolved_at is not None:
        reason = TextField("reason", "Why it is reopened", required=True)
        return Question("Reopen the incident", (reason,), lambda a: c.Reopen(reason=a["reason"]))
    lines = [f"{state.severity} {state.title}"]
    if state.open_impact:
        lines.append("Customer impact is still open: it ends with the incident")
    if not state.updates:
        lines.append("No status update was ever sent")
    summary = TextField("summary", "What ended it (optional)")
    return Question("Resolve the incident", (summary,), lambda a: c.Resolve(summary=a["summary"]), tuple(lines))


def amend(item: Item) -> Question:
    """Ask for the corrected text of an entry."""
    field = TextField("text", "Corrected text", item.text, True, draft=f"amend:{item.id}")
    lines = ("The old text stays readable in the record",)
    return Question("Amend the entry", (field,), lambda a: c.Amend(target=item.id, text=a["text"]), lines, field.draft)


def strike(item: Item) -> Question:
    """Ask why an entry is struck."""
    reason = TextField("reason", "Why it is struck", required=True)
    lines = (item.text, "It stays readable, marked as struck")
    return Question("Strike the entry", (reason,), lambda a: c.Strike(target=item.id, reason=a["reason"]), lines)
