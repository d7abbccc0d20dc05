"""What one person writes twice within moments is most likely one thing: Enter hit twice, a script that ran again."""

from datetime import timedelta

from iccon.incident.entries import Body, Note, TaskNoted
from iccon.incident.ruling import Context, Refusal

SOON = timedelta(seconds=10)


def written_twice(body: Note | TaskNoted, ctx: Context) -> Refusal | None:
    """Return why `body` is not written: the same person wrote the same a moment ago; None where nobody did."""
    for entry in ctx.newest():
        age = ctx.now - entry.recorded_at
        if entry.actor == ctx.actor and abs(age) <= SOON and _said(entry.body) == _said(body):
            said = f"you wrote the same {max(age.total_seconds(), 0):.0f} seconds ago"
            return Refusal("duplicate", said, "Enter once more, on the command line --again, keeps both")
    return None


def _said(body: Body) -> tuple[str, str, str]:
    return body.kind, getattr(body, "what", ""), getattr(body, "text", "")
