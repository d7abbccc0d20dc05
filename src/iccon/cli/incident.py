"""declare, retitle, severity, phase, role, impact, theory, resolve, reopen: what changes how an incident stands."""

import argparse

from iccon.cli.output import complain
from iccon.cli.parsing import OK, Commands, add_command, with_incident, with_time
from iccon.cli.session import BadUse, Session, session, text_of
from iccon.cli.written import say_receipt
from iccon.incident import commands as c
from iccon.incident.milestones import OWN_ENTRIES, Milestone
from iccon.incident.roles import Role
from iccon.incident.severity import Phase, Severity
from iccon.text import clean, percent

_UNSURE = "SEV1 (the worst) to SEV5 (default: SEV2; when unsure, the higher)"


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    for build in (_declare, _retitle, _severity, _phase, _milestone, _role, _team, _impact, _theory, _resolve, _reopen):
        build(commands)


def record(args: argparse.Namespace, command: c.Command, *, resolved: bool = False) -> int:
    """Hand `command` to the desk for the incident meant, and say what was written."""
    with session(args) as opened:
        return _done(opened, command, opened.incident(resolved=resolved))


def _done(opened: Session, command: c.Command, incident: str | None) -> int:
    say_receipt(opened, opened.do(command, incident))
    return OK


def level(word: str) -> Severity:
    """Read `SEV2`, `sev2` or `2`."""
    try:
        return Severity(f"SEV{word.upper().removeprefix('SEV')}")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{clean(word, 20)!r} is no severity: SEV1 (the worst) to SEV5") from None


def _declare(commands: Commands) -> None:
    parser = add_command(commands, "declare", _do_declare)
    parser.add_argument("title", nargs="+", help="what is wrong, in one line")
    parser.add_argument("--severity", "-s", type=level, metavar="SEV", default=Severity.SEV2, help=_UNSURE)
    parser.add_argument("--service", action="append", default=[], metavar="NAME", help="a service hit (repeatable)")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--commander", metavar="PERSON", help="who commands (default: you)")
    who.add_argument("--no-commander", action="store_const", const="", dest="commander", help="nobody commands yet")
    parser.add_argument("--began", metavar="TIME", help="when the trouble began, as --at")
    with_time(parser)


def _do_declare(args: argparse.Namespace) -> int:
    with session(args) as opened:
        command = c.Declare(
            title=clean(" ".join(args.title)),
            severity=args.severity,
            services=tuple(clean(name) for name in args.service),
            at=opened.at(),
            commander=None if args.commander is None else clean(args.commander),
            drill=args.drill,
            began=opened.instant(args.began, "--began") if args.began else None,
        )
        return _done(opened, command, None)


def _retitle(commands: Commands) -> None:
    parser = add_command(
        commands, "retitle", lambda a: record(a, c.Retitle(title=clean(" ".join(a.title))), resolved=True)
    )
    parser.add_argument("title", nargs="+", help="the new title")
    with_incident(parser)


def _severity(commands: Commands) -> None:
    parser = add_command(commands, "severity", _do_severity)
    parser.add_argument("level", type=level, metavar="SEV", help="SEV1 (the worst) to SEV5")
    parser.add_argument("--reason", default="", help="why; a downgrade needs one")
    with_incident(parser)
    with_time(parser)


def _do_severity(args: argparse.Namespace) -> int:
    with session(args) as opened:
        command = c.SetSeverity(level=args.level, reason=clean(args.reason), at=opened.at())
        return _done(opened, command, opened.incident())


def _phase(commands: Commands) -> None:
    parser = add_command(commands, "phase", _do_phase)
    parser.add_argument("phase", choices=[str(phase) for phase in Phase], help="where the response stands")
    parser.add_argument("--reason", default="", help="why")
    with_incident(parser)
    with_time(parser)


def _do_phase(args: argparse.Namespace) -> int:
    with session(args) as opened:
        command = c.SetPhase(phase=Phase(args.phase), reason=clean(args.reason), at=opened.at())
        return _done(opened, command, opened.incident())


def _milestone(commands: Commands) -> None:
    parser = add_command(commands, "milestone", _do_milestone)
    choices = [str(milestone) for milestone in Milestone if milestone not in OWN_ENTRIES]
    parser.add_argument("milestone", choices=choices, help="what was reached")
    with_incident(parser)
    with_time(parser)


