"""The lines a widget was last painted with, for as long as none of them changes.

Textual asks every widget in view for all of its lines at each paint, and takes each line through every filter again:
for a key that changes three lines, half of what it costs.
"""

from collections.abc import Callable

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Kept:
    """The lines of `widget`; they are made by `make`, for a part of it, in its own cells."""

    def __init__(self, widget: Widget, make: Callable[[Region], list[Strip]]) -> None:
        self._cache = widget._styles_cache
        self._make = make
        self._crop = Region()
        self._lines: list[Strip] = []

    def lines(self, crop: Region) -> list[Strip]:
        """Return the lines of `crop`, made anew where any is no longer what it was."""
        if crop != self._crop or self._cache._dirty_lines or not self._cache._cache:
            self._crop, self._lines = crop, self._make(crop)
        return self._lines
