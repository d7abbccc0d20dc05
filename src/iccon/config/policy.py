"""What the policy of a configuration must hold beyond the types of its keys."""

from msgspec import structs

from iccon.config.checked import Checker, did_you_mean, one_of, shown
from iccon.config.lines import KeyPath
from iccon.config.schema import Level, Policy
from iccon.text import clean

WORKED_OUT = ("signals", "pages", "impact", "tasks", "update")


def check_policy(check: Checker, policy: Policy) -> None:
    """Note exit criteria that are neither a word that is worked out nor a sentence, and what is given twice."""
    for field in structs.fields(policy):
        level = getattr(policy, field.name)
        if isinstance(level, Level):
            _check_exit(check, ("policy", field.encode_name, "exit"), level.exit or ())
            _check_twice(check, ("policy", field.encode_name, "roles"), level.roles or ())


def _check_exit(check: Checker, path: KeyPath, criteria: tuple[str, ...]) -> None:
    for criterion in criteria:
        if len(criterion.split()) < 2 and criterion not in WORKED_OUT:
            expected = f"{one_of(WORKED_OUT)}, or a sentence that a person ticks"
            check.problem(path, shown(criterion), expected, did_you_mean(criterion, WORKED_OUT))
        elif criterion != clean(criterion, 120):
            check.problem(path, shown(criterion), "one line of at most 120 characters")
    _check_twice(check, path, criteria)


def _check_twice(check: Checker, path: KeyPath, words: tuple[str, ...]) -> None:
    for word in dict.fromkeys(words):
        if words.count(word) > 1:
            check.problem(path, f"{shown(word)} twice", "each once")
