"""pages, ack, page: the open pages of the configured pagers, and what is done to them."""

import argparse
from typing import TYPE_CHECKING

from iccon.cli import facts
from iccon.cli.output import complain, say, say_json, table
from iccon.cli.parsing import FAULT, OK, Commands, add_command
from iccon.cli.sending import perform
from iccon.cli.session import BadUse, Session, refuse, session, text_of
from iccon.cli.written import say_receipt
from iccon.incident.effects import EffectState
from iccon.incident.ids import short
from iccon.incident.page_verbs import LOOKS_FIRST, VERBS, problem
from iccon.text import clean
from iccon.when import ago, seconds_of

if TYPE_CHECKING:
    from iccon.desk import Receipt
    from iccon.faults import SourceFault
    from iccon.pages.model import Page, PageBackend, Trace

_FIRST = ("triggered", "acknowledged", "silenced", "resolved")
_IDS = "ids or numbers, as `iccon pages` shows them"
MARKS = ("actionable", "noise")  # was it worth it? no write to the pager
# argument of a verb: option, placeholder, help
_OPTIONS = {
    "to": ("--to", "WHO", "a name, e-mail address or id, or policy:NAME (repeatable)"),
    "level": ("--level", "N", "which level of the escalation policy"),
    "seconds": ("--for", "SPAN", "for how long: 30m, 2h, 1d; at most 7d"),
    "text": ("--text", "TEXT", "what it says; - reads the standard input"),
    "note": ("--note", "ID", "which note"),
    "priority": ("--priority", "NAME", "its name or id"),
    "urgency": ("--urgency", "WORD", "high or low"),
    "resolution": ("--resolution", "TEXT", "what ended it"),
    "message": ("--message", "TEXT", "what those who are asked read"),
    "workflow": ("--workflow", "NAME", "its name or id"),
}


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    pages = add_command(commands, "pages", _do_pages)
    pages.add_argument("--grouped", "-g", action="store_true", help="what belongs together as one row, with counts")
    ack = add_command(commands, "ack", _do_ack)
    ack.add_argument("pages", nargs="+", metavar="PAGE", help=_IDS)
    page = add_command(commands, "page", _do_page, notes=_notes())
    page.add_argument("verb", choices=["show", *MARKS, *map(_word, VERBS)], metavar="VERB", help="see below")
    page.add_argument("pages", nargs="+", metavar="PAGE", help=f"{_IDS}; merge: the others end in the first")
    for name, (option, placeholder, words) in _OPTIONS.items():
        action = "append" if name == "to" else "store"
        page.add_argument(option, dest=f"arg_{name}", metavar=placeholder, help=words, action=action)

    text = "silence, unsilence: only print which alerts it hits, or which silences it ends"
    page.add_argument("--preview", action="store_true", help=text)


def _word(verb: str) -> str:
    return verb.replace("_", "-")


def _notes() -> str:
    """Return which options each verb needs and takes."""
    rows = []
    for verb in VERBS.values():
        needs = [_OPTIONS[name][0] for name in verb.needs if name in _OPTIONS]
        may = [f"[{_OPTIONS[name][0]}]" for name in verb.may]
        rows.append(f"  {_word(verb.name):<18} {' '.join([*needs, *may])}".rstrip())
    plain = [f"  {word}" for word in ("show", *MARKS)]
    return "\n".join(["verbs, what they need, and what they take besides:", *plain, *rows])


def _do_pages(args: argparse.Namespace) -> int:
    with session(args, read_only=True) as opened:
        pages, faults = _listed(_backends(opened))
        if args.json:
            said = [{"source": name, "kind": str(fault.kind), "reason": fault.reason} for name, fault in faults]
            said_of = _worth(opened)
            told = [facts.page(page) | {"worth": said_of.get(page.key, "")} for page in pages]
            say_json({"pages": told, "faults": said, **_group_facts(pages, args)})
        elif not pages:
            say("no open pages" if not faults else "it is not known which pages are open: a pager did not answer")
        elif args.grouped:
            _say_groups(pages, opened)
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
            "no_pager", "no pager is configured", "add [pagerduty], [alertmanager] or [jsm] to the configuration"
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
    said_of = _worth(opened)
    rows = []
    for p in pages:
        mark = (said_of.get(p.key, "-"),) if said_of else ()
        age = ago((opened.now - p.created_at).total_seconds())
        rows.append((p.number or p.id, p.status, p.urgency, age, *mark, p.service, p.title))
    table(rows, ("page", "status", "urgency", "age", *(("worth",) if said_of else ()), "service", "title"))


