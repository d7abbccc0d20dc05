"""What is done to pages from the screen: bound to what was selected as the key was pressed, confirmed, counted."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from running import Running, config_of, declared, running, setting_in
from test_pages_on_screen import Pager, chosen, page, shows

from iccon.config import schema
from iccon.console.pagemenu import acts, fields, offered, preview
from iccon.console.safe import SafeOptions
from iccon.console.screens.form import Form
from iccon.console.screens.page import PageScreen
from iccon.console.widgets.pages import PagesView
from iccon.drill.pagerduty_api import PagerDutyServer
from iccon.faults import FaultKind, SourceFault
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident import page_verbs
from iccon.pages.model import Page
from iccon.pages.silences import hit
from iccon.text import clean

THREE = tuple(page(f"P{i}", f"Page number {i}") for i in range(1, 4))


async def refreshed(console: Running, pager: Pager, *idents: str) -> None:
    pager.pages = tuple(page(ident) for ident in idents)
    console.app.parts.feed.refresh("pages")
    await shows(console, *idents)


def number_of(verb: str, count: int = 1) -> str:
    """Return the key that chooses a verb in the menu."""
    return str([row.name for row in offered(THREE[:count], {})].index(verb) + 1)


async def done(console: Running) -> list[tuple[str, str, dict[str, str]]]:
    return [(b.verb, b.page.id, b.arguments) for b in await console.bodies(e.PageActed)]


async def test_an_action_is_confirmed_with_object_environment_and_effect(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of(environment="production"))
    declared(setting)
    pager = Pager(*THREE)
    async with running(setting, sources=[pager.source], ports=pager.ports, size=(80, 24)) as console:
        await chosen(console, "P1", "P2", "P3")
        await console.press("A")
        await console.until_modal(Form)
        await console.press(number_of("snooze"), "enter")
        await console.until(lambda: "Snooze?" in console.shown())
        for words in ("checkout: Page number 1  (pagerduty P1)", "in production", "nobody is paged before"):
            assert words in console.shown()
        await console.press("ctrl+u", *"soon", "enter")
        await console.until(lambda: "no span of time" in console.shown())
        assert await done(console) == []
        await console.press("ctrl+u", *"90m", "enter")
        await console.until_incident()
        assert await done(console) == [("snooze", "P1", {"seconds": "5400"})]
        await console.until(lambda: pager.sent == ["P1"])


async def test_the_menu_keeps_its_page_whatever_the_list_does_meanwhile(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    pager = Pager(*THREE)
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        view = await chosen(console, "P1", "P2", "P3")
        await console.press("down", "A")
        await console.until_modal(Form)
        pager.pages = (page("P9"), page("P1"))
        console.app.parts.feed.refresh("pages")
        await console.until(lambda: "pagerduty:P9" in view.pages)
        await console.press(number_of("resolve"), "enter")
        await console.until(lambda: "Resolve?" in console.shown())
        await console.press(*"rolled back", "enter")
        await console.until_incident()
        assert await done(console) == [("resolve", "P2", {"resolution": "rolled back"})]


async def test_escape_does_nothing(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    pager = Pager(*THREE)
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        await chosen(console, "P1", "P2", "P3")
        await console.press("A")
        await console.until_modal(Form)
        await console.press(number_of("resolve"), "enter")
        await console.until(lambda: "Resolve?" in console.shown())
        await console.press("escape")
        await console.until_incident()
        assert await done(console) == []


async def test_marks_survive_reordering_and_go_with_their_page(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    pager = Pager(*THREE)
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        view = await chosen(console, "P1", "P2", "P3")
        await console.press("space", "down", "space", "down")
        assert "2 of 3 marked" in console.shown()
        await refreshed(console, pager, "P3", "P2", "P8", "P1")
        assert [p.id for p in view.selected] == ["P2", "P1"]
        await refreshed(console, pager, "P3", "P8", "P1")
        assert [p.id for p in view.selected] == ["P1"]
        await refreshed(console, pager, "P2", "P3", "P1")  # it is not marked any more
        assert "1 of 3 marked" in console.shown()
        await console.press("space")  # the cursor is on P3
        await console.press("a")
        assert await done(console) == [("acknowledge", "P3", {}), ("acknowledge", "P1", {})]
        assert "marked" not in console.shown()
        await console.press("space", "backspace")
        assert not view.marks


async def test_what_did_not_succeed_of_many_is_one_notice(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    pager = Pager(*THREE)
    pager.fault = SourceFault(FaultKind.REJECTED, "the pager said no")
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        await chosen(console, "P1", "P2", "P3")
        await console.press("space", "down", "space", "a")
        await console.until(lambda: "FAILED 2 of 2: rejected: the pager said no" in console.notices())
        assert console.notices().count("FAILED") == 1


@pytest.mark.parametrize("seed", range(2))
async def test_no_action_hits_a_page_that_was_not_selected_as_the_key_was_pressed(tmp_path: Path, seed: int) -> None:
    rng, setting = random.Random(seed), setting_in(tmp_path)
    declared(setting)
    pager = Pager(*THREE)
    wanted: list[tuple[str, str]] = []
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        view = await chosen(console, "P1", "P2", "P3")
        for _ in range(25):
            move = rng.random()
            if move < 0.4:
                await refreshed(console, pager, *(f"P{i}" for i in rng.sample(range(6), rng.randint(0, 5))))
            elif move < 0.75:
                await console.press(rng.choice(["up", "down", "space"]))
            elif selected := [p.id for p in view.selected]:
                await console.press("A")
                await console.until_modal(Form)
                pager.pages = tuple(page(f"P{i}") for i in rng.sample(range(9), 4))
                console.app.parts.feed.refresh("pages")
                await console.press(number_of("urgency", 1), "enter")
                await console.until(lambda: "Urgency" in str(console.app.screen.query_one("#box").border_title))
                await console.press("enter")
                await console.until_incident()
                wanted += [("urgency", ident) for ident in selected]
                await console.until(lambda: [p.id for p in view.pages.values()] == [p.id for p in pager.pages])
        assert [(verb, ident) for verb, ident, _ in await done(console)] == wanted


async def test_without_a_page_or_a_write_path_nothing_opens(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press("A")
        assert "no page is chosen" in console.notices()
    pager = Pager(*THREE)
    async with running(setting_in(tmp_path, read_only=True), sources=[pager.source]) as console:
        await chosen(console, "P1", "P2", "P3")
        await console.press("A", "a")
        await console.settle()
        assert not isinstance(console.app.screen, Form)
        assert await done(console) == []


async def chosen_by_going_through(console: Running, options: SafeOptions) -> set[str | None]:
    """Go once through the menu; return what could be chosen, and stay at the running of a workflow."""
    found = set()
    for _ in range(options.option_count):
        found.add(options.chosen)
        await console.press("down")
    assert "responders" not in found
    while options.chosen != "workflow":
        await console.press("down")
    return found


async def test_the_menu_says_what_the_account_lacks(tmp_path: Path, server: PagerDutyServer) -> None:
    server.account.abilities.discard("coordinated_responding")
    server.trigger("disk", "db")
    server.trigger("also", "db")
    setting = setting_in(
        tmp_path,
        config_of(
            pagerduty=schema.PagerDuty(token=schema.Secret(literal="t"), url=server.url),
        ),
    )
    declared(setting)
    async with running(setting, size=(80, 24)) as console:
        view = console.one(PagesView)
        await console.until(lambda: len(view.pages) == 2)
        console.app.parts.feed.refresh("pages")
        await console.until(lambda: console.app.snapshot.slots["pages"].value.lacks)
        view.focus()
        await console.pilot.pause()
        await console.press("home", "A")
        await console.until_modal(Form)
        options = console.app.screen.query_one(SafeOptions)
        assert options.get_option("responders").disabled
        assert await chosen_by_going_through(console, options) >= {"workflow", "note"}
        assert "Ask responders: the account's plan lacks coordinated_responding" in console.shown()
        await console.press("escape")
        assert "requests left" in console.shown()
        await console.press("space", "down", "space", "a")
        await console.until(lambda: server.incidents()[-1].status == "acknowledged")
        assert [call.path for call in server.calls if call.method == "PUT"] == ["/incidents"]


def test_the_menu_offers_what_every_pager_can() -> None:
    mixed = THREE[:1]
    assert [v.name for v in offered(mixed, {"pagerduty": ("note", "acknowledge")})] == ["acknowledge", "note"]
    assert offered(mixed, {"pagerduty": ()}) == ()
    one, two = ({verb.name for verb in offered(THREE[:n], {})} for n in (1, 2))
    assert one - two == {"edit_note", "delete_note", "silence", "unsilence"}
    assert two - one == {"merge"}
    assert set(page_verbs.VERBS) - one - two == {"reopen"}


def test_a_silence_hits_the_alerts_of_its_name_and_service() -> None:
    def named(ident: str, alert: str, service: str) -> Page:
        return replace(page(ident, service=service), alert=clean(alert))

    disk, other, elsewhere, bare = (
        named("a", "Disk", "db"),
        named("b", "Disk", "db"),
        named("c", "Disk", "cart"),
        named("d", "Disk", ""),
    )
    pages = (disk, other, elsewhere, bare, named("e", "Slow", "db"))
    assert [p.id for p in hit(disk, pages)] == ["a", "b"]
    assert [p.id for p in hit(bare, pages)] == ["a", "b", "c", "d"]
    assert "hits 2 of the 5" in preview(disk, pages)[0]


def test_every_verb_asks_for_what_it_needs() -> None:
    for verb in page_verbs.VERBS.values():
        answers = {field.id: getattr(field, "value", "") or "30" for field in fields(verb, THREE)}
        wanted = acts(verb, THREE, answers | ({"seconds": "30m"} if "seconds" in answers else {}))
        assert not isinstance(wanted, str)
        assert [page_verbs.problem(act.verb, act.arguments) for act in wanted] == [None] * len(wanted)
        assert len(wanted) == (1 if verb.name == "merge" else 3)
    assert "no span" in str(acts(page_verbs.VERBS["snooze"], THREE, {"seconds": "later"}))


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token="t") as server:
        yield server


async def test_the_details_of_a_page_and_an_action_from_there(tmp_path: Path, server: PagerDutyServer) -> None:
    account = schema.PagerDuty(token=schema.Secret(literal="t"), url=server.url)
    setting = setting_in(tmp_path, config_of(pagerduty=account))
    declared(setting)
    key = server.trigger("disk [/dev/sda1] is 95%", "db")
    incident, bob = server.account.incidents[key], server.account.person("bob@example.com")
    note = server.account.note(incident, "grows since noon", server.clock.now(), bob)
    async with running(setting) as console:
        view = console.one(PagesView)
        await console.until(lambda: len(view.pages) == 1)
        view.focus()
        await console.pilot.pause()
        await console.press("home", "enter")
        await console.until(lambda: isinstance(console.app.screen, PageScreen))
        await console.until(lambda: "grows since noon" in console.shown())
        for words in (
            " requests left",
            "disk [/dev/sda1] is 95%",
            "service db",
            "assigned to Robin Doe",
            f"[N{note.number:07d}]",
            "Log",
        ):
            assert words in console.shown()
        await console.press("A")
        await console.until_modal(Form)
        await console.press(number_of("note"), "enter")
        await console.until(lambda: "Write a note?" in console.shown())
        await console.press(*"I look", "enter")
        await console.until(lambda: "I look" in console.shown() and isinstance(console.app.screen, PageScreen))
        assert incident.events[-1].text == "I look"
        await console.press("escape")
        await console.until_incident()


async def test_when_all_that_was_marked_is_gone_a_key_hits_nothing_until_a_person_moves(tmp_path: Path) -> None:
    pager = Pager(page("P1"), page("P2"), page("P3"))
    async with running(setting_in(tmp_path), sources=[pager.source], ports=pager.ports) as console:
        view = await chosen(console, "P1", "P2", "P3")
        await console.press("space", "down")
        pager.pages = (page("P2"), page("P3"))
        console.app.parts.feed.refresh("pages")
        await console.until(lambda: len(view.pages) == 2)
        assert "What was marked is gone" in console.shown()
        await console.press("a")
        assert pager.sent == []
        await console.press("down", "up", "a")
        await console.until(lambda: pager.sent == ["P2"])


@pytest.mark.parametrize(("steps", "state"), [(2, "sent"), (1, "failed")])
async def test_what_nobody_can_tell_a_person_settles(tmp_path: Path, steps: int, state: str) -> None:
    pager = Pager(page("P1"))
    pager.fault = SourceFault(FaultKind.LOST, "reset")
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, sources=[pager.source], ports=pager.ports, size=(80, 24)) as console:
        await chosen(console, "P1")
        await console.press("a")
        await console.until(lambda: "UNKNOWN" in console.shown())
        await console.press("A")
        await console.until_modal(Form)
        assert "did acknowledge take place? look, then say so" in console.shown()
        assert console.app.screen.query_one(SafeOptions).chosen == "acknowledge"  # no slip of a key settles it
        await console.press(*["up"] * steps, "enter")
        await console.until(lambda: "UNKNOWN" not in console.one(PagesView).pending.get("pagerduty:P1", ""))
        last = (await console.bodies(e.EffectEnded))[-1]
        assert (last.state, last.detail.partition(" looked: ")[0]) == (state, "kim")
        await console.press("A")
        await console.until_modal(Form)
        assert "take place" not in console.shown()
        assert pager.sent == ["P1"]


async def test_what_may_have_taken_place_is_not_offered_again_before_that_is_settled(tmp_path: Path) -> None:
    pager = Pager(page("P1"))
    pager.fault = SourceFault(FaultKind.LOST, "reset")
    async with running(setting_in(tmp_path), sources=[pager.source], ports=pager.ports) as console:
        await chosen(console, "P1")
        status = c.ActOnPage(page=page("P1").ref, verb="status", arguments={"text": "x"})
        assert await console.app.act_on_pages([status], None) is None
        await console.until(lambda: "status UNKNOWN" in console.shown())
        for settled in (False, True):
            await console.press("A")
            await console.until_modal(Form)
            options = console.app.screen.query_one(SafeOptions)
            assert options.get_option("status").disabled is not settled
            await console.press("escape" if settled else "up", *([] if settled else ["enter"]))
            await console.until(lambda: not isinstance(console.app.screen, Form))
            await console.settle()


async def test_many_writes_that_end_at_once_ask_for_the_details_twice_at_most(
    tmp_path: Path, server: PagerDutyServer
) -> None:
    account = schema.PagerDuty(token=schema.Secret(literal="t"), url=server.url)
    keys = [server.trigger(f"disk {i}", "db") for i in range(20)]
    async with running(setting_in(tmp_path, config_of(pagerduty=account))) as console:
        view = console.one(PagesView)
        await console.until(lambda: len(view.pages) == len(keys))
        pages = [view.pages[f"pagerduty:{key}"] for key in keys]
        await console.app.push_screen(PageScreen(pages[0], None))
        await console.until(lambda: "Log" in console.shown())
        server.calls.clear()
        acks = [c.ActOnPage(page=each.ref, verb="acknowledge") for each in pages]
        assert await console.app.act_on_pages(acks, None) is None
        await console.until(lambda: "acknowledged for" in console.shown())
        await console.settle()
        asked = [call for call in server.calls if call.path.endswith("/log_entries")]
        assert 1 <= len(asked) < len(keys) / 2
