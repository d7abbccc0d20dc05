import random
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from widgetmakers import HOSTILE, START, Gallery, entry, history, machine

from iccon.console.widgets.lines_of_time import Rows
from iccon.console.widgets.timeline import NONE, TimelineView
from iccon.incident.entries import Amended, Entry, Note, Struck
from iccon.incident.fold import Ledger
from iccon.incident.timeline import Timeline


def note(number: int, text: str = "") -> Entry:
    return entry(number, Note(text=text or f"note {number}"))


def shown(view: TimelineView) -> list[str]:
    return [view.line(y).text.rstrip() for y in range(view.area.height)]


class Story:
    """A ledger with its timeline in a view."""

    def __init__(self, view: TimelineView, made: list[Entry]) -> None:
        self.view = view
        self.ledger = Ledger("i")
        self.ledger.extend(made)
        view.show(Timeline(self.ledger))

    def add(self, *made: Entry) -> None:
        self.view.extend(self.ledger.extend(made))


async def test_it_follows_its_end_until_the_reader_moves_up():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(60, 10)) as pilot:
        story = Story(view, [note(n) for n in range(30)])
        view.focus()
        await pilot.pause()
        assert view.following and view.chosen is None
        assert "note 29" in shown(view)[-1]
        story.add(note(30))
        assert "note 30" in shown(view)[-1]
        await pilot.press("up")
        assert not view.following
        assert view.chosen is not None and view.chosen.text == "note 30"
        await pilot.press("up", "up", "pageup")
        before = shown(view)[1]
        story.add(note(31), note(32), note(33))
        await pilot.pause()
        assert shown(view)[1] == before
        assert "3 new below" in "\n".join(shown(view))
        await pilot.press("end")
        await pilot.pause()
        assert view.following
        assert "note 33" in shown(view)[-1]
        assert "new below" not in "\n".join(shown(view))


async def test_down_from_the_last_row_follows_again():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(60, 10)) as pilot:
        Story(view, [note(n) for n in range(3)])
        view.focus()
        await pilot.press("up")
        assert view.chosen is not None and view.chosen.text == "note 2"
        await pilot.press("down")
        assert view.following and view.chosen is None
        await pilot.press("down", "pagedown")
        assert view.following


async def test_the_wheel_holds_the_view_and_the_end_follows():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(60, 10)) as pilot:
        story = Story(view, [note(n) for n in range(50)])
        await pilot.pause()
        view.scroll_to(y=5, animate=False)
        assert not view.following
        top = shown(view)[1]
        story.add(note(50))
        await pilot.pause()
        assert shown(view)[1] == top
        view.scroll_to(y=1000, animate=False)
        await pilot.pause()
        assert view.following


async def test_machine_entries_are_folded_and_counted():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(90, 40)) as pilot:
        Story(view, history())
        view.focus()
        text = "\n".join(shown(view))
        assert "+ 12 machine entries" in text
        assert "+ 2 machine entries" in text
        assert "14 machine entries folded (m)" in text
        assert text.count("checkout latency ok -> bad") == 1  # a single one is not folded
        await pilot.press("m")
        text = "\n".join(shown(view))
        assert text.count("checkout latency ok -> bad") == 15
        assert "folded" not in text
        await pilot.press("m")
        assert "+ 12 machine entries" in "\n".join(shown(view))
        await pilot.press("home", "down", "down")
        assert view.chosen is None  # the row of a fold is no entry
        await pilot.press("enter")
        assert "\n".join(shown(view)).count("checkout latency ok -> bad") == 14
        assert view.chosen is not None and view.chosen.kind == "verdict"
        await pilot.press("down", "down", "m", "m")
        assert view.chosen_key is not None  # it went to the row that folds the entry
        assert "+ 12 machine entries" in "\n".join(shown(view))


async def test_late_amended_and_struck_are_words():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(100, 40)):
        Story(view, history())
        text = "\n".join(shown(view))
        assert "[late 10m00s] customer impact started" in text
        assert "[struck] acknowledge page" in text
        assert "[amended] support has 14 tickets, all from the EU" in text


async def test_a_correction_shows_on_the_line_it_corrects():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(80, 20)) as pilot:
        made = [note(n) for n in range(5)]
        story = Story(view, made)
        view.focus()
        await pilot.press("up", "up", "up")
        assert view.chosen is not None and view.chosen.id == made[2].id
        story.add(entry(10, Struck(target=made[2].id, reason="wrong")))
        assert view.chosen.id == made[2].id
        assert view.chosen.struck == "wrong"
        assert "[struck] note 2" in "\n".join(shown(view))
        story.add(entry(11, Amended(target=made[3].id, happened_at=START - timedelta(hours=1))))
        assert "note 3" in shown(view)[1]
        assert view.chosen.id == made[2].id


async def test_the_whole_text_of_the_chosen_entry_is_readable():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(60, 20)) as pilot:
        Story(view, [note(0, "word " * 30 + "END"), note(1)])
        view.focus()
        await pilot.press("home")
        assert "END" in "\n".join(shown(view))
        assert view.line(1).text.rstrip().endswith("…")


async def test_times_are_in_the_zone_and_the_zone_is_named():
    view = TimelineView(ZoneInfo("Asia/Kathmandu"))
    async with Gallery([view]).run_test(size=(60, 20)):
        Story(view, [note(0)])
        assert "times in +0545" in shown(view)[0]
        assert "19:48:05" in shown(view)[1]
        Story(view, [note(0), note(3000)])  # 16 hours and 40 minutes later: another day there
        assert "11-24 19:48:05" in shown(view)[1]
        assert "11-25 12:28:05" in shown(view)[2]


