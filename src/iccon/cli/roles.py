"""roles: who holds which role, since when, and what each does.

With --json: incident, posts [{role, title, person, since, needed, team, lead}], reports {person: [person]}, warnings,
cards {role: {checklist, callout}}. These names are promises.
"""

import argparse
from typing import TYPE_CHECKING, Any

from iccon.cli.output import complain, say, say_json, table
from iccon.cli.parsing import OK, USAGE, Commands, add_command, with_incident
from iccon.cli.session import session
from iccon.incident.organisation import Post, posts, reports, warnings
from iccon.incident.roles import Role

if TYPE_CHECKING:
    from iccon.cli.session import Session
    from iccon.config.rolecards import RoleCard


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "roles", _do_roles)
    parser.add_argument("role", nargs="?", choices=[str(role) for role in Role], help="print what this role does")
    with_incident(parser)


def _do_roles(args: argparse.Namespace) -> int:
    from iccon.config.rolecards import role_cards

    with session(args, read_only=True) as opened:
        cards, problems = role_cards(opened.setting.folders)
        if args.role and not args.json:
            say("\n".join(f"- {step}" for step in cards[args.role].checklist))
        else:
            _say_board(opened, cards)
    for problem in problems:
        complain(problem.said)
    return USAGE if problems else OK


def _say_board(opened: "Session", cards: "dict[str, RoleCard]") -> None:
    state, policy = opened.ledger().state, opened.desk.policy
    found, wrong = posts(state, policy), warnings(state, policy)
    if opened.args.json:
        facts: dict[str, Any] = {"incident": state.incident, "posts": [_facts(post) for post in found]}
        say_json(facts | {"reports": reports(state), "warnings": wrong, "cards": cards})
        return
    table([_row(post, opened) for post in found], ("role", "who", "since"))
    for warning in wrong:
        say(f"! {warning}")


def _facts(post: Post) -> dict[str, Any]:
    person, since = (post.held.person, post.held.since) if post.held else ("", None)
    return {
        "role": post.role,
        "title": post.title,
        "person": person,
        "since": since,
        "needed": post.needed,
        "team": post.team,
        "lead": post.lead,
    }


def _row(post: Post, opened: "Session") -> tuple[str, ...]:
    if post.held is None:
        return post.title, "NEEDED, nobody" if post.needed else "nobody", ""
    return post.title, post.held.person, opened.clock_text(post.held.since)
