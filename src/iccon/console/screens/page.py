"""One page over the whole screen: what it is, all that its pager tells of it; and what can be done to it."""

from collections.abc import Iterator
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from iccon.background import in_thread, spawn
from iccon.console import commands
from iccon.console.figures import age_text
from iccon.console.safe import SafeStatic, set_titles
from iccon.console.screens.overlay import Overlay
from iccon.console.widgets.keybar import KeyBar
from iccon.earlier import Earlier, earlier
from iccon.faults import SourceFault
from iccon.incident.entries import EffectEnded, Entry
from iccon.pages.model import UNKNOWN_TIME, Detail, Page, Trace, sections
from iccon.when import stamp

PATIENCE = 40.0  # seconds: pagers have deadlines of their own


class PageScreen(Overlay):
    """Asks the pager once, and again when something was done. Bound to the page it was opened for."""

    SCOPES = (commands.PAGE,)
    BINDINGS = commands.bindings(*SCOPES)

    def __init__(self, page: Page, incident: str | None) -> None:
        super().__init__()
        self._page = page
        self._incident = incident
        self._detail: Detail | None = None
        self._told: datetime | None = None
        self._note = "asking"
        self._loading = self._stale = False
        self._earlier: tuple[Earlier, ...] = ()

    def compose(self) -> ComposeResult:
        """The story and its keys."""
        with VerticalScroll(id="story", classes="region"):
            yield SafeStatic("", id="text")
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Show what the list knew, and ask for the rest."""
        self.query_one("#story").focus()
        self.show_now()
        spawn(self._load(), "page detail")
        spawn(self._remember(), "earlier incidents")

    async def _remember(self) -> None:
        page, besides = self._page, self._incident or ""
        self._earlier = await self.console.parts.desk.call(lambda desk: earlier(desk, page, besides))
        if self.is_mounted:
            self.show_now()

    async def _load(self) -> None:
        """Ask, and once more where that was wanted meanwhile: many writes that end at once are no burst of requests."""
        if self._loading:
            self._stale = True
            return
        self._loading = True
        try:
            await self._ask()
        finally:
            self._loading = False
        if self._stale and self.is_mounted:
            self._stale = False
            await self._load()

    async def _ask(self) -> None:
        ask, page = self.console.parts.page_detail, self._page
        try:
            self._detail = await in_thread(lambda: ask(page.source, page.id), "page detail", PATIENCE)
            self._page, self._note = self._detail.page, "; ".join(self._detail.notices)
            self._told = self.console.parts.setting.clock.now()
        except SourceFault as fault:
            self._note = str(fault)
        except TimeoutError:
            self._note = "the pager does not answer"
        if self.is_mounted:
            self.show_now()

    def tick(self, now: datetime) -> None:
        """Ages grow."""
        age = f"as of {age_text((now - self._told).total_seconds())} ago" if self._told else ""
        told = "; ".join(filter(None, (age, self._detail.budget if self._detail else "")))
        set_titles(self.query_one("#story"), f"Page {self._page.number or self._page.id}", told)
        self.query_one("#text", SafeStatic).update("\n".join(self._lines(now)))

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Ask again when a write has ended: it may have been ours."""
        if any(isinstance(entry.body, EffectEnded) for entry in entries):
            spawn(self._load(), "page detail")

    def _lines(self, now: datetime) -> Iterator[str]:
        page = self._page
        if self._note:
            yield f"! {self._note}"
        yield page.title
        yield f"{page.status} for {age_text((now - (page.changed_at or page.created_at)).total_seconds())}" + (
            f" by {page.acknowledged_by or page.changed_by}" if page.acknowledged_by or page.changed_by else ""
        )
        yield f"service {page.service or '-'}   urgency {page.urgency or '-'}   opened {self._opened}"
        if page.quiet_until is not None:
            yield f"silenced until {stamp(page.quiet_until, self.console.parts.zone, day=True)}"
        yield f"assigned to {', '.join(page.assignees) or 'nobody'}   {page.source} {page.id}"
        yield from filter(None, (page.url, page.runbook_url))
        if self._earlier:
            yield from ("", "Earlier incidents with such a page")
            zone = self.console.parts.zone
            yield from (f"  {stamp(each.declared_at, zone, day=True)}  {each.words}" for each in self._earlier)
        if self._detail is not None:
            for title, traces in sections(self._detail):
                yield from self._section(title, traces)

    def _section(self, title: str, traces: tuple[Trace, ...]) -> Iterator[str]:
        yield ""
        yield f"{title}: none" if not traces else title
        for trace in traces:
            at = self._time(trace.at) if trace.at else ""
            yield "  " + "  ".join(filter(None, (at, trace.who, trace.what, f"[{trace.id}]" if trace.id else "")))

    @property
    def _opened(self) -> str:
        at, zone = self._page.created_at, self.console.parts.zone
        return stamp(at, zone, day=True) if at > UNKNOWN_TIME else "at an unknown time"

    def _time(self, at: datetime) -> str:
        """Return a time of day in the zone named above, with its day where that is not the page's own."""
        there, own = (each.astimezone(self.console.parts.zone) for each in (at, self._page.created_at))
        return f"{there:%H:%M:%S}" if there.date() == own.date() else f"{there:%Y-%m-%d %H:%M:%S}"

    async def action_act(self) -> None:
        """Ask what is done to this page."""
        from iccon.console.pagemenu import PageMenu

        await PageMenu(self.console, (self._page,), self._incident, lambda: None).open()