async def test_nothing_yet():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(60, 8)) as pilot:
        view.show(None)
        view.focus()
        await pilot.press("up", "down", "end", "m", "enter", "pageup")
        assert shown(view)[0].strip() == NONE
        Story(view, []).add(note(0))
        assert "note 0" in "\n".join(shown(view))


async def test_many_entries_are_read_lazily():
    read = []

    class Lazy(Timeline):
        def item(self, one):
            read.append(one.id)
            return super().item(one)

    ledger = Ledger("i")
    ledger.extend(note(n) if n % 5 else machine(n) for n in range(20_000))
    view = TimelineView()
    async with Gallery([view]).run_test(size=(80, 24)) as pilot:
        view.show(Lazy(ledger))
        view.focus()
        await pilot.press("up", "pageup", "home", "end")
        await pilot.pause()
        assert len(set(read)) < 200


async def test_choose_id_finds_folded_entries_too():
    view = TimelineView()
    made = history()
    async with Gallery([view]).run_test(size=(80, 24)):
        Story(view, made)
        assert view.choose_id(made[14].id)
        assert view.chosen is not None and view.chosen.id == made[14].id
        assert view.choose_id(made[5].id)
        assert view.chosen is None
        assert not view.choose_id("nowhere")


@pytest.mark.parametrize("size", [(20, 3), (38, 8), (80, 24)])
async def test_hostile_entries(size):
    view = TimelineView()
    made = [entry(n, Note(text=text), actor=text, late=300) for n, text in enumerate(HOSTILE)]
    made += [entry(50 + n, Struck(target=made[n].id, reason=text)) for n, text in enumerate(HOSTILE)]
    async with Gallery([view]).run_test(size=size) as pilot:
        Story(view, made)
        view.focus()
        for _ in range(14):
            view.action_move(-1)
        await pilot.pause()
        lines = [view.line(y) for y in range(view.area.height)]
        assert all(line.cell_length == view.area.width for line in lines)
        assert not any(ord(c) < 32 for line in lines for c in line.text)


@pytest.mark.parametrize("seed", range(30))
def test_rows_grown_step_by_step_are_the_rows_made_at_once(seed):
    rng = random.Random(seed)
    order: list[Entry] = []
    grown = Rows(unfolded=rng.random() < 0.2)
    for number in range(60):
        made = machine(number) if rng.random() < 0.6 else note(number)
        if rng.random() < 0.15 and order:
            order.insert(rng.randrange(len(order)), made)
        else:
            order.append(made)
        if rng.random() < 0.7:
            grown.update(order)
    grown.update(order)
    fresh = Rows(grown.unfolded)
    fresh.rebuild(order)
    assert (grown.keys, grown.starts, grown.folded) == (fresh.keys, fresh.starts, fresh.folded)


@pytest.mark.parametrize("keys", ["mm", "bb", "mbmb", "bmbm"])
async def test_rows_that_are_kept_for_a_key_are_those_made_anew(keys):
    view, fresh = TimelineView(), TimelineView()
    async with Gallery([view, fresh]).run_test(size=(90, 40)) as pilot:
        story = Story(view, history())
        view.focus()
        for number, key in enumerate(keys):
            await pilot.press(key)
            at = START - timedelta(minutes=number)
            story.add(entry(100 + 2 * number, Note(text="late"), at=at, late=9_000), machine(101 + 2 * number))
        await pilot.press(*keys)
        fresh.show(Timeline(story.ledger))
        assert (list(view.keys), view.rows_of.starts) == (list(fresh.keys), fresh.rows_of.starts)
        view.choose_key(view.keys[3])
        assert view.chosen is None or view.chosen.id == view.keys[3]


async def test_what_was_found_is_turned_to_the_other_order():
    view = TimelineView()
    async with Gallery([view]).run_test(size=(90, 40)) as pilot:
        story = Story(view, [note(n) for n in range(5)])
        story.add(entry(9, Note(text="note of old"), at=START - timedelta(hours=1), late=3_900))
        view.focus()
        view.find("note")
        await pilot.pause()
        assert view.filtered
        assert "note of old" in shown(view)[1]
        await pilot.press("b")
        assert [line.split()[-1] for line in shown(view)[1:7]] == ["0", "1", "2", "3", "4", "old"]


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 30))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_fuzz_the_chosen_entry_changes_by_keys_alone(seed):
    rng = random.Random(seed)
    view = TimelineView()
    async with Gallery([view]).run_test(size=(60, 12)) as pilot:
        made = [note(n) for n in range(5)]
        story = Story(view, made)
        view.focus()
        for number in range(5, 40):
            before = view.chosen
            fresh = machine(number) if rng.random() < 0.4 else note(number)
            if rng.random() < 0.2:
                fresh = entry(number, Struck(target=rng.choice(made).id, reason="x"))
            elif rng.random() < 0.3:
                fresh = entry(number, Note(text=f"old {number}"), at=START - timedelta(seconds=number))
            story.add(fresh)
            made.append(fresh)
            after = view.chosen
            assert (after and after.id) == (before and before.id) or after is None
            if rng.random() < 0.6:
                await pilot.press(rng.choice(["up", "down", "pageup", "home", "end", "m", "enter"]))
