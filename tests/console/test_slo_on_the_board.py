"""Objectives on the board: a column as wide as the signals let it be, a line for the chosen service, its troubles."""

import math
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from running import config_of, declared, do_before, running, setting_in
from widgetmakers import HOSTILE, START, Gallery, board

from iccon.config import schema
from iccon.console.fit import length
from iccon.console.slo import Objectives, column_spans, make_room, standing_detail
from iccon.console.verdicts import LOOKS
from iccon.console.widgets.board import BoardView, columns_of
from iccon.faults import FaultKind, SourceFault
from iccon.feed.model import Source
from iccon.incident import commands as c
from iccon.incident.severity import Severity
from iccon.signals.model import Instant
from iccon.signals.slo import Objective, Reading, Rule, Series, SloBoard, Standing, read, standing
from iccon.text import clean

NOW = START.timestamp()
OBJECTIVE = Objective("avail", clean("checkout"), 0.999, 2_592_000, "q[$window]", "main", (Rule(3_600, 300, 0.02),))


def objective(ratio: float, window: float | None = 0.00038, service: str = "checkout", name: str = "avail") -> Standing:
    """Return an objective that burns at `ratio`, over its window at another, None: not known."""
    over = read(Instant(()), NOW) if window is None else Reading(window, NOW)
    found = {300: Reading(ratio, NOW), 3_600: Reading(ratio, NOW), 2_592_000: over}
    series = Series(60, {round(NOW / 60) - i: ratio for i in range(60)}, NOW)
    return standing(replace(OBJECTIVE, service=clean(service), name=name), found, series)


def text(found: Standing, width: int, now: float = NOW, ascii_only: bool = False) -> str:
    return "".join(part for part, _ in column_spans(found, width, now, ascii_only)).rstrip()


@pytest.mark.parametrize(
    ("found", "texts"),
    [
        (objective(0.02), ["✗", "✗", "✗62%", "✗ 62%", "✗ 20x 62%", "✗ bad 20x 62%"]),
        (objective(0.0, 0.00112), ["▲", "▲", "▲out", "▲ out", "▲ 0x out", "▲ warn 0x out"]),
        (objective(0.0, None), ["∅", "∅", "∅", "∅", "∅ no data", "∅ no data"]),
    ],
)
def test_the_column_says_what_fits_and_the_sign_always(found: Standing, texts: list[str]) -> None:
    assert [text(found, width) for width in (1, 3, 4, 5, 9, 13)] == texts


def test_what_is_too_old_is_stale_with_what_was_left() -> None:
    assert text(objective(0.02), 15, NOW + 121) == "◷ stale 62%"
    assert text(objective(0.02), 15, NOW + 121, ascii_only=True) == "~ stale 62%"


@given(st.floats(0, 1), st.none() | st.floats(0, 1), st.integers(1, 20), st.booleans(), st.sampled_from([0, 1_000]))
def test_the_column_fills_its_width(ratio: float, over: float | None, width: int, plain: bool, later: int) -> None:
    found = objective(ratio, over)
    spans = column_spans(found, width, NOW + later, plain)
    assert length(spans) == width
    assert spans[0][0].startswith(LOOKS[found.verdict_at(NOW + later)].sign(plain))


@given(st.integers(20, 240), st.integers(1, 40), st.integers(1, 4))
def test_the_signals_lose_no_word_and_no_value_to_the_column(width: int, longest: int, count: int) -> None:
    _, before = columns_of(longest, count, width)
    after, column = make_room(before)
    assert sum(after) + (column + 1 if column else 0) == sum(before)
    assert 0 <= column <= 15
    for kept in (17, 13, 10):  # way, word, value
        if min(before) >= (21 if kept == 17 else kept):
            assert min(after) >= kept


@pytest.mark.parametrize("longest", range(4, 29))
def test_at_80x24_no_cell_loses_a_character_that_it_had(longest: int) -> None:
    _, before = columns_of(longest, 4, 77)
    after, column = make_room(before)
    assert column >= 1
    assert min(after) >= 14


