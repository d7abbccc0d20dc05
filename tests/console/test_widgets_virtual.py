import random
from collections.abc import Sequence

import pytest
from textual.strip import Strip
from widgetmakers import HOSTILE, Gallery

from iccon.console.widgets.virtual import VirtualList


class Counting(VirtualList):
    """Counts the lines it paints, and keeps what it said."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.lines_painted: list[int] = []
        self.said: list[str | None] = []

    def render_line(self, y: int) -> Strip:
        self.lines_painted.append(y)
        return super().render_line(y)

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        self.said.append(event.key)


class Framed(Counting):
    def header(self, width: int):
        return [[("HEAD", "head")]]

    def footer(self, width: int):
        return [[(f"FOOT {self.chosen_key}", "dim")]]


def names(count: int) -> list[str]:
    return [f"row {i}" for i in range(count)]


def shown(rows: VirtualList) -> list[str]:
    return [rows.line(y).text.rstrip() for y in range(rows.area.height)]


def marked(rows: VirtualList) -> str | None:
    """The row that the screen shows as chosen."""
    found = [line[1:] for line in shown(rows) if line.startswith("▌")]
    assert len(found) <= 1
    return found[0] if found else None


async def test_keys_move_and_a_move_repaints_two_lines():
    rows = Counting()
    async with Gallery([rows]).run_test(size=(40, 10)) as pilot:
        rows.set_rows(names(100_000))
        rows.focus()
        await pilot.pause()
        assert rows.chosen_key == "row 0"  # coming here is choosing
        await pilot.press("down", "j")
        assert rows.chosen_key == "row 2"
        await pilot.pause()
        rows.lines_painted.clear()
        await pilot.press("down")
        await pilot.pause()
        assert sorted(set(rows.lines_painted)) == [2, 3]
        await pilot.press("up", "k")
        assert rows.chosen_key == "row 1"
        await pilot.press("pagedown")
        assert rows.chosen_key == "row 10"
        await pilot.press("G")
        assert rows.chosen_key == "row 99999"
        assert shown(rows)[-1] == "▌row 99999"
        await pilot.press("home")
        assert shown(rows)[0] == "▌row 0"


async def test_a_refresh_with_nothing_new_paints_nothing():
    rows = Counting()
    async with Gallery([rows]).run_test(size=(40, 10)) as pilot:
        rows.set_rows(names(50))
        await pilot.pause()
        await pilot.pause()  # the scroll bar came: a second layout
        rows.lines_painted.clear()
        rows.set_rows(names(50))
        rows.touch()
        await pilot.pause()
        assert rows.lines_painted == []


async def test_the_choice_stays_on_its_key_and_its_line():
    rows = Counting()
    async with Gallery([rows]).run_test(size=(40, 10)) as pilot:
        rows.set_rows(names(50))
        rows.focus()
        rows.choose(15)
        line = shown(rows).index("▌row 15")
        rows.set_rows(["new a", "new b", *names(50)])
        await pilot.pause()
        assert rows.chosen_key == "row 15"
        assert shown(rows).index("▌row 15") == line


async def test_a_chosen_row_that_goes_leaves_nothing_chosen():
    rows = Counting()
    async with Gallery([rows]).run_test(size=(40, 10)) as pilot:
        rows.set_rows(["a", "b", "c"])
        rows.focus()
        await pilot.press("down")
        rows.set_rows(["a", "c"])
        await pilot.pause()
        assert rows.chosen_key is None
        assert rows.said[-1] is None
        assert shown(rows)[1] == "┆c"  # where it was
        rows.set_rows(["a", "b", "c"])
        assert rows.chosen_key is None  # it came back: still nobody chose it
        rows.set_rows(["a", "c"])
        await pilot.press("down")
        assert rows.chosen_key == "c"  # the row below the gap


@pytest.mark.parametrize(("key", "expected"), [("up", "a"), ("down", "c"), ("home", "a"), ("end", "d")])
async def test_from_a_gap_keys_choose_its_neighbours(key, expected):
    rows = Counting()
    async with Gallery([rows]).run_test(size=(40, 10)) as pilot:
        rows.set_rows(["a", "b", "c", "d"])
        rows.focus()
        await pilot.press("down")
        rows.set_rows(["a", "c", "d"])
        await pilot.press(key)
        assert rows.chosen_key == expected


async def test_the_last_row_goes_and_up_chooses_the_new_last():
    rows = Counting()
    async with Gallery([rows]).run_test(size=(40, 10)) as pilot:
        rows.set_rows(["a", "b", "c"])
        rows.focus()
        await pilot.press("end")
        rows.set_rows(["a", "b"])
        await pilot.press("up")
        assert rows.chosen_key == "b"
        rows.set_rows([])
        await pilot.press("up", "down", "end", "pageup")
        assert rows.chosen_key is None


async def test_header_and_footer_do_not_scroll():
    rows = Framed()
    async with Gallery([rows]).run_test(size=(40, 6)) as pilot:
        rows.set_rows(names(20))
        rows.focus()
        await pilot.press("end")
        assert shown(rows) == ["HEAD", " row 16", " row 17", " row 18", "▌row 19", "FOOT row 19"]
        await pilot.press("home")
        assert shown(rows) == ["HEAD", "▌row 0", " row 1", " row 2", " row 3", "FOOT row 0"]


async def test_a_click_chooses_and_two_activate():
    activated = []

    class Watching(Framed):
        def on_virtual_list_activated(self, event: VirtualList.Activated) -> None:
            activated.append(event.key)

    rows = Watching()
    async with Gallery([rows]).run_test(size=(40, 8)) as pilot:
        rows.set_rows(names(20))
        await pilot.click(rows, offset=(3, 3))
        assert rows.chosen_key == "row 2"
        await pilot.click(rows, offset=(3, 0))
        assert rows.chosen_key == "row 2"  # the header is no row
        await pilot.click(rows, offset=(3, 4), times=2)
        assert activated == ["row 3"]


async def test_the_terminal_getting_focus_back_chooses_nothing():
    rows = Counting()
    async with Gallery([rows]).run_test(size=(40, 8)) as pilot:
        rows.focus()
        await pilot.pause()
        rows.set_rows(["a", "b"])
        app = pilot.app
        app.app_focus = False
        await pilot.pause()
        app.app_focus = True
        await pilot.pause()
        assert rows.chosen_key is None


async def test_the_wheel_does_not_move_the_choice_and_resizing_keeps_it_in_view():
    rows = Counting()
    async with Gallery([rows]).run_test(size=(40, 20)) as pilot:
        rows.set_rows(names(100))
        rows.focus()
        rows.choose(18)
        await pilot.resize_terminal(40, 6)
        await pilot.pause()
        assert marked(rows) == "row 18"
        rows.scroll_to(y=60, animate=False)
        await pilot.pause()
        assert rows.chosen_key == "row 18"
        assert marked(rows) is None
        rows.set_rows(["x", *names(100)])
        await pilot.pause()
        assert shown(rows)[0] == " row 60"  # what is read stays where it is


async def test_hostile_keys_are_rows_like_others():
    rows = Counting()
    async with Gallery([rows]).run_test(size=(30, 20)) as pilot:
        rows.set_rows(HOSTILE)
        await pilot.pause()
        assert all(rows.line(y).cell_length == 30 for y in range(20))
        assert not any(ord(c) < 32 for y in range(20) for c in rows.line(y).text)


async def test_ascii_has_marks_too():
    rows = Counting(ascii_only=True)
    async with Gallery([rows]).run_test(size=(30, 5)) as pilot:
        rows.set_rows(["a", "b"])
        await pilot.pause()
        assert shown(rows)[0] == ".a"
        rows.focus()
        await pilot.pause()
        assert shown(rows)[0] == ">a"


def _change(rng: random.Random, keys: Sequence[str], fresh: list[int]) -> list[str]:
    made = list(keys)
    for _ in range(rng.randint(0, 3)):
        what = rng.random()
        if what < 0.4 and made:
            made.pop(rng.randrange(len(made)))
        elif what < 0.8:
            fresh[0] += 1
            made.insert(rng.randint(0, len(made)), f"k{fresh[0]}")
        else:
            rng.shuffle(made)
    return made


SEEDS = [0, 1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 40))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_fuzz_no_action_ever_hits_a_row_that_was_not_chosen(seed):
    """Between any two keys the rows change at random. What an action would hit is a row a key chose, seen as chosen."""
    rng = random.Random(seed)
    rows, fresh = Framed(), [0]
    async with Gallery([rows]).run_test(size=(30, 8)) as pilot:
        rows.focus()
        await pilot.pause()
        keys: list[str] = []
        wanted: str | None = None  # the row that a key chose, as long as it is there
        for _ in range(30):
            keys = _change(rng, keys, fresh)
            rows.set_rows(keys)
            wanted = wanted if wanted in keys else None
            assert rows.chosen_key == wanted
            if rng.random() < 0.5:
                await pilot.pause()
                assert marked(rows) == wanted
            if rng.random() < 0.6:
                await pilot.press(rng.choice(["up", "down", "pageup", "pagedown", "home", "end"]))
                wanted = rows.chosen_key
                assert wanted in keys if keys else wanted is None
                await pilot.pause()
                assert marked(rows) == wanted
