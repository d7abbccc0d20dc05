"""A last look at a status update before it leaves: what is unfilled, what leaks, what is missing. Pure.

It finds words; whether they may stay is for the person who sends. `stop` says that a finding is hardly ever meant.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from iccon.config.leaks import LeakRule
from iccon.incident.severity import DEFAULT_POLICY, Audience, Phase, Policy
from iccon.incident.state import State
from iccon.incident.update_rules import CLOSING
from iccon.redact import SECRETS
from iccon.text import CleanText, clean

LIMIT = 20  # findings of one rule
OUTSIDE = frozenset((Audience.CUSTOMER, Audience.EXECUTIVE))
_OVER: Final = re.compile(
    r"(?i)\b(?:is|are|has been|have been|was|were|now) (?:now |fully |completely )?(?:resolved|fixed|solved)\b"
)
_OPEN: Final = re.compile(
    r"(?i)\bwe(?: are|\'re) (?:still |currently |now )?(?:investigating|looking into|working on)\b"
)


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


def check(
    text: str,
    audience: Audience,
    state: State | None = None,
    next_minutes: int | None = None,
    policy: Policy = DEFAULT_POLICY,
    rules: Iterable[LeakRule] = (),
    template: str = "",
) -> tuple[Finding, ...]:
    """Return what to look at in `text` before it goes to `audience`, in the order of the text, what is absent last.

    `state` lets it find names of people, an unconfirmed cause, words of another phase, and that `policy` wants a
    review; `next_minutes` is the promise beside the text, which the closing `template` needs not.
    `rules` are those of the files (bootstrap.leak_rules).
    """
    asked = (rule for rule in rules if audience in OUTSIDE or not rule.outside)
    found = [*_secrets(text), *(finding for rule in asked for finding in _apply(rule, text))]
    if state is not None and audience is Audience.CUSTOMER:
        found.extend(_people(text, state))
        found.extend(_cause(text, state))
        found.extend(_phase(text, state))
    over = template == CLOSING or (state is not None and state.phase is Phase.RESOLVED)
    distinct = sorted({(f.at, f.code, f.words): f for f in reversed(found)}.values(), key=lambda f: f.at)
    return (*distinct, *_absent(text, audience, next_minutes, over), *_review(audience, state, policy))


def _secrets(text: str) -> Iterator[Finding]:
    for rule in SECRETS:
        for match in islice(rule.pattern.finditer(text), LIMIT):
            yield Finding("secret", clean(match[0], 80), rule.reason, rule.stop, match.start())


def _apply(rule: LeakRule, text: str) -> Iterator[Finding]:
    if rule.compiled is None:
        return
    for match in islice(rule.compiled.finditer(text), LIMIT):
        yield Finding(rule.code, clean(match[0], 80), rule.reason, rule.stop, match.start())


def _phase(text: str, state: State) -> Iterator[Finding]:
    """Find words of another phase than the incident is in."""
    pattern, said = (_OPEN, "still open") if state.phase is Phase.RESOLVED else (_OVER, "over")
    if state.phase is not Phase.MONITORING and (match := pattern.search(text)):
        reason = f"it sounds as if it were {said}; the incident is {state.phase}"
        yield Finding("phase", clean(match[0], 80), reason, False, match.start())


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


def _absent(text: str, audience: Audience, next_minutes: int | None, over: bool) -> Iterator[Finding]:
    if not text.strip():
        yield Finding("empty", clean(""), "there is no text", True)
    if audience is Audience.CUSTOMER and not over and not next_minutes:
        yield Finding("next_update", clean(""), "it does not promise when the next update comes", False)