def test_everything_is_said_in_one_line() -> None:
    shown = Objectives(None, NOW - 600, None)
    line = "".join(part for part, _ in standing_detail((objective(0.02), objective(0)), shown, NOW))
    assert line == (
        "checkout slo ✗ bad 62% of budget left; incident spent 0.2 of 43.2 min (0.5%); "
        "1h 20x, 5m 20x (limit 14.4x); avail, 1 more"
    )
    line = "".join(part for part, _ in standing_detail((objective(0.0, 0.0012),), Objectives(), NOW, True))
    assert line == "checkout slo ^ warn budget EXHAUSTED (120% spent); 1h 0x, 5m 0x (limit 14.4x); avail"
    line = "".join(part for part, _ in standing_detail((objective(0.0, None),), shown, NOW))
    assert "budget left not known" in line
    assert line.endswith("30d: no data; avail")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_harmless(name: str) -> None:
    line = "".join(part for part, _ in standing_detail((objective(0.02, name=name),), Objectives(), NOW))
    assert "\x1b" not in line
    assert "\n" not in line


async def test_the_cursor_goes_on_to_the_objectives() -> None:
    view = BoardView(id="board")
    async with Gallery([view]).run_test(size=(120, 12)) as pilot:
        slo = SloBoard((objective(0.02), objective(0.0, service="search")), (clean("mind the gap"),))
        view.show(board(), NOW, slo=Objectives(slo, NOW - 600))
        view.focus()
        await pilot.press("home", *["right"] * 9)
        lines = [view.line(y).text.rstrip() for y in range(view.area.height)]
        assert lines[0].split()[-1] == "slo"
        assert lines[1].endswith("✗ 20x 62%") or "62%" in lines[1]
        assert (view.chosen, view.chosen_service) == (None, "checkout")
        assert "checkout slo ✗ bad 62% of budget left; incident spent" in lines[-1]
        assert any("mind the gap" in line for line in lines)
        await pilot.press("left")
        lines = [view.line(y).text for y in range(view.area.height)]
        assert view.chosen == ("checkout", "saturation")
        assert "checkout saturation" in lines[-2]
        assert "checkout slo" in lines[-1]
        view.show(board(), NOW)
        await pilot.press("right")
        assert view.chosen == ("checkout", "saturation")
        assert "slo" not in view.line(0).text


async def test_a_row_turns_stale_without_a_new_answer() -> None:
    view = BoardView(id="board")
    async with Gallery([view]).run_test(size=(200, 12)):
        told, slo = board(), Objectives(SloBoard((objective(0.0),)))
        view.show(told, NOW, slo=slo)
        assert "✓ ok 0x 62%" in view.line(1).text
        view.show(told, NOW + 130, slo=slo)
        assert "◷ stale 62%" in view.line(1).text


def refusing() -> None:
    raise SourceFault(FaultKind.REFUSED, "nothing listens")


async def test_objectives_that_cannot_be_read_are_said_where_they_would_be(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of(signals=schema.Signals()))
    declared(setting)
    sources = [Source("signals", board, 5.0, 5.0), Source("slo", refusing, 5.0, 5.0)]
    async with running(setting, sources=sources, size=(160, 40)) as console:
        await console.until_incident()
        await console.until(lambda: "! slo: refused since" in console.shown())
        assert "checkout" in console.shown()  # the board goes on


async def test_the_minutes_an_incident_spent_count_from_its_impact(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of(signals=schema.Signals()))
    began = setting.clock.now() - timedelta(minutes=30)
    do_before(setting, c.Declare(title="Checkout fails", severity=Severity.SEV2), c.StartImpact(scope="all", at=began))
    now = setting.clock.now().timestamp()
    lasting = Series(60, {math.floor(now / 60) - i: 1.0 for i in range(200)}, now)
    slo = SloBoard((replace(objective(0.02), at=now, left_at=now, series=lasting),))
    sources = [Source("signals", lambda: board(now), 5.0, 5.0), Source("slo", lambda: slo, 5.0, 5.0)]
    async with running(setting, sources=sources, size=(200, 50)) as console:
        await console.until_incident()
        await console.until(lambda: "✗ 20x 62%" in console.shown())
        console.one(BoardView).focus()
        await console.press("home")
        found = re.search(r"incident spent ([\d.]+) of 43.2 min", console.shown())
        assert found is not None
        assert 28.5 <= float(found[1]) <= 30
