"""Sub-teams: people who work on one thing under a lead of their own. Pure."""

from msgspec.structs import replace

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.ruling import Context, Outcome, Refusal, one, unreadable
from iccon.incident.state import Member, State
from iccon.text import clean


def put(state: State, command: c.PutInTeam, ctx: Context) -> Outcome:
    """Put a person into a sub-team, as its lead or not, or take them out."""
    team, person = clean(command.team.strip(), 40), command.person.strip().removeprefix("@")
    if refused := unreadable("the team", team) or unreadable("the person", person):
        return refused
    now = next((member for member in state.teams.get(team, ()) if member.person == person), None)
    if command.leaves and now is None:
        return Refusal("no_member", f"{person} is not in team {team}", "`iccon roles` shows who is")
    if not command.leaves and now is not None and now.lead == command.lead:
        return Refusal("unchanged", f"{person} is in team {team} already")
    return one(state, ctx, e.TeamSet(team=team, person=person, lead=command.lead, left=command.leaves), command.at)


def placed(state: State, entry: e.Entry, body: e.TeamSet) -> State:
    """Know who is in a sub-team; a new lead takes the old one's place, who stays. A team without people is gone."""
    others = [member for member in state.teams.get(body.team, ()) if member.person != body.person]
    if body.lead:
        others = [replace(member, lead=False) for member in others]
    own = () if body.left else (Member(body.person, entry.happened_at, body.lead),)
    members = tuple(sorted([*others, *own], key=lambda member: not member.lead))
    teams = {name: held for name, held in state.teams.items() if name != body.team}
    return replace(state, teams=teams | ({body.team: members} if members else {}))
