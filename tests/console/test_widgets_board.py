import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from widgetmakers import HOSTILE, START, Gallery, board

from iccon.console.figures import age_text, elapsed_text
from iccon.console.fit import length
from iccon.console.verdicts import LOOKS
from iccon.console.widgets.board import NONE, WAITING, BoardView, cell_spans, columns_of
from iccon.signals.board import judge
from iccon.signals.model import About, Board, Cell, Samples, SignalSpec, Unit, Verdict, Window, Windows
from iccon.text import clean
from iccon.when import span_text

NOW = START.timestamp()
FLOATS = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))


def shown(view: BoardView) -> list[str]:
    return [view.line(y).text.rstrip() for y in range(view.area.height)]


@given(
    st.sampled_from(Verdict),
    FLOATS,
    st.one_of(st.none(), st.floats(0, 4e9)),
    st.sampled_from(Unit),
    st.sampled_from(HOSTILE),
    st.integers(1, 60),
    st.booleans(),
)
def test_a_cell_fills_its_width_whatever_it_holds(verdict, value, at, unit, fault, width, ascii_only):
    cell = Cell(clean("s"), "latency", unit, verdict, value, at, 1.0, 2.0, clean(fault))
    spans = cell_spans(cell, width, NOW, ascii_only, recent=(1.0, math.nan, 2.0))
    assert length(spans) == width
    if width >= 3:
        assert spans[0][0].startswith(LOOKS[verdict].sign(ascii_only))


def test_eight_verdicts_have_eight_signs_words_and_styles():
    looks = [LOOKS[v] for v in Verdict]
    for part in ("glyph", "plain", "word", "style"):
        assert len({getattr(look, part) for look in looks}) == 8


@pytest.mark.parametrize("width", [16, 24, 40])
def test_the_word_stands_beside_the_sign(width):
    for verdict in Verdict:
        cell = Cell(clean("s"), "latency", Unit.SECONDS, verdict, 1.5, NOW - 90)
        text = "".join(t for t, _ in cell_spans(cell, width, NOW))
        assert LOOKS[verdict].word in text or "not a number" in text or "1m" in text


def test_stale_keeps_its_value_and_its_age():
    cell = Cell(clean("s"), "latency", Unit.SECONDS, Verdict.STALE, 1.5, NOW - 250)
    assert "".join(t for t, _ in cell_spans(cell, 24, NOW)).strip() == "◷ stale 1.5s 4m old"
    assert "".join(t for t, _ in cell_spans(cell, 10, NOW)).strip() == "◷ 1.5s 4m"
    assert "".join(t for t, _ in cell_spans(cell, 8, NOW)).strip() == "◷ 1.5s"


def test_zero_no_data_and_nan_differ():
    def text(verdict, value):
        return "".join(t for t, _ in cell_spans(Cell(clean("s"), "e", Unit.RATIO, verdict, value), 20, NOW)).strip()

    assert text(Verdict.OK, 0.0) == "✓ ok   0%"
    assert text(Verdict.NO_DATA, None) == "∅ no data"
    assert text(Verdict.NOT_A_NUMBER, math.nan) == "? not a number"


@pytest.mark.parametrize("width", [20, 38, 46, 78, 118, 198])
def test_columns_fill_the_width(width):
    service, sizes = columns_of(17, 4, width)
    assert service + sum(sizes) + len(sizes) == width or width < 28


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 36), (200, 50)])
async def test_everything_on_the_board_is_there(size):
    view = BoardView()
    async with Gallery([view]).run_test(size=size):
        view.show(board(), NOW)
        text = "\n".join(shown(view))
        assert all(name in text for name in ("lat", "traffic", "err", "sat"))
        assert all(sign in text for sign in "✓▲✗◷∅?!")
        assert "! error refused" in text  # the fault of a whole service stands in its row
        assert ("⣿" in text or "⣶" in text) == (size[0] >= 120)


async def test_what_is_wrong_is_said_where_the_data_would_be():
    view = BoardView()
    async with Gallery([view]).run_test(size=(50, 8)):
        view.show(None, NOW)
        assert shown(view)[0].strip() == WAITING
        view.show(None, NOW, "no Prometheus is configured: `iccon init` writes a configuration to begin with")
        assert " ".join(line.strip() for line in shown(view)).strip().startswith("no Prometheus is configured")
        view.show(Board((), ("latency",), {}), NOW)
        assert shown(view)[0].strip() == NONE
        view.show(board(), NOW, "refused [/x] \x1b[2J")
        assert shown(view)[0].strip() == "! refused [/x] ␛[2J"


