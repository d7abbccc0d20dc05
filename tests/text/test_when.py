"""The time grammar: what is understood, what is asked about, and that nothing is guessed."""

import time
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from iccon import when
from iccon.when import Said, TimeProblem

naive = datetime.fromisoformat  # what a clock on the wall shows, without a zone
BERLIN = when.zone_of("Europe/Berlin")
NOW = datetime(2026, 11, 24, 13, 10, 5, tzinfo=UTC)  # 14:10:05 in Berlin
DECLARED = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
ZONES = st.sampled_from(when.zone_names())
INSTANTS = st.datetimes(naive("1980-01-01"), naive("2037-12-31"), timezones=st.just(UTC))


def said(text: str) -> str | None:
    """Read `text` at NOW in Berlin and return the time as UTC."""
    answer = when.parse(text, NOW, BERLIN, DECLARED)
    return f"{answer.at:%m-%d %H:%M:%S}|{answer.text}" if isinstance(answer, Said) else None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("-12m deploy began", "11-24 12:58:05|deploy began"),
        ("-12min", "11-24 12:58:05|"),
        ("-1h30m", "11-24 11:40:05|"),
        ("-45s x", "11-24 13:09:20|x"),
        ("-2d", "11-22 13:10:05|"),
        ("−5m typographic minus", "11-24 13:05:05|typographic minus"),
        ("14:03 first alert", "11-24 13:03:00|first alert"),
        ("9:05 short", "11-24 08:05:00|short"),
        ("14:03:20", "11-24 13:03:20|"),
        ("14:03: with a colon", "11-24 13:03:00|with a colon"),
        ("14:03+02:00 east", "11-24 12:03:00|east"),
        ("05:03-0800 west", "11-24 13:03:00|west"),
        ("13:03Z x", "11-24 13:03:00|x"),
        ("13:03 UTC x", "11-24 13:03:00|x"),
        ("14:03 CET x", "11-24 13:03:00|x"),
        ("yesterday 23:50 calm", "11-23 22:50:00|calm"),
        ("Yesterday 23:50Z", "11-23 23:50:00|"),
        ("T+5m x", "11-24 13:05:00|x"),
        ("t-10m x", "11-24 12:50:00|x"),
        ("2026-11-24T13:03Z x", "11-24 13:03:00|x"),
        ("2026-11-24 14:03:20.5+01:00 x", "11-24 13:03:20|x"),
        ("  -1m  spaces  ", "11-24 13:09:05|spaces"),
    ],
)
def test_times_that_are_understood(text: str, at: str) -> None:
    assert said(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "- a dash",
        "-12",
        "-12 degrees",
        "T+",
        "T+5",
        "yesterday it was calm",
        "10:1 ratio",
        "1:1 meeting",
        "x -12m",
    ],
)
def test_text_that_begins_with_no_time(text: str) -> None:
    assert when.parse(text, NOW, BERLIN, DECLARED) is None
    assert when.split(text) == ("", text.strip())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("15:00 x", "still to come"),
        ("23:59", "still to come"),
        ("T+1h", "still to come"),
        ("2027-01-01T00:00Z", "still to come"),
        ("25:00 x", "is no time"),
        ("14:60 x", "is no time"),
        ("2026-02-30T10:00Z", "is no time"),
        ("0001-01-01T00:00+14:00", "is no time"),
        ("14:03-14:10 a range", "is no time"),
        ("2026-11-24 13:03 x", "a date needs its zone"),
        ("2:03pm x", "not a time as written"),
        ("2:03 PM x", "not a time as written"),
        ("14:03+2 x", "not a time as written"),
        ("14:03:2 x", "not a time as written"),
        ("14:03h x", "not a time as written"),
        ("14:03 PST x", "PST is not the zone of this screen"),
    ],
)
def test_times_that_are_asked_about(text: str, reason: str) -> None:
    answer = when.parse(text, NOW, BERLIN, DECLARED)
    assert isinstance(answer, TimeProblem), answer
    assert reason in answer.reason
    assert answer.hint


def test_t_needs_a_declaration() -> None:
    assert isinstance(when.parse("T+5m", NOW, BERLIN), TimeProblem)


def test_a_future_clock_time_points_at_yesterday() -> None:
    answer = when.parse("23:58 x", NOW, BERLIN)
    assert isinstance(answer, TimeProblem)
    assert answer.hint == "did you mean yesterday 23:58?"


