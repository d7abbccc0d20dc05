"""Layouts: the bundled ones, and what is said about a user's."""

from pathlib import Path

import pytest

from iccon.config.layout import REGIONS, Extent, extent, layouts, load_layout
from iccon.config.load import folders

BUNDLED, PROBLEMS = layouts()
STATE = '[[row]]\nheight = "3"\n[[row.region]]\nname = "state"\n'


def problems_of(tmp_path: Path, text: str) -> list[tuple[int | None, str]]:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    layout, found = load_layout(path)
    assert (layout is None) == bool(found)
    assert all(problem.expected for problem in found)
    return [(problem.line, problem.key) for problem in found]


def test_five_layouts_are_bundled_and_sound() -> None:
    assert PROBLEMS == []
    assert set(BUNDLED) == {"ic", "secondary", "scribe", "wallboard", "narrow"}
    assert all(layout.help and layout.regions[0] == "state" for layout in BUNDLED.values())
    assert {"state", "signals", "pages", "timeline"} <= set(BUNDLED["ic"].regions) <= set(REGIONS)


def test_narrow_fits_everywhere_and_leaves_each_region_room_at_80x24() -> None:
    narrow = BUNDLED["narrow"]
    assert narrow.fits(80, 24)
    assert narrow.fits(1, 1)
    shares = sum(row.height.amount for row in narrow.rows if row.height.unit == "fr")
    left = 24 - 2 - sum(row.height.amount for row in narrow.rows if row.height.unit == "cells")
    assert all(left * row.height.amount // shares >= 4 for row in narrow.rows if row.height.unit == "fr")
    assert not BUNDLED["ic"].fits(80, 24)
    assert BUNDLED["ic"].fits(120, 40)


def test_only_the_wallboard_turns_its_pages() -> None:
    assert {name: layout.turn for name, layout in BUNDLED.items() if layout.turn} == {"wallboard": 10}


def test_sizes() -> None:
    assert extent("3") == Extent(3, "cells")
    assert extent("12fr").css() == "12fr"
    assert extent("3").css() == "3"
    for wrong in ("0", "0fr", "fr", "3 fr", "50%", "1000", "-1", "1.5fr"):
        with pytest.raises(ValueError, match=wrong):
            extent(wrong)


def test_a_layout_of_ones_own(tmp_path: Path) -> None:
    places = folders({"ICCON_HOME": str(tmp_path)})
    places.layouts.mkdir()
    (places.layouts / "mine.toml").write_text(STATE)
    (places.layouts / "ic.toml").write_text(STATE)
    found, problems = layouts(places)
    assert problems == []
    assert found["mine"].regions == found["ic"].regions == ("state",)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (STATE, []),
        ("", [(None, "row")]),
        ("row = []", [(1, "row")]),
        (STATE.replace("state", "stat"), [(4, "row[0].region[0].name")]),
        (STATE.replace("state", "signals"), [(1, "row")]),
        (STATE.replace("state", "stat") + STATE + STATE, [(4, "row[0].region[0].name"), (12, "row[2].region[0].name")]),
        (STATE + STATE, [(8, "row[1].region[0].name")]),
        (STATE.replace('"3"', '"50%"'), [(2, "row[0].height")]),
        (STATE.replace('"3"', "3"), [(2, "row[0].height")]),
        (STATE + 'width = "0"\n', [(5, "row[0].region[0].width")]),
        (STATE + "[[row]]\n", [(5, "row[1].region")]),
        (STATE + "[[row]]\nregion = []\n", [(5, "row[1]")]),
        (STATE + "[[rows]]\n", [(5, "rows")]),
        ("min_height = 2\n" + STATE, [(1, "min_height")]),
        ("min_width = -1\n" + STATE, [(1, "min_width")]),
        ("min_width = 10\n" + STATE + 'width = "20"\n', [(1, "min_width")]),
    ],
)
def test_what_is_said_about_a_layout(tmp_path: Path, text: str, problems: list[tuple[int | None, str]]) -> None:
    assert problems_of(tmp_path, text) == problems
