"""What a template may say about an incident, taken from its state. Pure."""

from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase
from iccon.incident.state import State
from iccon.incident.timers import elapsed, impact
from iccon.incident.update_rules import NAMED, named
from iccon.text import clean

EXTERNAL = frozenset((Audience.CUSTOMER,))  # audiences that are told neither names nor guesses

DOING: dict[Phase, str] = {
    Phase.INVESTIGATING: "investigating the cause",
    Phase.IDENTIFIED: "working on a fix; the cause is known",
    Phase.MONITORING: "watching the recovery",
    Phase.RESOLVED: "done; the incident is resolved",
}


class Facts(Struct, frozen=True):
    """The names that a template can use. Times are texts that name their zone; what is not known is empty.

    For an external audience `commander` is empty, and `theory` too unless it is confirmed.
    """

    title: str
    severity: str
    phase: str
    doing: str
    services: tuple[str, ...]
    services_text: str
    impact: str
    impact_minutes: int
    elapsed: str
    began: str
    ended: str
    now: str
    next_update: str
    next_minutes: int
    commander: str
    theory: str
    theory_confirmed: bool
    audience: str
    drill: bool


def facts(
    state: State,
    now: datetime,
    zone: tzinfo,
    next_minutes: int | None = None,
    audience: Audience = Audience.CUSTOMER,
) -> Facts:
    """Return the facts of `state` at `now` (aware), with times in `zone`; `next_minutes` is what will be promised."""
    began = min((i.started for i in state.impacts), default=state.declared_at or now)
    external, theory = audience in EXTERNAL, state.theory
    known = theory if theory and (theory.confirmed or not external) else None
    services = tuple(clean(service, 100) for service in state.services[:NAMED])
    return Facts(
        title=clean(state.title),
        severity=str(state.severity),
        phase=str(state.phase),
        doing=DOING[state.phase],
        services=services,
        services_text=named(services),
        impact=_scope(state),
        impact_minutes=round(impact(state, now).total_seconds() / 60),
        elapsed=span(elapsed(state, now)),
        began=at(began, zone, now),
        ended=at(state.resolved_at, zone, now) if state.resolved_at else "",
        now=at(now, zone, now),
        next_update=at(now + timedelta(minutes=next_minutes), zone, now) if next_minutes else "",
        next_minutes=next_minutes or 0,
        commander="" if external else clean(state.holder(Role.COMMANDER), 200),
        theory=clean(known.text, 1000).rstrip(".") if known else "",
        theory_confirmed=known is not None and known.confirmed,
        audience=str(audience),
        drill=state.drill,
    )


def _scope(state: State) -> str:
    """Return what customers notice: the open segment's scope, else the last one's."""
    scopes = [i.scope for i in state.impacts if i.stopped is None and i.scope] or [
        i.scope for i in state.impacts if i.scope
    ]
    return clean(scopes[-1], 1000).rstrip(".") if scopes else ""


def span(time: timedelta) -> str:
    """Return a duration in words: `47 min`, `2 h 5 min`, `1 d 3 h`."""
    minutes = max(int(time.total_seconds()) // 60, 0)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def at(time: datetime, zone: tzinfo, now: datetime) -> str:
    """Return a time with its zone, and with its date where that is not today's: `14:35 CET`."""
    local = time.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local:%Y-%m-%d} "
    return f"{day}{local:%H:%M} {_zone_name(local)}"


def _zone_name(local: datetime) -> str:
    """Return `CET`; `UTC+05:45` for a zone that has no letters of its own."""
    name = local.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{local:%z}"[:6] + f":{local:%z}"[:1] + f"{local:%z}"[3:5]