def test_the_hour_that_comes_twice_is_asked_about_and_each_answer_works() -> None:
    now = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)
    answer = when.parse("02:30 x", now, BERLIN)
    assert isinstance(answer, TimeProblem)
    first, second = answer.hint.removeprefix("which one: ").removesuffix("?").split(" or ")
    assert when.moment(first, now, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert when.moment(second, now, BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert when.moment("02:30 CEST", now, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert when.moment("02:30 CET", now, BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_hour_that_does_not_exist_is_said_not_to() -> None:
    answer = when.parse("02:30 x", datetime(2026, 3, 29, 12, 0, tzinfo=UTC), BERLIN)
    assert isinstance(answer, TimeProblem)
    assert "did not exist" in answer.reason


def test_moment_takes_nothing_but_a_time() -> None:
    assert when.moment("-12m", NOW, BERLIN) == NOW - timedelta(minutes=12)
    assert isinstance(when.moment("-12m and more", NOW, BERLIN), TimeProblem)
    assert isinstance(when.moment("soon", NOW, BERLIN), TimeProblem)


@given(INSTANTS, ZONES, st.integers(0, 86_399))
def test_a_clock_time_is_one_of_the_instants_that_show_it_or_a_problem(now: datetime, name: str, second: int) -> None:
    zone = when.zone_of(name)
    clock = (naive("2000-01-01") + timedelta(seconds=second)).time()
    there = [at for at in when.instants_of(datetime.combine(now.astimezone(zone).date(), clock), zone) if at <= now]
    answer = when.parse(f"{clock:%H:%M:%S} x", now, zone)
    if isinstance(answer, Said):
        assert there == [answer.at]
    else:
        assert isinstance(answer, TimeProblem)
        everywhere = when.instants_of(datetime.combine(now.astimezone(zone).date(), clock), zone)
        assert len(everywhere) != 1 or not there


@given(INSTANTS, ZONES)
def test_what_is_shown_can_be_typed_back(at: datetime, name: str) -> None:
    zone = when.zone_of(name)
    at = at.replace(microsecond=0)
    assume(not at.astimezone(zone).strftime("%z")[5:])  # no offsets with seconds: they ended in 1972
    assert when.moment(when.iso(at, zone), at, zone) == at
    assert when.moment(when.iso(at), at, zone) == at


@given(INSTANTS, ZONES)
def test_every_instant_is_among_those_its_clock_shows(at: datetime, name: str) -> None:
    zone = when.zone_of(name)
    shown = when.instants_of(at.astimezone(zone).replace(tzinfo=None), zone)
    assert at in shown
    assert len(shown) <= 2


@given(st.text(max_size=40), INSTANTS)
def test_no_text_raises_and_the_rest_is_kept(text: str, now: datetime) -> None:
    answer = when.parse(text, now, BERLIN, now)
    if isinstance(answer, Said):
        assert answer.at <= now
        assert text.strip().endswith(answer.text)


@given(st.from_regex(r"\A(-|T\+|T-)?([0-9]{1,4}[dhms]){1,4} ?x?\Z"), INSTANTS)
def test_spans_never_raise(text: str, now: datetime) -> None:
    when.parse(text, now, BERLIN, now)


@pytest.mark.parametrize("name", ["Etc/GMT+5", "Etc/GMT-10", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_yesterday_is_the_zones_own_day(name: str) -> None:
    zone = when.zone_of(name)
    for hour in range(24):
        now = datetime(2028, 3, 1, hour, 30, tzinfo=UTC)  # the day after a leap day
        at = when.moment("yesterday 12:00", now, zone)
        assert isinstance(at, datetime)
        assert at.astimezone(zone).date() == now.astimezone(zone).date() - timedelta(days=1)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe", "europe/berlni", "x\x00y"]
)
def test_zones_that_do_not_exist(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        when.zone_of(name)


@pytest.fixture
def machine_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[tzinfo]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield when.zone_of("local")
    monkeypatch.undo()
    time.tzset()


def test_the_machines_zone_agrees_with_the_database(machine_zone: tzinfo) -> None:
    new_york = zoneinfo.ZoneInfo("America/New_York")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    while at.year == 2026:
        assert at.astimezone(machine_zone).replace(tzinfo=None) == at.astimezone(new_york).replace(tzinfo=None)
        assert at.astimezone(machine_zone).astimezone(UTC) == at
        assert when.stamp(at, machine_zone) == when.stamp(at, new_york)
        at += timedelta(minutes=437)


def test_the_machines_zone_knows_both_changes(machine_zone: tzinfo) -> None:
    assert len(when.instants_of(naive("2026-11-01T01:30"), machine_zone)) == 2
    assert when.instants_of(naive("2026-03-08T02:30"), machine_zone) == []
    assert len(when.instants_of(naive("2026-03-08T03:30"), machine_zone)) == 1


def test_every_shown_time_names_its_zone() -> None:
    assert when.stamp(NOW, BERLIN) == "14:10:05 CET"
    assert when.stamp(NOW, UTC, day=True) == "2026-11-24 13:10:05 UTC"
    assert when.iso(NOW) == "2026-11-24T13:10:05Z"
    assert when.iso(NOW, BERLIN) == "2026-11-24T14:10:05+01:00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0s"), (12.9, "12s"), (59, "59s"), (60, "1m"), (200, "3m"), (3599, "59m"), (3600, "1h00m")),
        *((7505, "2h05m"), (86_399, "23h59m"), (86_400, "1d00h"), (273_700, "3d04h"), (-90, "-1m"), (-0.5, "0s")),
    ],
)
def test_spans_in_few_characters(seconds: float, text: str) -> None:
    assert when.ago(seconds) == text