def _do_milestone(args: argparse.Namespace) -> int:
    with session(args) as opened:
        command = c.SetMilestone(milestone=Milestone(args.milestone), at=opened.at())
        return _done(opened, command, opened.incident(resolved=True))


def _role(commands: Commands) -> None:
    parser = add_command(commands, "role", _do_role)
    parser.add_argument("role", choices=[str(role) for role in Role])
    parser.add_argument("person", nargs="+", help='who holds it from now on; "" for nobody')
    parser.add_argument("--leaves", action="store_true", help="this expert leaves; the others stay")
    with_incident(parser)
    with_time(parser)


def _do_role(args: argparse.Namespace) -> int:
    with session(args) as opened:
        person = clean(" ".join(args.person))
        command = c.TakeRole(role=Role(args.role), person=person, leaves=args.leaves, at=opened.at())
        return _done(opened, command, opened.incident())


def _team(commands: Commands) -> None:
    parser = add_command(commands, "team", _do_team)
    parser.add_argument("team", help="the sub-team's name: database")
    parser.add_argument("person", nargs="+", help="who joins it")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--lead", action="store_true", help="they lead it from now on")
    how.add_argument("--leaves", action="store_true", help="they leave it")
    with_incident(parser)
    with_time(parser)


def _do_team(args: argparse.Namespace) -> int:
    with session(args) as opened:
        team, person = clean(args.team), clean(" ".join(args.person))
        command = c.PutInTeam(team=team, person=person, lead=args.lead, leaves=args.leaves, at=opened.at())
        return _done(opened, command, opened.incident())


def _impact(commands: Commands) -> None:
    parser = add_command(commands, "impact", _do_impact)
    parser.add_argument("what", choices=["start", "stop"])
    parser.add_argument("scope", nargs="*", help="who is hurt and how (start)")
    parser.add_argument("--share", metavar="PERCENT", default="", help="what part of them is hurt (start): 30")
    with_incident(parser)
    with_time(parser)


def _do_impact(args: argparse.Namespace) -> int:
    with session(args) as opened:
        scope, share, at = clean(" ".join(args.scope)), percent(args.share), opened.at()
        if isinstance(share, str):
            raise BadUse(f"--share {share}")
        command = c.StartImpact(scope=scope, share=share, at=at) if args.what == "start" else c.StopImpact(at=at)
        return _done(opened, command, opened.incident())


def _theory(commands: Commands) -> None:
    parser = add_command(
        commands, "theory", lambda a: record(a, c.SetTheory(text=clean(" ".join(a.text)), confirmed=a.confirmed))
    )
    parser.add_argument("text", nargs="+", help="what is thought to be the cause")
    parser.add_argument("--confirmed", action="store_true", help="it is no guess any more")
    with_incident(parser)


def _resolve(commands: Commands) -> None:
    parser = add_command(commands, "resolve", _do_resolve)
    parser.add_argument("summary", nargs="*", help="what ended it; - reads the standard input")
    parser.add_argument("--override", metavar="WHY", default="", help="why, although exit criteria are not met")
    parser.add_argument("--no-look", action="store_true", help="do not ask metrics servers and pagers first")
    with_incident(parser)
    with_time(parser)


def _do_resolve(args: argparse.Namespace) -> int:
    with session(args) as opened:
        incident, summary, at = opened.incident(), text_of(args.summary), opened.at()
        unmet = () if args.no_look else _seen_open(opened, incident)
        command = c.Resolve(summary=summary, at=at, unmet=unmet, override=clean(args.override))
        return _done(opened, command, incident)


def _seen_open(opened: Session, incident: str) -> tuple[str, ...]:
    """Return what metrics servers and pagers show to be open; what does not answer is said, and blocks nothing."""
    from iccon.cli.state import look
    from iccon.incident.exit_criteria import Standing, criteria
    from iccon.incident.resolve_gate import seen_open

    state, policy = opened.desk.state(incident), opened.desk.policy
    sight = look(opened, state)
    for each in criteria(state, policy, sight):
        if each.standing is Standing.UNKNOWN:
            complain(f"not known: {each.text}: {each.why}")
    return seen_open(state, policy, sight)


def _reopen(commands: Commands) -> None:
    parser = add_command(
        commands, "reopen", lambda a: record(a, c.Reopen(reason=clean(" ".join(a.reason))), resolved=True)
    )
    parser.add_argument("reason", nargs="+", help="why")
    with_incident(parser)