def _worth(opened: Session) -> dict[str, str]:
    """Return what people said of pages, by key: actionable or noise."""
    from iccon.earlier import worth

    return {key: MARKS[0] if actionable else MARKS[1] for key, actionable in worth(opened.desk).items()}


def _group_facts(pages: "list[Page]", args: argparse.Namespace) -> dict[str, object]:
    """Return rule and groups as JSON, where they were asked for: key, title, status, counts, ids of the pages."""
    if not args.grouped:
        return {}
    from iccon.pages.grouping import grouped

    made = grouped(pages)
    groups = [
        {"key": g.key, "title": g.title, "status": g.status, "counts": g.counts, "pages": [page.id for page in g.pages]}
        for g in made.groups
    ]
    return {"rule": made.rule, "groups": groups}


def _say_groups(pages: "list[Page]", opened: Session) -> None:
    from iccon.pages.grouping import grouped

    made = grouped(pages)
    rows = (
        (
            len(group.pages),
            ", ".join(f"{count} {status}" for status, count in group.counts.items()),
            ago((opened.now - max(page.created_at for page in group.pages)).total_seconds()),
            group.title if len(group.pages) > 1 else group.pages[0].title,
        )
        for group in made.groups
    )
    table(rows, ("pages", "status", "newest", "what"))
    say(f"grouped by {made.rule}")


def _do_ack(args: argparse.Namespace) -> int:
    with session(args) as opened:
        return _act(opened, "acknowledge", _meant(opened, args.pages), {})


def _show(args: argparse.Namespace) -> int:
    """Print all about some pages; what a note is called is what edit-note and delete-note want."""
    from iccon.earlier import earlier
    from iccon.pages.model import sections

    with session(args, read_only=True) as opened:
        backends = _backends(opened)
        found = [backends[page.source].detail(page.id) for page in _meant(opened, args.pages, resolved=True)]
        before = [earlier(opened.desk, each.page) for each in found]
        if args.json:
            say_json([facts.detail(each) | {"earlier": told} for each, told in zip(found, before, strict=True)])
            return OK
        for each, told in zip(found, before, strict=True):
            page = each.page
            say(f"{page.title}\n{page.status}  {page.service or '-'}  {page.source} {page.id}  {page.url}".rstrip())
            for title, traces in sections(each):
                _say_traces(opened, title.lower(), traces)
            if told:
                say("\nearlier incidents with such a page")
                table((opened.clock_text(one.declared_at), one.words) for one in told)
            for notice in each.notices:
                complain(notice)
    return OK


def _say_traces(opened: Session, title: str, traces: "tuple[Trace, ...]") -> None:
    if traces:
        say(f"\n{title}")
        table((t.id, opened.clock_text(t.at) if t.at else "", t.who, t.what) for t in traces)


def _do_page(args: argparse.Namespace) -> int:
    if args.verb == "show":
        return _show(args)
    if args.verb in MARKS:
        return _mark(args)
    verb, arguments = args.verb.replace("-", "_"), _arguments(args)
    if args.preview:
        return _preview(args, verb)
    with session(args) as opened:
        if verb == "merge":
            pages = _meant(opened, args.pages)
            if len(pages) < 2:
                raise BadUse("merge needs two pages at least: the others end in the first")
            if len({page.source for page in pages}) > 1:
                raise BadUse("pages of different pagers cannot be merged")
            return _act(opened, verb, pages[:1], {"sources": " ".join(page.id for page in pages[1:])})
        if wrong := problem(verb, arguments):
            raise BadUse(f"{wrong[1]}; {wrong[2]}")
        return _act(opened, verb, _meant(opened, args.pages, resolved=True), arguments)


def _preview(args: argparse.Namespace, verb: str) -> int:
    """Print what a silence made from some alerts hits now, or which silences are over them; nothing is written."""
    if verb not in ("silence", "unsilence"):
        raise BadUse(f"--preview is for silence and unsilence, not for {args.verb}")
    with session(args, read_only=True) as opened:
        backends = _backends(opened)
        pages, faults = _listed(backends)
        meant = [_one(ref, pages, faults, backends) for ref in args.pages]
        wrong = [page for page in meant if verb not in backends[page.source].verbs]
        if wrong:
            raise refuse("verb", f"{wrong[0].source} knows no silences", "`iccon page` says what can be done instead")
        if verb == "silence":
            _say_hit(opened, meant, pages)
        else:
            _say_over(opened, {page.key: backends[page.source].detail(page.id).notes for page in meant})
        for name, fault in faults:
            complain(f"{name}: {fault}")
    return FAULT if faults else OK


