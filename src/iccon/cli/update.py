"""update: compose a status update from a template or a text, look it over, and send it.

JSON without --send: incident, audience, template, text, next_minutes, outlets, findings [{code, words, reason, stop}].
With --send: a receipt, and outcomes [{effect, target, state, detail, receipt}].
"""

import argparse
from typing import TYPE_CHECKING

from msgspec import Struct

from iccon.cli.output import say, say_json
from iccon.cli.parsing import OK, Commands, add_command, with_incident
from iccon.cli.session import BadUse, Session, refuse, session, text_of
from iccon.incident.commands import IssueUpdate
from iccon.incident.severity import Audience, Phase, Policy
from iccon.incident.state import State
from iccon.incident.update_rules import CLOSING
from iccon.journal.drafts import update_key
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from iccon.updates.check import Finding

_NOTES = """\
Without --send the update is only shown. What the check finds in it (placeholders, host names, people, a cause that is
not confirmed) stops the sending, unless --override gives the reason."""


class Composed(Struct, frozen=True):
    """An update that is ready to be looked at or sent. `next_minutes` is its promise; None promises nothing."""

    audience: Audience
    template: str
    text: CleanText
    next_minutes: int | None
    outlets: tuple[str, ...]
    findings: "tuple[Finding, ...]"


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "update", _do_update, notes=_NOTES)
    audiences = [str(audience) for audience in Audience]
    words = f"{', '.join(audiences)} (default: the template's, else customer)"
    parser.add_argument("--audience", "-a", choices=audiences, metavar="NAME", help=words)
    parser.add_argument("--template", "-t", metavar="NAME", help="default: the one that fits the incident")
    parser.add_argument("--text", metavar="TEXT", help="a text instead of a template; - reads the standard input")
    parser.add_argument("--next", metavar="MINUTES", help="when the next one comes; none (default: by severity)")
    parser.add_argument(
        "--outlet",
        action="append",
        metavar="NAME",
        help="only this one (repeatable; default: all for the audience)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--send", action="store_true", help="send it now and say how it ended")
    how.add_argument("--draft", action="store_true", help="leave it in the console's composer")
    parser.add_argument("--override", default="", metavar="REASON", help="send it in spite of what the check found")
    parser.add_argument("--list", action="store_true", help="list the templates and outlets")
    with_incident(parser)


def _do_update(args: argparse.Namespace) -> int:
    typed = None if args.text is None else text_of(args.text)
    with session(args, read_only=not (args.send or args.draft)) as opened:
        if args.list:
            return _list(opened)
        incident = opened.incident(resolved=True)
        composed = _compose(opened, opened.desk.ledger(incident).state, typed)
        if args.send:
            return _send(opened, incident, composed)
        if args.draft:
            opened.desk.journal.save_draft(update_key(incident), composed.text, len(composed.text))
        return _preview(opened, incident, composed)


def _list(opened: Session) -> int:
    from iccon.bootstrap import templates

    names, outlets = templates(opened.setting).names(), tuple(opened.setting.config.updates.outlets)
    if opened.args.json:
        say_json({"templates": names, "outlets": outlets})
    else:
        say(f"templates  {', '.join(names)}\noutlets    {', '.join(outlets) or 'none configured'}")
    return OK


def _compose(opened: Session, state: State, typed: CleanText | None) -> Composed:
    from iccon import bootstrap
    from iccon.updates.check import check
    from iccon.updates.templates import suggest

    args, templates = opened.args, bootstrap.templates(opened.setting)
    meant = Audience(args.audience or Audience.CUSTOMER)
    template = "" if typed is not None else args.template or suggest(state, meant)
    audience = meant if args.audience or not template else templates.audience(template)
    minutes = promise(args.next, state, opened.desk.policy, audience, template)
    text = typed if typed is not None else _rendered(opened, state, template, audience, minutes)
    rules = bootstrap.leak_rules(opened.setting)
    found = check(text, audience, state, minutes, opened.desk.policy, rules, template)
    return Composed(audience, template, text, minutes, _outlets(opened, audience), found)


def promise(words: str | None, state: State, policy: Policy, audience: Audience, template: str) -> int | None:
    """Return the minutes until the next update: as given, else by the severity's cadence. Raises BadUse."""
    if words == "none":
        return None
    if words is not None:
        if not words.isdecimal() or not 1 <= int(words) <= 10_080:
            raise BadUse(f"--next {clean(words, 20)}: minutes from 1 to 10080, or none, were expected")
        return int(words)
    if state.phase is Phase.RESOLVED or template == CLOSING:
        return None
    level = policy.levels[state.severity]
    return level.cadence(audience) or level.internal_cadence


def _rendered(opened: Session, state: State, template: str, audience: Audience, minutes: int | None) -> CleanText:
    from iccon.bootstrap import templates
    from iccon.updates.facts import facts
    from iccon.updates.templates import TemplateProblem

    known = facts(state, opened.now, opened.zone, minutes, audience)
    made = templates(opened.setting).render(template, known)
    if isinstance(made, TemplateProblem):
        raise BadUse(f"template {made.said}")
    return CleanText(made)


def _outlets(opened: Session, audience: Audience) -> tuple[str, ...]:
    from iccon.bootstrap import outlets_for

    known, meant = tuple(opened.setting.config.updates.outlets), outlets_for(opened.setting, audience)
    chosen = tuple(dict.fromkeys(opened.args.outlet or meant))
    for name in chosen:
        if name not in known:
            there = f"there is {', '.join(known)}" if known else "add [updates.outlets.NAME] to the configuration"
            raise refuse("no_outlet", f"no outlet is called {clean(name, 60)}", there)
        if name not in meant:
            raise refuse("audience", f"{clean(name, 60)} is not for {audience}", "choose another outlet, or audience")
    return chosen


def _send(opened: Session, incident: str, composed: Composed) -> int:
    from iccon.cli.sending import perform

    if not composed.outlets:
        words = f"no outlet for {composed.audience} is configured"
        raise refuse("no_outlet", words, "add [updates.outlets.NAME] to the configuration")
    command = IssueUpdate(
        audience=composed.audience,
        text=composed.text,
        template=composed.template,
        outlets=composed.outlets,
        next_minutes=composed.next_minutes,
        findings=tuple(finding.said for finding in composed.findings),
        override=clean(opened.args.override),
    )
    return perform(opened, opened.do(command, incident))


def _preview(opened: Session, incident: str, composed: Composed) -> int:
    if opened.args.json:
        fields = ("audience", "template", "text", "next_minutes", "outlets")
        found = [{"code": f.code, "words": f.words, "reason": f.reason, "stop": f.stop} for f in composed.findings]
        say_json({"incident": incident, **{name: getattr(composed, name) for name in fields}, "findings": found})
        return OK
    say(composed.text)
    promised = f"next in {composed.next_minutes} min" if composed.next_minutes else "no promise of a next one"
    say(f"\n-- to {composed.audience} via {', '.join(composed.outlets) or 'no outlet'}; {promised}")
    for finding in composed.findings:
        say(f"-- check: {finding.said}")
    say("-- kept as the composer's draft" if opened.args.draft else "-- not sent; --send sends it")
    return OK
