"""What later entries say of earlier ones: amended, struck, pinned. Nothing is erased. Pure."""

from typing import Any

from msgspec.structs import replace

from iccon.incident.entries import Amended, Body, Entry, Note, Pinned, Struck, TaskNoted

Correction = Amended | Struck | Pinned
CORRECTIONS = frozenset({Amended.kind, Struck.kind, Pinned.kind})

# Which field of a body an amendment's text replaces.
TEXT_FIELDS: dict[str, str] = {
    "note": "text",
    "declared": "title",
    "retitled": "title",
    "theory": "text",
    "impact_started": "scope",
    "severity": "reason",
    "phase": "reason",
    "evidence": "title",
    "task": "text",
    "callout": "text",
    "step": "note",
    "runbook_draft": "text",
}

OF_DECISIONS = ("options", "risk", "objections", "outcome")  # what can be amended of a decision only
OF_TASKS = ("owner", *OF_DECISIONS)


class Corrections:
    """Who amended, struck or pinned which entry, oldest first."""

    def __init__(self) -> None:
        self.by_target: dict[str, list[Entry]] = {}

    def add(self, entry: Entry) -> None:
        """Take note of what corrects an entry; other entries are ignored."""
        if isinstance(entry.body, Amended | Struck | Pinned):
            self.by_target.setdefault(entry.body.target, []).append(entry)

    def struck(self, entry: Entry) -> Entry | None:
        """Return the strike of `entry`, if there is one."""
        found = self.by_target.get(entry.id, ())
        return next((c for c in found if isinstance(c.body, Struck)), None)

    def effective(self, entry: Entry, until: str = "") -> Entry:
        """Return `entry` with what was amended in place; as of the correction `until` where given."""
        for correction in self.by_target.get(entry.id, ()):
            if isinstance(correction.body, Amended) and not "" < until < correction.id:
                entry = _amend(entry, correction.body)
        return entry


def _amend(entry: Entry, amended: Amended) -> Entry:
    body = entry.body if amended.what is None else _turned(entry.body, amended.what)
    changes: dict[str, Any] = {}
    if amended.text is not None and (field := TEXT_FIELDS.get(body.kind)):
        changes[field] = amended.text
    if isinstance(body, TaskNoted):
        changes |= {name: said for name in OF_TASKS if (said := getattr(amended, name)) is not None}
    if changes:
        body = replace(body, **changes)
    return replace(entry, body=body, happened_at=amended.happened_at or entry.happened_at)


def _turned(body: Body, what: str) -> Body:
    """Return a note as a task, a task as a note or as another kind of task; other bodies as they are."""
    if isinstance(body, TaskNoted):
        return Note(text=body.text) if what == Note.kind else replace(body, what=what)
    return TaskNoted(what=what, text=body.text) if isinstance(body, Note) and what != Note.kind else body
