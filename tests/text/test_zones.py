"""Local times in every zone of the database: at both changes of the clocks, at midnight, on leap days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest

from iccon import when
from iccon.when import Said, TimeProblem

ZONES = when.zone_names()
SECOND = timedelta(seconds=1)
naive = datetime.fromisoformat  # what a clock on the wall shows, without a zone


def offset(at: datetime, zone: tzinfo) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


def changes(zone: tzinfo, year: int) -> Iterator[datetime]:
    """Yield each instant of `year` from which on clocks in `zone` are set otherwise, to the second."""
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        low, high = at, at + timedelta(days=9)
        at = high
        if offset(low, zone) == offset(high, zone):
            continue
        while high - low > SECOND:
            middle = low + ((high - low) / 2 // SECOND) * SECOND
            low, high = (middle, high) if offset(middle, zone) == offset(low, zone) else (low, middle)
        yield high


def read(local: datetime, zone: tzinfo) -> Said | TimeProblem | None:
    """Read a plain clock time as somebody who types it at the end of that day in `zone`."""
    now = datetime.combine(local.date(), naive("2000-01-01T23:59:59").time())
    return when.parse(f"{local:%H:%M:%S} x", (when.instants_of(now, zone) or [now.replace(tzinfo=zone)])[-1], zone)


def both(problem: TimeProblem) -> list[datetime]:
    """Return the instants that a question offers, each as it reads when it is typed."""
    words = problem.hint.removeprefix("which one: ").removesuffix("?").split(" or ")
    found = [when.moment(word, datetime(2100, 1, 1, tzinfo=UTC), UTC) for word in words]
    return [at for at in found if isinstance(at, datetime)]


def check_change(at: datetime, zone: tzinfo) -> None:
    before, after = offset(at - SECOND, zone), offset(at, zone)
    old, new = (at - SECOND).astimezone(zone).replace(tzinfo=None) + SECOND, at.astimezone(zone).replace(tzinfo=None)
    first, last = min(old, new), max(old, new)
    for local in (first, first + (last - first) / 2, last - SECOND):
        if local.date() != new.date():
            continue  # of the day before: `yesterday` asks the same
        answer = read(local.replace(microsecond=0), zone)
        assert isinstance(answer, TimeProblem), (zone, local)
        if after > before:
            assert "did not exist" in answer.reason
        else:
            assert "came twice" in answer.reason
            earlier, later = both(answer)
            assert (later - earlier, offset(earlier, zone), offset(later, zone)) == (before - after, before, after)
    for local in (first - SECOND, last):
        if local.date() == new.date():
            answer = read(local, zone)
            assert isinstance(answer, Said), (zone, local)
            assert [answer.at] == when.instants_of(local, zone)


def test_at_every_change_of_the_clocks_of_every_zone_nothing_is_guessed() -> None:
    found = 0
    for name in ZONES:
        zone = when.zone_of(name)
        for at in changes(zone, 2026):
            check_change(at, zone)
            found += 1
    assert found > 300  # some 190 names have summer time, each with two changes


@pytest.mark.parametrize("year", [2011, 1995, 1987])  # Samoa, Kiribati skip a day
def test_the_oddest_years_of_the_oddest_zones(year: int) -> None:
    for name in ("Pacific/Apia", "Pacific/Kiritimati", "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns"):
        zone = when.zone_of(name)
        for at in changes(zone, year):
            check_change(at, zone)


@pytest.mark.parametrize("day", [naive("2026-07-01"), naive("2028-02-29"), naive("2028-03-01"), naive("2026-12-31")])
def test_what_a_clock_shows_is_read_as_that_day_of_its_zone(day: datetime) -> None:
    for name in ZONES:
        zone = when.zone_of(name)
        for clock in ("00:00:00", "00:00:01", "12:00:00", "23:59:59"):
            local = datetime.combine(day, naive(f"2000-01-01T{clock}").time())
            answer = read(local, zone)
            if isinstance(answer, TimeProblem):  # the clocks of this zone changed that day
                assert len(when.instants_of(local, zone)) != 1, (name, local)
            else:
                assert answer is not None
                assert answer.at.astimezone(zone).replace(tzinfo=None) == local


@pytest.mark.parametrize("name", ["Etc/GMT+5", "Etc/GMT-10"])  # UTC-5 and UTC+10, as the database calls them
def test_days_end_where_the_clock_is_not_at_greenwich(name: str) -> None:
    zone = when.zone_of(name)
    midnight = datetime(2028, 3, 1, tzinfo=zone)
    for back in (timedelta(seconds=-1), timedelta(), timedelta(seconds=1)):
        now = (midnight + back).astimezone(UTC)
        today = now.astimezone(zone).date()
        assert today == (date(2028, 2, 29) if back < timedelta() else date(2028, 3, 1))
        before = when.moment("yesterday 23:59:59", now, zone)
        assert before == datetime.combine(today, naive("2000-01-01").time(), zone).astimezone(UTC) - SECOND
        assert when.moment("00:00", now, zone) == before + SECOND if isinstance(before, datetime) else None
        due = when.day(today.isoformat(), now, zone)
        assert isinstance(due, when.Day)
        assert due.ends.astimezone(zone).replace(tzinfo=None) == datetime.combine(
            today, naive("2000-01-01T23:59:59").time()
        )
        assert isinstance(when.day((today - timedelta(days=1)).isoformat(), now, zone), TimeProblem)
        assert when.stamp(now, zone, day=True).startswith(today.isoformat())


def test_a_leap_day_is_a_day_and_no_other_year_has_one() -> None:
    now = datetime(2028, 3, 1, 12, tzinfo=UTC)
    assert when.moment("2028-02-29T23:59Z", now, UTC) == datetime(2028, 2, 29, 23, 59, tzinfo=UTC)
    assert when.moment("yesterday 08:00", now, UTC) == datetime(2028, 2, 29, 8, tzinfo=UTC)
    assert when.moment("-1d", now, UTC) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert isinstance(when.moment("2027-02-29T08:00Z", now, UTC), TimeProblem)
    assert isinstance(when.day("2029-02-29", now, UTC), TimeProblem)
    assert isinstance(when.day("2032-02-29", now, UTC), when.Day)


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_what_is_written_for_a_person_to_change_reads_as_itself_about_both_changes(name: str) -> None:
    zone = when.zone_of(name)
    for at in changes(zone, 2026):
        for minutes in range(-90, 91, 15):
            instant = at + timedelta(minutes=minutes)
            now = instant + timedelta(hours=1)
            assert when.moment(when.written(instant, now, zone), now, zone) == instant
