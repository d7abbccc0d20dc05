"""Layouts: which regions of the command screen stand where. Plain data; the console places the widgets.

A layout's name is its file name without `.toml`. A user's layout replaces the bundled one of the same name.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from iccon import resources
from iccon.config.checked import Checker, read_toml
from iccon.config.lines import KeyPath
from iccon.config.schema import Folders, Problem
from iccon.config.theme import toml_files

REGIONS = ("state", "signals", "pages", "timeline", "runbook", "updates")
SIZE_FORM = 'a size: cells such as "3", or a share of what is left such as "2fr"'
SIZE_PATTERN = r"^[1-9][0-9]{0,2}(fr)?$"

Size = Annotated[str, Meta(pattern=SIZE_PATTERN, description=SIZE_FORM)]
RegionName = Annotated[str, Meta(extra_json_schema={"enum": list(REGIONS)})]
Cells = Annotated[int, Meta(ge=0, le=1000)]
Seconds = Annotated[int, Meta(ge=0, le=3600)]


class RegionForm(Struct, frozen=True):
    """A region in a row: its name and width."""

    name: RegionName
    width: Size = "1fr"


class RowForm(Struct, frozen=True):
    """A row of the screen: its height and its regions from left to right."""

    region: tuple[RegionForm, ...]
    height: Size = "1fr"


class LayoutForm(Struct, frozen=True):
    """The keys of a layout file. Below `min_width` cells or `min_height` lines the console falls back to `narrow`.

    A board that does not fit shows its next page every `turn` seconds while nobody is at it; 0: never.
    """

    row: tuple[RowForm, ...]
    help: str = ""
    min_width: Cells = 0
    min_height: Cells = 0
    turn: Seconds = 0


class Extent(Struct, frozen=True):
    """A height or width: `amount` cells, or `amount` shares of what is left."""

    amount: int
    unit: Literal["cells", "fr"]

    def css(self) -> str:
        """Return the size as Textual writes it: `3` or `2fr`."""
        return f"{self.amount}fr" if self.unit == "fr" else str(self.amount)


class Region(Struct, frozen=True):
    """One region and its width."""

    name: str
    width: Extent


class Row(Struct, frozen=True):
    """One row: its height, and its regions from left to right."""

    height: Extent
    regions: tuple[Region, ...]


class Layout(Struct, frozen=True):
    """A complete and checked layout."""

    name: str
    help: str
    min_width: int
    min_height: int
    rows: tuple[Row, ...]
    turn: int = 0

    @property
    def regions(self) -> tuple[str, ...]:
        """The names of all regions, from the top left."""
        return tuple(region.name for row in self.rows for region in row.regions)

    def fits(self, width: int, height: int) -> bool:
        """Say whether a terminal of this size is large enough."""
        return width >= self.min_width and height >= self.min_height


def layouts(folders: Folders | None = None) -> tuple[dict[str, Layout], list[Problem]]:
    """Return the bundled and the user's layouts by name, and all problems of the user's. Reads files."""
    found: dict[str, Layout] = {}
    problems: list[Problem] = []
    for path in layout_files(folders).values():
        layout, faults = load_layout(path)
        problems += faults
        if layout is not None:
            found[layout.name] = layout
    return found, problems


def layout_files(folders: Folders | None = None) -> dict[str, Path]:
    """Return the layout files by name, a user's in place of the bundled one of the same name."""
    places = (resources.layouts_dir(), *((folders.layouts,) if folders else ()))
    return {path.stem: path for folder in places for path in toml_files(folder)}


def load_layout(path: Path) -> tuple[Layout | None, list[Problem]]:
    """Return the layout of one file, or None and every problem it has."""
    data, source, fault = read_toml(path)
    if fault is not None:
        return None, [fault]
    check = Checker(str(path), source)
    form = check.struct(LayoutForm, data, ())
    _check_regions(check, data)
    if form is not None:
        _check_room(check, form)
    if form is None or check.problems:
        return None, check.problems
    rows = tuple(Row(extent(row.height), tuple(_regions(row))) for row in form.row)
    return Layout(path.stem, form.help, form.min_width, form.min_height, rows, form.turn), []


def extent(text: str) -> Extent:
    """Return `3` or `2fr` as data; raise ValueError for anything else."""
    if re.fullmatch(SIZE_PATTERN, text) is None:
        raise ValueError(text)
    return Extent(int(text.removesuffix("fr")), "fr" if text.endswith("fr") else "cells")


def _regions(row: RowForm) -> Iterable[Region]:
    return (Region(region.name, extent(region.width)) for region in row.region)


def _check_regions(check: Checker, data: dict[str, Any]) -> None:
    """Look at the regions as written, so that a misspelt one does not hide what else is wrong."""
    seen: set[str] = set()
    for path, name in _written(check, data):
        if name in seen:
            check.problem(path, f'"{name}" again', "each region once")
        seen.add(name)
    if "state" not in seen and not check.problems:
        expected = "a region named state: who commands, how bad, what is next"
        check.problem(("row",), "no state region", expected, "severity and what is unreachable must be in view")


def _written(check: Checker, data: dict[str, Any]) -> Iterable[tuple[KeyPath, str]]:
    """Yield where each region's name stands, and the name; note rows without regions."""
    for at, row in enumerate(_tables(data.get("row"))):
        if row.get("region") == []:
            check.problem(("row", at), "a row without regions", "at least one [[row.region]]")
        for index, region in enumerate(_tables(row.get("region"))):
            if region.get("name") in REGIONS:
                yield ("row", at, "region", index, "name"), region["name"]


def _tables(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item if isinstance(item, dict) else {} for item in items]


def _check_room(check: Checker, form: LayoutForm) -> None:
    """Fixed sizes must leave room in the least terminal that the layout says it fits."""
    for size, key, what in ((form.min_height, "min_height", "rows"), (form.min_width, "min_width", "regions")):
        needed = _least_height(form) if key == "min_height" else _least_width(form)
        if size and needed > size:
            check.problem((key,), str(size), f"at least {needed}, the sum of its {what}' sizes")


def _least(sizes: Iterable[str]) -> int:
    return sum(1 if size.endswith("fr") else int(size) for size in sizes)


def _least_height(form: LayoutForm) -> int:
    return _least(row.height for row in form.row)


def _least_width(form: LayoutForm) -> int:
    return max((_least(region.width for region in row.region) for row in form.row), default=0)
