"""The briefing as a document that the runbook viewer shows. No widget code."""

from datetime import datetime, tzinfo

from iccon.exports import briefing
from iccon.incident.fold import Ledger
from iccon.incident.severity import Policy
from iccon.runbooks.model import Document, Runbook
from iccon.runbooks.sections import headings
from iccon.text import clean, clean_block


def document(ledger: Ledger, zone: tzinfo, policy: Policy, now: datetime) -> Document:
    """Return the briefing as of `now` (aware UTC), times in `zone`."""
    text = clean_block(briefing.render(ledger, zone=zone, policy=policy, at=now))
    return Document(Runbook("", "", clean(str(ledger.state.severity))), text, headings(text), "")
