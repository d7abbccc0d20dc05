"""What a PagerDuty account cannot do, and why: by its abilities, by what is set up in it, and by what it refused.

Only the abilities that the published description names are gone by: of a verb that is not offered for want of another
a person would be told a thing that nobody promised. What else a plan may lack is asked for itself, or learned from
the first refusal (HTTP 402).
"""

from typing import Any, Final

from iccon.faults import SourceFault
from iccon.net.wire import record
from iccon.pages.pagerduty_client import LACKS, PagerDutyClient
from iccon.text import CleanText, clean

NEEDS: Final = {
    "responders": "coordinated_responding",
    "cancel_responders": "coordinated_responding",
    "urgency": "urgencies",
}
SET_UP: Final = {  # verb: what there must be one of
    "priority": ("priorities", "no priority is set up in the account"),
    "workflow": ("incident_workflows", "no incident workflow is set up in the account"),
}


class Abilities:
    """Asks once (three requests); what nobody tells takes no verb away."""

    def __init__(self, client: PagerDutyClient) -> None:
        self._client = client
        self._asked = False
        self._lacks: dict[str, CleanText] = {}

    def lacking(self) -> dict[str, CleanText]:
        """Return which verbs this account cannot do, and why not."""
        if not self._asked:
            self._asked = True
            told = self._answer("/abilities", {}).get("abilities")
            known = set(map(str, told)) if isinstance(told, list) else set(NEEDS.values())
            lacks = {v: CleanText(f"{LACKS} {need}") for v, need in NEEDS.items() if need not in known}
            none = {v: CleanText(why) for v, (folder, why) in SET_UP.items() if self._lists_none(v, folder)}
            self._lacks = lacks | none | self._lacks
        return dict(self._lacks)

    def learn(self, verb: str, fault: SourceFault) -> None:
        """Remember that PagerDuty refused `verb` for want of an ability."""
        if fault.reason.startswith(LACKS):
            self._lacks = self._lacks | {verb: clean(fault.reason)}

    def _lists_none(self, verb: str, folder: str) -> bool:
        return self._answer(f"/{folder}", {"limit": 1}, verb).get(folder) == []

    def _answer(self, path: str, query: dict[str, Any], verb: str = "") -> dict[str, Any]:
        try:
            return record(self._client.get(path, query, poll=True))
        except SourceFault as fault:  # then a verb says it as it is tried
            if verb:
                self.learn(verb, fault)
            return {}
