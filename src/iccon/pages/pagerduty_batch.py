"""One verb on many pages of a PagerDuty account in one request, each looked at before and proved after.

PUT /incidents takes up to 250 pages. What is open is read as a list, one request a hundred pages, not page by page.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from iccon.faults import FaultKind, SourceFault, nothing_sent
from iccon.net.wire import record, records
from iccon.pages.pagerduty_client import PagerDutyClient
from iccon.pages.pagerduty_decode import INCLUDE
from iccon.pages.pagerduty_proofs import Json, Wish, incident
from iccon.pages.pagerduty_verbs import Verb, answered, before, proof
from iccon.pages.paging import PAGE, complete
from iccon.text import CleanText

VERBS: Final = ("acknowledge", "resolve", "reassign", "escalate", "priority", "urgency")
REACH: Final = 10_000  # offset + limit: the API refuses to look further
Told = CleanText | SourceFault
_UNCLEAR: Final = (FaultKind.REJECTED, FaultKind.NOT_FOUND)  # nobody promises that such a refusal is of all


def act_many(client: PagerDutyClient, verb: Verb, wishes: Sequence[Wish]) -> tuple[Told, ...]:
    """Do one verb to each page, sending the write once; return the proof or the fault of each, in their order.

    A page that is so already, or must not be written to, is left out of the request. Raises SourceFault where
    nothing was sent at all.
    """
    with nothing_sent():
        rows = _open(client)
    told: dict[str, Told] = {}
    wanted: dict[str, Json] = {}
    for wish in wishes:
        page = wish.act.page
        try:
            with nothing_sent():
                already = before(verb, wish, rows.get(page) or incident(client, page))
            if already:
                told[page] = already
            else:
                wanted[page] = {"id": page} | record((verb.body(wish) or {}).get("incident"))
        except SourceFault as fault:
            told[page] = fault
    if wanted:
        told |= _send(client, verb, {wish.act.page: wish for wish in wishes if wish.act.page in wanted}, wanted)
    return tuple(told[wish.act.page] for wish in wishes)


def read_back_many(client: PagerDutyClient, verb: Verb, wishes: Sequence[Wish]) -> tuple[CleanText | None, ...]:
    """Return for each page the proof that it took effect, None where it did not. Raises SourceFault.

    What the list of open pages shows is not asked for again.
    """
    rows = _open(client)
    shown = (_shown(verb, wish, rows) for wish in wishes)
    return tuple(found or proof(client, verb, wish) for found, wish in zip(shown, wishes, strict=True))


def _open(client: PagerDutyClient) -> dict[str, Json]:
    """Return the open incidents by id (GET /incidents, 100 at a time). Raises SourceFault."""
    query: dict[str, Any] = {"statuses[]": ["triggered", "acknowledged"], "date_range": "all", "time_zone": "UTC"}

    def fetch(offset: int) -> tuple[list[Json], bool]:
        asked = query | {"include[]": list(INCLUDE), "sort_by": "created_at:desc", "limit": PAGE, "offset": offset}
        found = record(client.get("/incidents", asked))
        return records(found.get("incidents")), found.get("more") is True

    rows, _ = complete(fetch, "PagerDuty", REACH)
    return {str(row.get("id")): row for row in rows}


def _send(
    client: PagerDutyClient, verb: Verb, wishes: Mapping[str, Wish], wanted: Mapping[str, Json]
) -> dict[str, Told]:
    try:
        answer = client.write("PUT", "/incidents", {"incidents": list(wanted.values())})
    except SourceFault as fault:
        rows = _open(client) if fault.kind in _UNCLEAR and verb.shows is not None else {}
        return {page: _shown(verb, wish, rows) or fault for page, wish in wishes.items()}
    rows = {str(row.get("id")): row for row in records(record(answer).get("incidents"))}
    return {page: _told(verb, wish, rows.get(page)) for page, wish in wishes.items()}


def _told(verb: Verb, wish: Wish, row: Json | None) -> Told:
    if row is None:
        return SourceFault(FaultKind.LOST, "the write was sent, its answer does not name this page")
    try:
        return answered(verb, {"incident": row}, wish)
    except SourceFault as fault:
        return fault


def _shown(verb: Verb, wish: Wish, rows: Mapping[str, Json]) -> CleanText:
    row = rows.get(wish.act.page)
    return verb.shows(row, wish) if verb.shows is not None and row is not None else CleanText("")
