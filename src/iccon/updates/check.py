"""A last look at a status update before it leaves: what is unfilled, what leaks, what is missing. Pure.

It finds words; whether they may stay is for the person who sends. `stop` says that a finding is hardly ever meant.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from iccon.incident.severity import DEFAULT_POLICY, Audience, Phase, Policy
from iccon.incident.state import State
from iccon.redact import SECRETS
from iccon.text import CleanText, clean

LIMIT = 20  # findings of one rule
OUTSIDE = frozenset((Audience.CUSTOMER, Audience.EXECUTIVE))


class Finding(Struct, frozen=True):
    """One thing to look at: `words` stand in the text at `at` (characters from 0; -1 for what is absent)."""

    code: str
    words: CleanText
    reason: str
    stop: bool
    at: int = -1

    @property
    def said(self) -> str:
        """The finding in one line."""
        return f"{self.words}: {self.reason}" if self.words else self.reason


class _Rule(Struct, frozen=True):
    code: str
    pattern: re.Pattern[str]
    reason: str
    stop: bool
    outside_only: bool = False


_TOP = r"(?:internal|intranet|intern|local|localdomain|lan|corp|priv|private|svc|cluster|consul|home|arpa|test)"
_MACHINE = (
    r"(?:db|web|app|node|host|srv|server|api|cache|redis|kafka|pg|postgres|mysql|mongo|k8s|worker|lb|proxy|queue|vm)"
)
_ZONE = (
    r"(?:UTC|GMT|Z|WES?T|BST|IST|CES?T|MES?Z|EES?T|MSK|SAST|[ECMPH][SD]T|AK[SD]T|[JK]ST|HKT|SGT|A[CEW][SD]T|NZ[SD]T)"
)

_UNFILLED = "a placeholder that was not filled"
_INSIDE = "an internal address"

# Repetitions are bounded and begin at the start of a word: a text of 20,000 characters is checked while it is typed.
RULES = (
    _Rule(
        "placeholder",
        re.compile(r"\{\{(?:[^{}\n]{0,100}\}\})?|\{%(?:[^{}\n]{0,100}%\})?|\$\{\w{1,60}\}"),
        _UNFILLED,
        True,
    ),
    _Rule("placeholder", re.compile(r"<(?!https?:)[A-Za-z….][^<>\n]{0,60}>"), _UNFILLED, True),
    _Rule("placeholder", re.compile(r"\b(?:TODO|TBD|TBC|FIXME|XXXX?)\b|_{4,}"), "something left to be written", True),
    *(_Rule("secret", rule.pattern, rule.reason, rule.stop) for rule in SECRETS),
    _Rule("address", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)"), "an IP address", True, True),
    _Rule(
        "address",
        re.compile(
            r"(?i)(?<![\w:.])(?=[0-9a-f:]{0,40}\d)(?=[0-9a-f:]{0,40}::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{3,45}(?![\w:])"
        ),
        "an IP address",
        True,
        True,
    ),
    _Rule(
        "host",
        re.compile(rf"(?i)(?<![\w.-])[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,8}}\.{_TOP}\b"),
        "an internal host",
        True,
        True,
    ),
    _Rule(
        "host",
        re.compile(rf"(?i)(?<![\w.-])(?:[a-z][\w-]{{0,60}}-)?{_MACHINE}-?\d{{1,4}}(?:\.[\w-]{{1,63}}){{0,8}}(?![\w-])"),
        "looks like the name of a machine",
        True,
        True,
    ),
    _Rule(
        "host",
        re.compile(r"(?i)\bhttps?://[\w-]{1,63}(?::\d{1,5})?(?:[/?#]\S{0,200}|(?![\w.:-]))"),
        _INSIDE,
        True,
        True,
    ),
    _Rule(
        "host",
        re.compile(
            r"(?i)\bhttps?://(?:[\w-]{1,63}\.){0,8}(?:grafana|kibana|jenkins|prometheus|jira|wiki|vault)\b\S{0,200}"
        ),
        _INSIDE,
        True,
        True,
    ),
    _Rule(
        "zone",
        re.compile(
            r"(?<![+\-−:.\d])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?![\d:])"
            rf"(?!\s{{0,3}}(?:[AaPp]\.?[Mm]\.?)?\s{{0,3}}\(?(?:{_ZONE}\b|[+\-−]\d\d))"
        ),
        "a time without its zone",
        True,
    ),
)


def check(
    text: str,
    audience: Audience,
    state: State | None = None,
    next_minutes: int | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> tuple[Finding, ...]:
    """Return what to look at in `text` before it goes to `audience`, in the order of the text, what is absent last.

    `state` lets it find names of people, an unconfirmed cause and that `policy` wants a review; `next_minutes` is the
    promise beside the text.
    """
    found = [
        finding for rule in RULES if audience in OUTSIDE or not rule.outside_only for finding in _apply(rule, text)
    ]
    if state is not None and audience is Audience.CUSTOMER:
        found.extend(_people(text, state))
        found.extend(_cause(text, state))
    distinct = sorted({(f.at, f.code, f.words): f for f in reversed(found)}.values(), key=lambda f: f.at)
    return (*distinct, *_absent(text, audience, state, next_minutes), *_review(audience, state, policy))


def _apply(rule: _Rule, text: str) -> Iterator[Finding]:
    for number, match in enumerate(rule.pattern.finditer(text)):
        if number == LIMIT:
            return
        yield Finding(rule.code, clean(match[0], 80), rule.reason, rule.stop, match.start())


def _people(text: str, state: State) -> Iterator[Finding]:
    for person in {held.person for held in (*state.roles.values(), *state.experts)}:
        if person and (match := re.search(rf"(?i)(?<!\w){re.escape(person)}(?!\w)", text)):
            yield Finding("person", clean(match[0], 80), "the name of a person", True, match.start())


def _cause(text: str, state: State) -> Iterator[Finding]:
    theory = state.theory
    words = theory.text.strip().rstrip(".") if theory and not theory.confirmed else ""
    if len(words) > 3 and (at := text.casefold().find(words.casefold())) >= 0:
        yield Finding("cause", clean(words, 80), "a cause that is not confirmed", True, at)


def _review(audience: Audience, state: State | None, policy: Policy) -> Iterator[Finding]:
    if state is not None and audience is Audience.CUSTOMER and policy.levels[state.severity].review:
        reason = f"a second person reads what goes to customers at {state.severity}: say who did"
        yield Finding("review", clean(""), reason, False)


def _absent(text: str, audience: Audience, state: State | None, next_minutes: int | None) -> Iterator[Finding]:
    if not text.strip():
        yield Finding("empty", clean(""), "there is no text", True)
    over = state is not None and state.phase is Phase.RESOLVED
    if audience is Audience.CUSTOMER and not over and not next_minutes:
        yield Finding("next_update", clean(""), "it does not promise when the next update comes", False)
