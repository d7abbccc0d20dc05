"""Grouping: every page once, a handful of rows, nothing loud behind something quiet, and keys that stay."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from iccon.pages.grouping import APART, FEW, MOST, RULES, grouped, shape
from iccon.pages.model import UNKNOWN_TIME, Page, PageStatus
from iccon.text import clean

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def page(
    ident: str,
    service: str = "checkout",
    alert: str = "HighLatency",
    status: PageStatus = PageStatus.TRIGGERED,
    at: datetime = NOW,
    place: str = "",
    title: str = "",
) -> Page:
    words = clean(title or f"{alert} on node-{ident}")
    return Page("pd", ident, words, clean(service), status, clean("high"), at, alert=clean(alert), place=clean(place))


def ids(pages: tuple[Page, ...]) -> list[str]:
    return [each.id for each in pages]


def test_what_has_service_alert_and_place_in_common_is_one_row() -> None:
    made = grouped([page("1"), page("2"), page("3", service="cart"), page("4", place="eu"), page("5", alert="Disk")])
    assert made.rule == "service, alert and place"
    assert [(g.title, ids(g.pages)) for g in made.groups] == [
        ("checkout · HighLatency", ["1", "2"]),
        ("cart · HighLatency", ["3"]),
        ("checkout · HighLatency · eu", ["4"]),
        ("checkout · Disk", ["5"]),
    ]


def test_without_an_alert_name_titles_that_differ_in_numbers_are_of_one_kind() -> None:
    titles = ("disk /dev/sda1 is 95% full on db-17", "disk /dev/sda2 is 97% full on db-3")
    made = grouped([page(str(i), alert="", title=title) for i, title in enumerate(titles)])
    assert len(made.groups) == 1
    assert shape("Pod 7f9c2e11-aaaa-bbbb-cccc-0123456789ab died") == "pod # died"
    assert shape("cart is slow") != shape("search is slow")


def test_a_storm_is_a_handful_of_rows_by_a_coarser_rule() -> None:
    storm = [page(f"{s}-{a}-{n}", f"s{s}", f"A{a}") for s in range(9) for a in range(9) for n in range(12)]
    made = grouped(storm)
    assert made.rule == "service"
    assert len(made.groups) == 9
    wide = [page(str(n), f"s{n}", f"A{n % 3}") for n in range(900)]
    assert (grouped(wide).rule, len(grouped(wide).groups)) == ("alert", 3)
    odd = [page(str(n), f"s{n}", f"A{'x' * n}") for n in range(90)]
    assert (grouped(odd).rule, len(grouped(odd).groups)) == ("everything", 1)


def test_a_new_page_is_never_behind_an_acknowledged_one() -> None:
    acked = [page(str(n), status=PageStatus.ACKNOWLEDGED) for n in range(5)]
    other = page("x", "cart", status=PageStatus.TRIGGERED)
    made = grouped([other, page("new"), *acked])
    assert [g.status for g in made.groups] == [PageStatus.TRIGGERED] * 2
    checkout = next(g for g in made.groups if len(g.pages) == 6)
    assert checkout.counts == {PageStatus.TRIGGERED: 1, PageStatus.ACKNOWLEDGED: 5}


def test_an_old_occurrence_is_a_row_of_its_own_and_the_new_one_keeps_the_key() -> None:
    old = [page("old", at=NOW - 3 * APART)]
    alone = grouped([page("new")]).groups[0].key
    made = grouped([page("new"), page("new2", at=NOW - MINUTE), *old])
    assert [ids(g.pages) for g in made.groups] == [["new", "new2"], ["old"]]
    assert made.groups[0].key == alone


def test_a_coarse_rule_stays_until_there_are_clearly_few_rows() -> None:
    def kinds(count: int) -> list[Page]:
        return [page(str(n), "checkout", f"A{'x' * n}") for n in range(count)]

    assert grouped(kinds(MOST)).rule == RULES[0][0]
    coarse = grouped(kinds(MOST + 1)).rule
    assert coarse == "service"
    assert grouped(kinds(MOST), coarse).rule == coarse
    assert grouped(kinds(FEW + 1), coarse).rule == coarse
    assert grouped(kinds(FEW), coarse).rule == RULES[0][0]


def test_nothing_is_no_group() -> None:
    assert grouped([]).groups == ()


statuses = st.sampled_from(list(PageStatus))
times = st.one_of(st.just(UNKNOWN_TIME), st.integers(0, 600).map(lambda minutes: NOW - minutes * MINUTE))
some_pages = st.lists(
    st.builds(
        lambda n, s, a, status, at, place: page(str(n), s, a, status, at, place),
        st.integers(0, 10_000),
        st.sampled_from(["", "a", "b", "c"]),
        st.sampled_from(["", "X", "Y"]),
        statuses,
        times,
        st.sampled_from(["", "eu", "us"]),
    ),
    unique_by=lambda each: each.id,
    max_size=60,
)


@given(some_pages, st.sampled_from(["", "gone", *(name for name, _ in RULES)]))
def test_every_page_is_in_exactly_one_group_and_keys_differ(pages: list[Page], before: str) -> None:
    made = grouped(pages, before)
    members = [each.id for group in made.groups for each in group.pages]
    assert sorted(members) == sorted(each.id for each in pages)
    assert len({group.key for group in made.groups}) == len(made.groups)
    order = [list(PageStatus).index(group.status) for group in made.groups]
    assert order == sorted(order)


@given(some_pages, st.randoms())
def test_groups_do_not_depend_on_the_order_of_arrival(pages: list[Page], random) -> None:
    shuffled = random.sample(pages, len(pages))
    assert {g.key: set(ids(g.pages)) for g in grouped(pages).groups} == {
        g.key: set(ids(g.pages)) for g in grouped(shuffled).groups
    }
