"""The list of runbooks: those that fit first, or those that were found, with the place in their text."""

from collections.abc import Callable, Mapping, Sequence

from iccon.console.fit import Span, cells, crop, fit, said, wrap
from iccon.console.widgets.virtual import VirtualList
from iccon.runbooks.model import Match, Snippet
from iccon.text import clean

BEFORE = 16  # characters of a text before what was found in it
PLACE = 2  # lines of the text that was found


class BooksView(VirtualList):
    """Shows runbooks. `sought` is called with what is looked for now, "" for nothing: the search line types here."""

    def __init__(
        self,
        sought: Callable[[str], None],
        *,
        id: str | None = None,
        classes: str | None = None,
        ascii_only: bool = False,
    ) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.words = ""
        self._sought = sought
        self._matches: dict[str, Match] = {}
        self._far: Mapping[str, str] = {}
        self._none = ""

    def show(self, matches: Sequence[Match], none: str, far: Mapping[str, str]) -> None:
        """Show runbooks in their order, and by name how far each is; `none` is said where there are none."""
        self._far = far
        self._matches = {match.runbook.name: match for match in matches}
        self._none = none
        self.set_rows(tuple(self._matches))

    def seek(self, words: str) -> None:
        """Look for `words`."""
        if words != self.words:
            self.words = words
            self._sought(words)

    @property
    def chosen(self) -> Match | None:
        """The runbook under the cursor, or None."""
        return self._matches.get(self.chosen_key or "")

    def header(self, width: int) -> list[list[Span]]:
        """Name the columns."""
        if not self._matches:
            return []
        beside = "in its text" if self.words else "why it fits, where it is"
        return [[(crop(f"  {'title':<{_title(width)}}{beside}", width), "head")]]

    def row_spans(self, key: str, width: int) -> list[Span]:
        """One runbook."""
        match, title = self._matches[key], _title(width)
        spans: list[Span] = [(" " + fit(match.runbook.title, title - 1) + " ", "")]
        if far := self._far.get(match.runbook.name):
            spans.append((f"steps {far}  ", "v-ok"))
        if match.snippet:
            return [*spans, *_near(match.snippet)]
        why = f"{match.why}  " if match.why else ""
        return [*spans, (why, "strong"), (_tail(clean(match.runbook.name), width - title - len(why) - 1), "dim")]

    def footer(self, width: int) -> list[list[Span]]:
        """Name the chosen one whole, with what was found in it."""
        chosen = self.chosen
        if chosen is None:
            return []
        lines = [(crop(f" {clean(chosen.runbook.name)}", width), "")]
        lines += [(f" {line}", "dim") for line in wrap(chosen.place, width - 2, PLACE)] if chosen.place else []
        return [[("─" * width, "dim")], *([line] for line in lines)]

    def empty(self, width: int) -> list[list[Span]]:
        """Say why there is nothing."""
        return said(self._none, width)


def _near(snippet: Snippet) -> list[Span]:
    """Return a snippet from shortly before what was found in it."""
    spans: list[Span] = [(text, "strong" if hit else "dim") for text, hit in snippet]
    first, look = spans[0]
    if look == "dim" and len(first) > BEFORE and len(spans) > 1:
        spans[0] = ("…" + first[-BEFORE:], look)
    return spans


def _tail(name: str, room: int) -> str:
    """Return the end of a long name: it tells more than the beginning."""
    return name if cells(name) <= room else "…" + name[len(name) - max(room - 1, 0) :]


def _title(width: int) -> int:
    """Return the width of the column of titles."""
    return max(min(width * 2 // 5, 60), 20)