async def test_the_cursor_is_on_a_cell():
    view = BoardView()
    async with Gallery([view]).run_test(size=(120, 12)) as pilot:
        view.show(board(), NOW)
        assert view.chosen is None
        view.focus()
        await pilot.press("down", "right", "right")
        assert view.chosen == ("payments-gateway", "errors")
        assert view.chosen_service == "payments-gateway"
        assert "payments-gateway errors ✓ ok 0.12%" in shown(view)[-1]
        await pilot.press("right", "right", "right", "left", "left", "left", "left", "left")
        assert view.chosen == ("payments-gateway", "latency")
        view.show(board(), NOW + 60)
        assert view.chosen == ("payments-gateway", "latency")
        view.show(None, NOW)
        assert view.chosen is None


@pytest.mark.parametrize(("share", "words"), [(0.5, "50% up"), (0.0, "down")])
@pytest.mark.parametrize(("width", "ascii_only"), [(80, True), (200, False)])
async def test_targets_that_are_down_stand_behind_the_services_name(share, words, width, ascii_only):
    view, sign = BoardView(ascii_only=ascii_only), "v" if ascii_only else "▽"
    targets = Window(SignalSpec("up", "q", "main", Unit.RATIO), {clean("checkout"): Samples((NOW,), (share,))}, NOW)
    signal = Window(SignalSpec("latency", "q", "main", Unit.SECONDS))
    windows = Windows(tuple(replace(signal, spec=replace(signal.spec, name=n)) for n in board().signals), 900, 15)
    async with Gallery([view]).run_test(size=(width, 12)) as pilot:
        view.show(replace(board(), windows=replace(windows, targets=targets)), NOW)
        row = next(line for line in shown(view) if "check" in line[:6])
        assert f" {sign} {words} " in row
        view.focus()
        await pilot.press("home")
        assert f"checkout latency targets {sign} {words} " in shown(view)[-1]
        await pilot.resize_terminal(50, 12)
        for _ in range(200):  # a loaded machine takes its time
            if view.size.width <= 50:
                break
            await pilot.pause(0.05)
        assert f"… {sign} {'X' if ascii_only else '✗'} " in shown(view)[1]  # no figure that is cut off


async def test_a_servers_warning_stays_in_view_while_a_cell_is_chosen():
    view = BoardView()
    async with Gallery([view]).run_test(size=(120, 12)) as pilot:
        view.show(replace(board(), warnings=(clean("traffic: results are partial"),)), NOW)
        assert "results are partial" in shown(view)[-1]
        view.focus()
        await pilot.press("down")
        assert "results are partial" in shown(view)[-2]
        assert "payments-gateway latency" in shown(view)[-1]


async def test_a_cell_says_where_it_went_since_the_incident_began():
    spec = SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5, bad=2.0)
    times = tuple(NOW - 20 + n for n in range(20))
    windows = Windows((Window(spec, {clean("api"): Samples(times, (0.2,) * 10 + (3.0,) * 10)}, NOW),), 60, 1)
    view = BoardView()
    async with Gallery([view]).run_test(size=(120, 12)) as pilot:
        view.show(judge(windows, NOW), NOW, since=NOW - 10)
        assert "↗" in shown(view)[1]
        view.focus()
        await pilot.press("down")
        assert "worse since it began" in shown(view)[-1]
        view.show(judge(windows, NOW), NOW)
        assert "↗" not in shown(view)[1]
        assert "since the incident" not in shown(view)[-1]


async def test_only_what_differs_is_painted():
    painted = []

    class Counting(BoardView):
        def render_line(self, y):
            painted.append(y)
            return super().render_line(y)

    view = Counting()
    async with Gallery([view]).run_test(size=(120, 12)) as pilot:
        view.show(board(), NOW)
        await pilot.pause()
        painted.clear()
        view.show(board(NOW + 1), NOW + 1)
        await pilot.pause()
        assert painted == []
        changed = board(NOW)
        cells = {**changed.cells, ("search", "errors"): changed.cells["checkout", "errors"]}
        view.show(replace(changed, cells=cells), NOW)
        await pilot.pause()
        assert painted == [3]


