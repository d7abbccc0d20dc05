"""The role board: a row a role and an expert; below them what the chosen role does, and what is wrong."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from iccon.config.rolecards import RoleCard
from iccon.console.fit import Span, crop, fit
from iccon.console.widgets.virtual import VirtualList
from iccon.incident.organisation import Post
from iccon.incident.roles import TITLES
from iccon.text import clean
from iccon.when import ago

STEPS = 10  # lines of a checklist
ROLE = max(map(len, TITLES.values()))  # cells of the column of roles


class RolesView(VirtualList):
    """Shows posts. `chosen` is the one under the cursor."""

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self._posts: dict[str, Post] = {}
        self._now: datetime | None = None
        self._warnings: Sequence[str] = ()
        self._cards: Mapping[str, RoleCard] = {}
        self._begun = False

    def show(self, posts: Sequence[Post], warnings: Sequence[str], now: datetime) -> None:
        """Show `posts` as of `now` (aware UTC), and what is wrong."""
        self._now, self._warnings = now, warnings
        self._posts = {f"{post.role}\0{post.team}\0{post.held.person if post.held else ''}": post for post in posts}
        self.set_rows(tuple(self._posts))
        if not self._begun:
            self._begun = True
            self.choose(0)

    def show_cards(self, cards: Mapping[str, RoleCard]) -> None:
        """Show what each role does."""
        self._cards = cards
        self.set_rows(tuple(self._posts))

    @property
    def chosen(self) -> Post | None:
        """The post under the cursor, or None."""
        return self._posts.get(self.chosen_key or "")

    def header(self, width: int) -> list[list[Span]]:
        """Name the columns, after what is wrong."""
        wrong: list[list[Span]] = [[(crop(f" ! {clean(warning)}", width), "v-warn")] for warning in self._warnings]
        return [*wrong, [(f"  {'role':<{ROLE + 1}}{'who':<28}since", "head")]]

    def row_spans(self, key: str, width: int) -> list[Span]:
        """One post."""
        post = self._posts[key]
        name = (f" {fit(clean(post.title), ROLE)} ", "strong")
        if post.held is None or self._now is None:
            return [name, ("NEEDED, nobody", "v-warn") if post.needed else ("nobody", "dim")]
        since = ago((self._now - post.held.since).total_seconds())
        return [name, (fit(clean(post.held.person), 27) + " ", ""), (f"{since} ago", "dim")]

    def footer(self, width: int) -> list[list[Span]]:
        """Return what the chosen role does."""
        post = self.chosen
        card = self._cards.get(post.role) if post else None
        if post is None or card is None:
            return []
        head: list[Span] = [(f" {TITLES[post.role]}:", "head")]
        return [head, *([(crop(f"   - {step}", width), "")] for step in card.checklist[:STEPS])]
