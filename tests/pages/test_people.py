"""Who is on call: read completely, kept owner-only, and still there when the pager is not."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pagerduty_case import HTML, TOKEN, backend, fault_of
from pagerduty_spec import needs_spec, problems_of_request

from iccon.clock import SystemClock
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.faults import FaultKind
from iccon.pages.people import Duty, Person, Roster, contacts
from iccon.pages.roster import RosterFile, RosterSource
from iccon.text import clean

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token=TOKEN) as server:
        yield server


def roster(server: PagerDutyServer, known: dict[str, Person] | None = None, **config: Any) -> Roster:
    return backend(server, **config).roster(NOW, known or {})


def asked(server: PagerDutyServer, part: str) -> int:
    return sum(part in call.path for call in server.calls)


def oncalls(server: PagerDutyServer, *rows: Any, more: bool = False) -> None:
    body = json.dumps({"oncalls": rows, "more": more}).encode()
    server.fail(Fault("answer", path="/oncalls", status=200, body=body, times=None))


def row(key: str = "U1", **values: Any) -> dict[str, Any]:
    user = {"id": key, "type": "user", "name": f"Name {key}", "email": f"{key}@example.com"}
    return {"user": user, "escalation_policy": {"summary": "Web"}, "escalation_level": 1} | values


def test_those_on_call_come_first_with_number_and_level(server: PagerDutyServer) -> None:
    found = contacts(roster(server), NOW)
    now = [c for c in found if c.on_now]
    assert [(c.duty.level, c.duty.schedule) for c in now] == [(1, "Primary"), (2, "Secondary")]
    assert all(c.person.phones[0].startswith("+44 1632960") and "@" in c.person.email for c in found)
    assert [c.on_now for c in found] == sorted((c.on_now for c in found), reverse=True)


def test_numbers_are_asked_for_once_a_person_and_a_day(server: PagerDutyServer) -> None:
    first = roster(server)
    assert asked(server, "/users/") == len(first.people)
    again = roster(server, first.people)
    assert asked(server, "/users/") == len(first.people)
    assert again.people == first.people
    aged = {key: Person(p.id, p.name, p.email, p.phones, NOW - timedelta(days=2)) for key, p in first.people.items()}
    roster(server, aged)
    assert asked(server, "/users/") == 2 * len(first.people)


def test_numbers_that_cannot_be_read_are_said_and_earlier_ones_stay(server: PagerDutyServer) -> None:
    old = {key: Person(p.id, p.name, p.email, p.phones) for key, p in roster(server).people.items()}
    server.fail(Fault("answer", path="/users/", status=403, times=None))
    found = roster(server, old)
    assert "telephone numbers could not be read: forbidden" in found.notices[0]
    assert {p.phones for p in found.people.values()} == {p.phones for p in old.values()}


def test_a_thousand_turns_are_listed_and_more_for_ever_ends(server: PagerDutyServer) -> None:
    oncalls(server, *(row(f"U{i}") for i in range(100)), more=True)
    found = roster(server)
    assert "first 1,000 turns" in found.notices[0]
    assert asked(server, "/oncalls") == 10
    assert asked(server, "/users/") <= 60


@pytest.mark.parametrize("body", [HTML, b"{}", b'{"oncalls": 3}', b"[]", b"null"])
def test_an_answer_of_another_kind_is_a_fault(server: PagerDutyServer, body: bytes) -> None:
    server.fail(Fault("answer", path="/oncalls", status=200, body=body, times=None))
    assert fault_of(lambda: roster(server)).kind is FaultKind.BAD_ANSWER


def test_rows_of_any_shape_are_survived(server: PagerDutyServer) -> None:
    strange = [{}, None, 3, {"user": None}, {"user": {"id": "U1"}, "escalation_level": "x", "start": 4}]
    oncalls(server, *strange, row("U2", escalation_policy=None, schedule=[], end="never"))
    found = roster(server)
    assert [(d.person, d.policy, d.level, d.start, d.end) for d in found.duties] == [
        ("U1", "(no policy)", 0, None, None),
        ("U2", "(no policy)", 1, None, None),
    ]


def test_names_cannot_drive_the_terminal(server: PagerDutyServer) -> None:
    oncalls(server, row(user={"id": "U1", "name": "Eve\x1b]0;x\x07\nRoot", "email": "e\x9b31m@x"}))
    (person,) = roster(server).people.values()
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in person.name + person.email)


@needs_spec
def test_requests_and_answers_are_as_published(server: PagerDutyServer) -> None:
    roster(server)
    problems = [
        problem
        for call in server.calls
        for problem in problems_of_request(call.method, call.path, call.query, call.headers, b"")
    ]
    assert problems == []
    assert {call.path.split("/")[1] for call in server.calls} == {"oncalls", "users"}


times = st.one_of(st.none(), st.integers(-200, 200).map(lambda hours: NOW + timedelta(hours=hours)))
duties = st.builds(Duty, st.sampled_from("ABC"), st.sampled_from(["web", "db"]).map(clean), st.integers(1, 3))
turns = st.builds(lambda d, s, e: Duty(d.person, d.policy, d.level, d.schedule, s, e), duties, times, times)


@given(st.lists(turns), st.sampled_from("AB"))
def test_nobody_whose_turn_is_over_is_named_and_nobody_else_is_missing(found: list[Duty], known: str) -> None:
    people = {key: Person(key, clean(key)) for key in ("C", known)}
    shown = contacts(Roster(NOW, tuple(found), people), NOW)
    left = [d for d in found if d.person in people and (d.end is None or d.end > NOW)]
    assert sorted(map(repr, left)) == sorted(repr(c.duty) for c in shown)
    assert all(c.on_now == (c.duty.start is None or c.duty.start <= NOW) for c in shown)


def test_the_copy_is_owner_only_and_outlives_the_pager(server: PagerDutyServer, tmp_path: Path) -> None:
    file = RosterFile(tmp_path / "new" / "oncall.json")
    known = RosterSource(backend(server), file, SystemClock()).poll()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.load() == known
    server.fail(Fault("reset", times=None))
    fault = fault_of(RosterSource(backend(server), file, SystemClock()).poll)
    assert fault.partial == known
    assert [path.name for path in file.path.parent.iterdir()] == ["oncall.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"at": 3}', b"[" * 100_000, b"\xff"])
def test_a_copy_that_cannot_be_read_is_no_copy(tmp_path: Path, content: bytes) -> None:
    file = RosterFile(tmp_path / "oncall.json")
    file.path.write_bytes(content)
    assert file.load() is None


def test_a_full_disk_hides_no_answer_and_watchers_write_nothing(server: PagerDutyServer, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert RosterSource(backend(server), RosterFile(blocked / "oncall.json"), SystemClock()).poll().duties
    watched = RosterFile(tmp_path / "oncall.json")
    assert RosterSource(backend(server), watched, SystemClock(), keep=False).poll().duties
    assert not watched.path.exists()
