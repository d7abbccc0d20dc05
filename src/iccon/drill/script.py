"""The course of a drill: what has happened so far, and what happens in the next second. Pure.

Times are scenario seconds. The course is worked out second by second, so that it does not depend on how often
somebody looks: only acknowledgements and mitigations come from outside.
"""

import math
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from iccon.drill.metrics import value
from iccon.drill.scenario import Crossing, PageScript, Scenario

CALM = 10  # seconds below its threshold after which a page resolves


class Course(Struct, frozen=True):
    """What has happened up to scenario second `t`. The dicts map page names to scenario seconds."""

    t: int = -1
    triggered: dict[str, float] = {}
    acknowledged: dict[str, float] = {}
    resolved: dict[str, float] = {}
    mitigated_at: float | None = None
    mitigated_by: str = ""
    tried: tuple[tuple[float, str, bool], ...] = ()  # when, which verb, whether it was the right one


class What(StrEnum):
    """What a driver has to do."""

    TRIGGER = "trigger"
    RESOLVE = "resolve"
    MITIGATED = "mitigated"
    RECOVERED = "recovered"


class Step(Struct, frozen=True):
    """Something that happens at scenario second `at`; `name` is a page's, or the mitigation's."""

    what: What
    name: str
    at: float


def advance(
    scenario: Scenario, seed: int, course: Course, t: float, *, automatic: bool = True
) -> tuple[Course, tuple[Step, ...]]:
    """Return the course up to scenario second `t`, and what happened on the way.

    `automatic`: the colleague who acknowledged the key page mitigates in time, without being asked.
    """
    done: list[Step] = []
    for second in range(course.t + 1, math.floor(t) + 1):
        course = replace(course, t=second)
        due = list(_at(scenario, seed, course, second))
        if automatic and _colleague_acts(scenario, course, second):
            due.append(Step(What.MITIGATED, scenario.mitigation.name, second))
        for step in due:
            done.append(step)
            course = _with(course, step)
    return course, tuple(done)


def acknowledge(course: Course, page: str, t: float) -> Course:
    """Return the course with the page acknowledged; the first acknowledgement counts."""
    return replace(course, acknowledged={page: t, **course.acknowledged})


def resolve(course: Course, page: str, t: float) -> Course:
    """Return the course with the page resolved (by a person)."""
    return replace(course, resolved={page: t, **course.resolved})


def mitigate(scenario: Scenario, course: Course, verb: str, t: float, by: str) -> Course:
    """Return the course after somebody did `verb`: the right one ends the fault, any other changes nothing."""
    right = verb == scenario.mitigation.name and t >= scenario.fault_at and course.mitigated_at is None
    course = replace(course, tried=(*course.tried, (t, verb, right)))
    return replace(course, mitigated_at=t, mitigated_by=by) if right else course


def recovered_at(scenario: Scenario, course: Course) -> float | None:
    """Return when the last signal is back to normal, or None where nothing was mitigated."""
    return None if course.mitigated_at is None else course.mitigated_at + scenario.mitigation.recovery


def _with(course: Course, step: Step) -> Course:
    if step.what is What.TRIGGER:
        return replace(course, triggered={**course.triggered, step.name: step.at})
    if step.what is What.RESOLVE:
        return resolve(course, step.name, step.at)
    if step.what is What.MITIGATED:
        return replace(course, mitigated_at=step.at, mitigated_by="the colleague who acknowledged the page")
    return course


def _at(scenario: Scenario, seed: int, course: Course, second: int) -> Iterator[Step]:
    for page in scenario.pages:
        if page.name not in course.triggered:
            if _fires(scenario, seed, course, page, second):
                yield Step(What.TRIGGER, page.name, second)
        elif page.name not in course.resolved and _is_over(scenario, seed, course, page, second):
            yield Step(What.RESOLVE, page.name, second)
    end = recovered_at(scenario, course)
    if end is not None and second - 1 < end <= second:
        yield Step(What.RECOVERED, scenario.mitigation.name, second)


def _colleague_acts(scenario: Scenario, course: Course, second: int) -> bool:
    acknowledged = course.acknowledged.get(scenario.mitigation.page)
    if course.mitigated_at is not None or acknowledged is None:
        return False
    return second >= max(acknowledged + scenario.mitigation.delay, scenario.fault_at)


def _fires(scenario: Scenario, seed: int, course: Course, page: PageScript, second: int) -> bool:
    if page.when is None:
        return page.at is not None and second >= page.at
    span = range(second, second - math.ceil(page.when.lasting) - 1, -1)
    return all(_above(scenario, seed, course, page, page.when, t) for t in span)


def _is_over(scenario: Scenario, seed: int, course: Course, page: PageScript, second: int) -> bool:
    if page.clears_after is not None:
        return second >= course.triggered[page.name] + page.clears_after
    end = recovered_at(scenario, course)
    if page.when is None:
        return end is not None and second >= end
    return not any(_above(scenario, seed, course, page, page.when, t) for t in range(second, second - CALM, -1))


def _above(scenario: Scenario, seed: int, course: Course, page: PageScript, when: Crossing, t: float) -> bool:
    found = value(scenario, seed, when.service or page.service, when.signal, t, course.mitigated_at)
    return found is not None and found > when.above
