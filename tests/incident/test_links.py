"""What a text names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.incident.links import KINDS, Link, links


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see page:Q1X2 and change:deploy-4711.", [("page", "Q1X2"), ("change", "deploy-4711")]),
        ('service:"check out" is slow', [("service", "check out")]),
        ("evidence:4f2a91, evidence:4f2a91", [("evidence", "4f2a91")]),
        ("change:pagerduty:P1: it began", [("change", "pagerduty:P1")]),
        ("homepage:x, page: none, pages:1, a:page:2", []),
        ('service:"', []),
    ],
)
def test_what_a_text_names(text: str, found: list[tuple[str, str]]) -> None:
    assert [(link.what, link.name) for link in links(text)] == found


@given(st.sampled_from(KINDS), st.text(st.characters(exclude_characters='"\n'), min_size=1, max_size=30))
def test_a_link_reads_as_itself(what: str, name: str) -> None:
    link = Link(what, name)
    assert links(f"so {link.words} it was") == (link,)


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    assert all(link.what in KINDS and link.name for link in links(text))
