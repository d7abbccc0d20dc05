"""pages, ack: the open pages of the configured pagers, and acknowledging one."""

import argparse
from typing import TYPE_CHECKING

from iccon.cli import facts
from iccon.cli.output import complain, say, say_json, table
from iccon.cli.parsing import FAULT, OK, Commands, add_command
from iccon.cli.sending import perform
from iccon.cli.session import Session, refuse, session
from iccon.text import clean
from iccon.when import ago

if TYPE_CHECKING:
    from iccon.faults import SourceFault
    from iccon.pages.model import Page, PageBackend

_FIRST = ("triggered", "acknowledged", "silenced", "resolved")


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    add_command(commands, "pages", _do_pages)
    ack = add_command(commands, "ack", _do_ack)
    ack.add_argument("page", help="the page's id or number, as `iccon pages` shows them")


def _do_pages(args: argparse.Namespace) -> int:
    with session(args, read_only=True) as opened:
        pages, faults = _listed(_backends(opened))
        if args.json:
            said = [{"source": name, "kind": str(fault.kind), "reason": fault.reason} for name, fault in faults]
            say_json({"pages": [facts.page(page) for page in pages], "faults": said})
        else:
            _say_pages(pages, opened)
        for name, fault in faults:
            complain(f"{name}: {fault}")
    return FAULT if faults else OK


def _backends(opened: Session) -> "dict[str, PageBackend]":
    from iccon.bootstrap import page_backends

    found = page_backends(opened.setting)
    if not found:
        raise refuse(
            "no_pager", "no pager is configured", "add [pagerduty] or [alertmanager.NAME] to the configuration"
        )
    return found


def _listed(backends: "dict[str, PageBackend]") -> "tuple[list[Page], list[tuple[str, SourceFault]]]":
    from iccon.faults import SourceFault

    pages: list[Page] = []
    faults: list[tuple[str, SourceFault]] = []
    for name, backend in backends.items():
        try:
            pages += backend.list()
        except SourceFault as fault:
            faults.append((name, fault))
    return sorted(pages, key=lambda p: (_FIRST.index(p.status), p.created_at)), faults


def _say_pages(pages: "list[Page]", opened: Session) -> None:
    if not pages:
        say("no open pages")
        return
    rows = (
        (p.number or p.id, p.status, p.urgency, ago((opened.now - p.created_at).total_seconds()), p.service, p.title)
        for p in pages
    )
    table(rows, ("page", "status", "urgency", "age", "service", "title"))


def _do_ack(args: argparse.Namespace) -> int:
    from iccon.incident.commands import ActOnPage
    from iccon.incident.entries import PageRef

    with session(args) as opened:
        page = _meant(opened, args.page)
        ref = PageRef(page.source, page.id, page.title, page.service)
        active = opened.desk.active()
        incident = active[0].incident if len(active) == 1 else None
        receipt = opened.do(ActOnPage(page=ref, verb="acknowledge"), incident)
        return perform(opened, receipt)


def _meant(opened: Session, ref: str) -> "Page":
    pages, faults = _listed(_backends(opened))
    found = [page for page in pages if ref in (page.id, page.number, page.key)]
    if len(found) == 1:
        return found[0]
    if not found and faults:
        raise faults[0][1]
    if not found:
        raise refuse("no_page", f"no open page {clean(ref, 60)}", "`iccon pages` lists them")
    raise refuse("which_page", f"{len(found)} pages are called {clean(ref, 60)}", "give source:id")