def _say_hit(opened: Session, meant: "list[Page]", pages: "list[Page]") -> None:
    from iccon.pages.silences import hit

    found = {page.key: hit(page, pages) for page in meant}
    if opened.args.json:
        say_json([{"page": key, "hits": [facts.page(page) for page in each]} for key, each in found.items()])
        return
    for key, each in found.items():
        say(f"{key}: a silence hits {len(each)} of the {len(pages)} open pages, and those like them that come")
        _say_pages(each, opened)


def _say_over(opened: Session, found: "dict[str, tuple[Trace, ...]]") -> None:
    if opened.args.json:
        say_json([{"page": key, "ends": each} for key, each in found.items()])
        return
    for key, each in found.items():
        _say_traces(opened, f"{key}: {len(each)} silences end", each)


def _mark(args: argparse.Namespace) -> int:
    """Say of each page whether it was worth it; into the record of the one active incident, if there is one."""
    from iccon.incident.commands import MarkPage

    with session(args) as opened:
        active = opened.desk.active()
        incident = active[0].incident if len(active) == 1 else None
        for page in _meant(opened, args.pages, resolved=True):
            say_receipt(opened, opened.do(MarkPage(page=page.ref, actionable=args.verb == "actionable"), incident))
    return OK


def _arguments(args: argparse.Namespace) -> dict[str, str]:
    """Return what was given, as the verbs want it. Raises BadUse."""
    given = {name: getattr(args, f"arg_{name}") for name in _OPTIONS if getattr(args, f"arg_{name}") is not None}
    if "to" in given:
        given["to"] = ", ".join(given["to"])
    if "seconds" in given:
        seconds = seconds_of(given["seconds"])
        if seconds is None:
            raise BadUse(f"--for {clean(given['seconds'], 60)} is no span of time; 30m, 2h and 1d are")
        given["seconds"] = str(seconds)
    return {name: text_of(words).strip() for name, words in given.items()}


def _act(opened: Session, verb: str, pages: "list[Page]", arguments: dict[str, str]) -> int:
    """Write down all acts before the first is sent, then send one after the other."""
    from iccon.incident.commands import ActOnPage

    if verb not in LOOKS_FIRST:
        _refuse_unclear(opened, verb, pages, arguments)
    active = opened.desk.active()
    incident = active[0].incident if len(active) == 1 else None
    receipts = [
        opened.do(
            ActOnPage(page=page.ref, verb=verb, arguments=arguments),
            incident,
        )
        for page in pages
    ]
    return perform(opened, _together(receipts))


def _refuse_unclear(opened: Session, verb: str, pages: "list[Page]", arguments: dict[str, str]) -> None:
    """Refuse what may have taken place already: nothing is done twice. Raises Refused."""
    meant = {(page.source, page.id) for page in pages}
    for row in opened.desk.outbox(EffectState.UNKNOWN):
        what = row.effect
        known = (what.verb, what.payload.get("arguments")) != (verb, arguments)
        if not known and (what.target, what.payload.get("page")) in meant:
            raise refuse(
                "unclear",
                f"it is not known whether that took place already ({short(what.id)})",
                "look, then say so by `iccon outbox --happened ID` or `--not-happened ID`",
            )


def _together(receipts: "list[Receipt]") -> "Receipt":
    from iccon.desk import Receipt

    entries = tuple(entry for receipt in receipts for entry in receipt.entries)
    effects = tuple(effect for receipt in receipts for effect in receipt.effects)
    return Receipt(receipts[0].incident, entries, effects)


def _meant(opened: Session, refs: list[str], *, resolved: bool = False) -> "list[Page]":
    """Return the pages that `refs` name, each once; ended ones too where `resolved`. Raises Refused, SourceFault."""
    backends = _backends(opened)
    pages, faults = _listed(backends)
    found = [_one(ref, pages, faults, backends if resolved else {}) for ref in refs]
    return list({page.key: page for page in found}.values())


def _one(
    ref: str, pages: "list[Page]", faults: "list[tuple[str, SourceFault]]", backends: "dict[str, PageBackend]"
) -> "Page":
    found = [page for page in pages if ref in (page.id, page.number, page.key)]
    if not found and not faults:
        found = [page for backend in backends.values() if (page := backend.find(ref)) is not None]
    if len(found) == 1:
        return found[0]
    if not found and faults:
        raise faults[0][1]
    if not found:
        raise refuse("no_page", f"no open page {clean(ref, 60)}", "`iccon pages` lists them")
    raise refuse("which_page", f"{len(found)} pages are called {clean(ref, 60)}", "give source:id")
