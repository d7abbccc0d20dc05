"""What can be done to a page: one row a verb, with its arguments, how it reads, and what a confirmation says.

How a pager does it stands in the pager's own module (`pages/pagerduty_verbs.py`). A verb's name and the names of
its arguments are promises: they are in journals, and typed at the command line.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

TEXT_LIMIT = 20_000  # characters of a note, a message or a resolution
SNOOZE_LIMIT = 604_800  # seconds: PagerDuty's week
LEVEL_LIMIT = 20
MERGE_LIMIT = 250  # pages into one, in one command

LOOKS_FIRST = ("acknowledge", "resolve", "reopen", "reassign", "priority", "urgency")  # to ask again does no harm

Arguments = Mapping[str, str]


class PageVerb(Struct, frozen=True):
    """One verb. `words` is how it reads in the timeline, `effect` what a confirmation says will come of it.

    `needs` are the arguments it cannot do without, `may` those it takes besides. `confirms` is False where a
    slip costs nothing. Their order is that of menus.
    """

    name: str
    title: str
    words: str
    effect: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    confirms: bool = True


VERBS: dict[str, PageVerb] = {
    verb.name: verb
    for verb in (
        PageVerb("acknowledge", "Acknowledge", "acknowledge page: {page}", "it is yours", confirms=False),
        PageVerb("resolve", "Resolve", "resolve page: {page}", "it ends for everybody", may=("resolution",)),
        PageVerb(
            "reassign", "Reassign", "reassign page to {to}: {page}", "they are paged, who has it now no more", ("to",)
        ),
        PageVerb("escalate", "Escalate", "escalate page to level {level}: {page}", "that level is paged", ("level",)),
        PageVerb(
            "snooze", "Snooze", "snooze page for {span}: {page}", "nobody is paged before that time ends", ("seconds",)
        ),
        PageVerb("note", "Write a note", "note on page {page}: {text}", "everybody on the page can read it", ("text",)),
        PageVerb("merge", "Merge", "merge {sources} into page: {page}", "the others end in it for good", ("sources",)),
        PageVerb(
            "priority",
            "Priority",
            "priority {priority} for page: {page}",
            "it counts as that from now on",
            ("priority",),
        ),
        PageVerb(
            "urgency", "Urgency", "urgency {urgency} for page: {page}", "people are paged by that rule", ("urgency",)
        ),
        PageVerb(
            "responders", "Ask responders", "ask {to} to join page: {page}", "they are paged", ("to",), ("message",)
        ),
        PageVerb(
            "cancel_responders",
            "Ask no more",
            "no longer ask {to} to join page: {page}",
            "they are not paged again",
            ("to",),
        ),
        PageVerb(
            "workflow",
            "Run workflow",
            "run workflow {workflow} on page: {page}",
            "it does what it was set up to do",
            ("workflow",),
        ),
        PageVerb(
            "status", "Status update", "status update on page {page}: {text}", "its subscribers get it", ("text",)
        ),
        PageVerb(
            "edit_note",
            "Edit note",
            "edit note {note} on page {page}: {text}",
            "the old text is gone",
            ("note", "text"),
        ),
        PageVerb("delete_note", "Delete note", "delete note {note} on page: {page}", "its text is gone", ("note",)),
        PageVerb(
            "silence",
            "Silence",
            "silence alert for {span}: {page} ({text})",
            "all alerts of its name and service are quiet until that time ends",
            ("seconds", "text"),
        ),
        PageVerb("unsilence", "End silence", "end the silences over alert: {page}", "it and its like are heard again"),
        PageVerb("reopen", "Reopen", "reopen page: {page}", "its escalation policy pages people again"),
    )
}


def known(verb: str) -> PageVerb:
    """Return the verb; one of another program's reads as its name."""
    return VERBS.get(verb) or PageVerb(verb, verb, "{verb} page: {page}", "")


def words(verb: str, arguments: Arguments, title: str) -> str:
    """Return how a verb on the page called `title` reads in the timeline."""
    text = _filled(known(verb).words, {**arguments, "verb": verb}, title)
    reason = arguments.get("resolution") or arguments.get("message")
    return f"{text} ({reason})" if reason else text


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _filled(template: str, arguments: Arguments, title: str) -> str:
    given = {"page": title, "span": span(arguments.get("seconds", "")), **arguments}
    return template.format_map(_Values(given))


def span(seconds: str) -> str:
    """Return a number of seconds as people say it: 90 min, 2 h."""
    if not seconds.isdecimal():
        return seconds or "?"
    count = int(seconds)
    if count % 3600 == 0:
        return f"{count // 3600} h"
    return f"{count // 60} min" if count % 60 == 0 else f"{count} s"


def problem(verb: str, arguments: Arguments) -> tuple[str, str, str] | None:
    """Return what is wrong with a request as (code, reason, what to do instead), None where nothing is."""
    row = VERBS.get(verb)
    if row is None:
        return "verb", f"{verb} is nothing that can be done to a page", f"one of {', '.join(VERBS)}"
    for name in row.needs:
        if not arguments.get(name, "").strip():
            return "argument", f"{row.title.lower()} needs {_NAMES.get(name, name)}", f"give {_NAMES.get(name, name)}"
    for name, value in arguments.items():
        if name not in (*row.needs, *row.may):
            return "argument", f"{row.title.lower()} takes no {name}", f"it takes {', '.join(row.needs) or 'nothing'}"
        if hint := _CHECKS.get(name, _text)(value):
            return "argument", f"{_NAMES.get(name, name)} cannot be {value[:60]!r}", hint
    return None


def _number(highest: int, unit: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        good = value.isdecimal() and len(value) < 10 and 0 < int(value) <= highest
        return "" if good else f"a whole number of {unit} from 1 to {highest:,}"

    return check


def _text(value: str) -> str:
    return "" if len(value) <= TEXT_LIMIT else f"at most {TEXT_LIMIT:,} characters"


def _pages(value: str) -> str:
    return "" if len(value.split()) <= MERGE_LIMIT else f"at most {MERGE_LIMIT} pages at once"


_NAMES = {
    "to": "a person",
    "level": "a level",
    "seconds": "a time",
    "sources": "the pages that end in it",
    "text": "a text",
    "note": "a note",
}
_CHECKS: dict[str, Callable[[str], str]] = {
    "seconds": _number(SNOOZE_LIMIT, "seconds"),
    "level": _number(LEVEL_LIMIT, "levels"),
    "urgency": lambda value: "" if value in ("high", "low") else "high or low",
    "sources": _pages,
}