async def test_hostile_names_and_faults():
    names = tuple(clean(text) or "(blank)" for text in HOSTILE)
    cells = {(n, "latency"): Cell(n, "latency", Unit.SECONDS, Verdict.ERROR, fault=clean(n)) for n in names}
    view = BoardView()
    async with Gallery([view]).run_test(size=(80, 24)) as pilot:
        view.show(Board(tuple(dict.fromkeys(names)), ("latency", "[/x]"), cells, names), NOW, HOSTILE[5])
        view.focus()
        await pilot.press("down", "right", "end")
        assert all(view.line(y).cell_length == 80 for y in range(24))


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_ages_never_raise(seconds):
    assert age_text(seconds)
    assert span_text(seconds)


def test_ages_read_well():
    assert [age_text(s) for s in (0, 59, 60, 3599, 3600, 90000, -60)] == ["0s", "59s", "1m", "59m", "1h", "1d", "ahead"]
    assert [span_text(s) for s in (5, 65, 3700, 90000)] == ["5s", "1m05s", "1h01m", "1d01h"]
    assert elapsed_text(timedelta(seconds=462)) == "0:07:42"
    assert elapsed_text(timedelta(days=3, seconds=5)) == "3d 00:00:05"


async def test_rows_do_not_move_while_a_person_is_at_them_and_move_when_the_list_is_left():
    view, other = BoardView(), BoardView()
    async with Gallery([view, other]).run_test(size=(120, 24)) as pilot:
        view.show(board(), NOW)
        view.focus()
        await pilot.press("down")
        order, chosen = list(view.keys), view.chosen
        worse = replace(board(), services=(*board().services[2:], *board().services[:2]))
        gone = replace(worse, services=tuple(s for s in worse.services if s != order[4]))
        for found, rows in ((worse, order), (gone, [s for s in order if s != order[4]]), (worse, None)):
            view.show(found, NOW)
            if rows is not None:
                assert list(view.keys) == rows
            assert (view.chosen, view.keys.index(order[1])) == (chosen, 1)
            assert view.waiting > 0
        other.focus()
        await pilot.pause()
        assert (list(view.keys), view.waiting, view.chosen) == (list(worse.services), 0, chosen)


async def test_one_key_lets_held_rows_move_and_then_orders_by_tier():
    view = BoardView()
    async with Gallery([view]).run_test(size=(120, 24)) as pilot:
        known = board()
        about = {clean("search"): About(1), clean("mail"): About(2)}
        known = replace(known, windows=replace(known.windows, about=about))
        view.show(known, NOW)
        view.focus()
        await pilot.pause()
        turned = replace(known, services=known.services[::-1])
        view.show(turned, NOW)
        chosen = view.chosen
        expected = [list(turned.services), ["search", "mail", "session-store"], list(turned.services)]
        for rows in expected:
            view.next_order()
            assert list(view.keys)[: len(rows)] == rows
            assert view.chosen == chosen
        view.show(replace(known, services=known.services), NOW + 1)
        assert view.waiting


async def test_pages_turn_while_nobody_is_at_a_row_and_show_every_service():
    view = BoardView()
    async with Gallery([view]).run_test(size=(120, 10)) as pilot:
        names = tuple(clean(f"s{n:02}") for n in range(20))
        known = board()
        cells = {(n, s): known.cells["search", s] for n in names for s in known.signals}
        view.show(replace(known, services=names, cells=cells), NOW)
        await pilot.pause()
        seen, pages = set(), []
        for _ in range(3):
            seen.update(line[1:4] for line in shown(view)[1:])
            pages.append(view.page)
            view.turn()
            await pilot.pause()
        assert seen == set(names)
        assert pages == ["1-9 of 20", "10-18 of 20", "12-20 of 20"]
        assert view.page == pages[0]
        view.focus()
        await pilot.press("home")
        view.turn()
        assert view.scroll_offset.y == 0
        view.show(known, NOW)
        assert view.page == ""


async def test_the_detail_says_whose_service_it_is():
    view = BoardView()
    async with Gallery([view]).run_test(size=(120, 24)) as pilot:
        known = board()
        about = {clean("checkout"): About(1, clean("team payments"))}
        view.show(replace(known, windows=replace(known.windows, about=about)), NOW)
        view.focus()
        await pilot.pause()
        assert "checkout latency (tier 1, owner team payments)" in shown(view)[-1]
