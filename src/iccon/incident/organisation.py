"""Who commands whom: roles that are not filled, and who has too many people to lead. Pure."""

from msgspec import Struct

from iccon.incident.roles import TITLES, Role
from iccon.incident.severity import Policy
from iccon.incident.state import Holding, State
from iccon.incident.tasks import TaskKind, open_tasks

MOST_REPORTS = 7  # people whom one person can lead, as incident command has it
LEADS = (Role.DEPUTY, Role.SCRIBE, Role.COMMS, Role.OPERATIONS)


def unfilled(state: State, policy: Policy) -> tuple[Role, ...]:
    """Return the roles that the severity demands and nobody holds."""
    return tuple(role for role in policy.levels[state.severity].roles if not state.holder(role))


class Post(Struct, frozen=True):
    """One place on the role board: who holds it since when, None for nobody. `needed`: the severity demands it.

    A member of the sub-team `team` stands with the experts; one of each is its `lead`.
    """

    role: Role
    held: Holding | None
    needed: bool
    team: str = ""
    lead: bool = False

    @property
    def title(self) -> str:
        """The role as people say it; of a sub-team its name."""
        return f"Team {self.team}{', lead' if self.lead else ''}" if self.team else TITLES[self.role]


def posts(state: State, policy: Policy) -> list[Post]:
    """Return every role with its holder, every expert, and every sub-team with its people."""
    needed = policy.levels[state.severity].roles
    found = [Post(role, state.roles.get(role), role in needed) for role in Role if role is not Role.EXPERT]
    experts: tuple[Holding | None, ...] = state.experts or (None,)
    found += [Post(Role.EXPERT, held, Role.EXPERT in needed) for held in experts]
    members = ((team, member) for team, held in state.teams.items() for member in held)
    return found + [Post(Role.EXPERT, Holding(m.person, m.since), False, team, m.lead) for team, m in members]


def reports(state: State) -> dict[str, tuple[str, ...]]:
    """Return who reports to whom: leads to the commander, the people of a sub-team to its lead.

    Leads of sub-teams, experts and owners of open actions report to the operations lead, where there is none to the
    commander. Nobody reports to themselves, or twice.
    """
    commander = state.holder(Role.COMMANDER)
    leads = [state.holder(role) for role in LEADS]
    workers = [held.person for held in state.experts]
    workers += [task.owner for task in open_tasks(state.tasks) if task.what == TaskKind.ACTION]
    operations = state.holder(Role.OPERATIONS) or commander
    heads = {team: next((m.person for m in held if m.lead), operations) for team, held in state.teams.items()}
    teams = [(heads[team], [m.person for m in held if not m.lead]) for team, held in state.teams.items()]
    seen = {"", commander}
    found: dict[str, list[str]] = {}
    for boss, people in ((commander, leads), (operations, list(heads.values())), *teams, (operations, workers)):
        for person in people:
            if person not in seen and person != boss:
                seen.add(person)
                found.setdefault(boss, []).append(person)
    return {boss: tuple(people) for boss, people in found.items() if boss}


def warnings(state: State, policy: Policy) -> list[str]:
    """Return what is wrong with how the response is organised, the worst first."""
    if not state.active:
        return []
    missing = [TITLES[role] for role in unfilled(state, policy)]
    said = [f"{state.severity} needs: {', '.join(missing)}"] if missing else []
    many = {boss: len(people) for boss, people in reports(state).items() if len(people) > MOST_REPORTS}
    return said + [f"{count} people report to {boss}: more than {MOST_REPORTS}" for boss, count in many.items()]
