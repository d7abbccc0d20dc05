"""The composer: a template filled from the record, checked, given to outlets. The text is a draft while it is typed."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import TextArea

from iccon.background import in_thread
from iccon.bootstrap import leak_rules, outlets_for, templates
from iccon.console.drafts import DraftInput
from iccon.console.safe import SafeLabel, set_titles
from iccon.console.screens.base import Modal
from iccon.console.widgets.cycle import Changed, Cycle, Toggles
from iccon.console.widgets.draftarea import DraftArea
from iccon.incident.commands import IssueUpdate
from iccon.incident.severity import Audience
from iccon.incident.state import State
from iccon.journal.drafts import field_key, update_key
from iccon.text import clean_block
from iccon.updates.check import Finding, check
from iccon.updates.facts import facts
from iccon.updates.templates import TemplateProblem, suggest

SHOWN = 2  # findings that are spelled out; the rest is counted
PROMISES = (("10", "in 10 min"), ("20", "in 20 min"), ("30", "in 30 min"), ("60", "in 60 min"), ("", "not promised"))


class Composer(Modal[bool]):
    """Opened with the template that fits the phase, filled: `ctrl+s` sends it as it stands."""

    AUTO_FOCUS = "#text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False, priority=True),
        Binding("ctrl+s", "send", "Send", show=False, priority=True),
        Binding("ctrl+l", "fill", "Fill anew", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    Composer #box { width: 90; height: auto; }
    Composer DraftArea { height: 9; margin: 1 0; }
    Composer #findings { height: auto; color: $warning; }
    Composer #reason { display: none; background: $boost; padding: 0 1; }
    Composer .-found #reason { display: block; }
    """

    def __init__(self, state: State, incident: str) -> None:
        super().__init__()
        self._state = state
        self._incident = incident
        self._key = update_key(incident)
        self._findings: tuple[Finding, ...] = ()

    def compose(self) -> ComposeResult:
        """Template, promise, outlets, text, findings, keys."""
        parts = self.console.parts
        self._templates, self._rules = templates(parts.setting), leak_rules(parts.setting)
        cadence = parts.policy.levels[self._state.severity].public_cadence
        names = self._templates.names()
        with Vertical(id="box") as box:
            set_titles(box, f"Status update: {self._state.severity} {self._state.title}")
            chosen = suggest(self._state, Audience.CUSTOMER)
            yield Cycle(
                "Template", [(n, f"{n}, for {self._templates.audience(n)}") for n in names], chosen, id="template"
            )
            yield Cycle("Next", PROMISES, "" if chosen == "resolved" else str(cadence or ""), id="promise")
            meant = outlets_for(parts.setting, self._templates.audience(chosen))
            yield Toggles("Outlets", meant, meant, id="outlets")
            yield DraftArea(self._key, self.console.save_draft, id="text")
            yield SafeLabel("", id="findings")
            yield DraftInput(
                field_key(self._key, "reason"),
                self.console.save_draft,
                placeholder="reason to send it all the same",
                id="reason",
            )
            yield SafeLabel("", id="error")
            yield SafeLabel("^s send   tab next   ← → choose   space switch   ^l refill   esc close", id="hint")

    async def on_mount(self) -> None:
        """Bring back the draft, else fill the template."""
        reason = (await self.console.drafts(self._key)).kept.get("reason")
        if reason:
            self._reason.load(self._reason.draft_key, *reason)
        text, cursor = await self.console.draft(self._key)
        if text:
            self._text.load(self._key, text, cursor)
        else:
            await self._fill()
        self._check()

    @property
    def _text(self) -> DraftArea:
        return self.query_one("#text", DraftArea)

    @property
    def _reason(self) -> DraftInput:
        return self.query_one("#reason", DraftInput)

    @property
    def _template(self) -> str:
        return self.query_one("#template", Cycle).value

    @property
    def _audience(self) -> Audience:
        return self._templates.audience(self._template)

    @property
    def _minutes(self) -> int | None:
        value = self.query_one("#promise", Cycle).value
        return int(value) if value else None

    # Text

    async def action_fill(self) -> None:
        """Replace the text by the template's."""
        await self._fill()

    async def _fill(self) -> None:
        parts = self.console.parts
        known = facts(self._state, parts.setting.clock.now(), parts.zone, self._minutes, self._audience)
        name = self._template
        made = await in_thread(lambda: self._templates.render(name, known), "template", 5)
        if isinstance(made, TemplateProblem):
            self._say(made.said)
            return
        self._say("")
        self._text.propose(made)

    @on(Changed)
    async def _chosen(self, event: Changed) -> None:
        if event.sender.id == "outlets":
            return
        self.query_one("#outlets", Toggles).offer(outlets_for(self.console.parts.setting, self._audience))
        if self._text.text in ("", self._text.untouched):
            await self._fill()
        else:
            self._say("the text was edited: ^l fills it anew from the template")
        self._check()

    @on(TextArea.Changed)
    def _typed(self) -> None:
        self._check()

    # Check

    def _check(self) -> None:
        text, policy = clean_block(self._text.text), self.console.parts.policy
        self._findings = check(text, self._audience, self._state, self._minutes, policy, self._rules, self._template)
        lines = [f"▲ {finding.said}" for finding in self._findings[:SHOWN]]
        if more := len(self._findings) - SHOWN:
            lines += [f"  and {more} more"] if more > 0 else []
        self.query_one("#findings", SafeLabel).update("\n".join(lines))
        self.query_one("#box").set_class(bool(self._findings), "-found")

    def _say(self, text: str) -> None:
        self.query_one("#error", SafeLabel).update(text)

    # End

    async def action_send(self) -> None:
        """Give the text to the chosen outlets; stay open when it is refused."""
        command = IssueUpdate(
            audience=self._audience,
            text=clean_block(self._text.text),
            template=self._template,
            outlets=self.query_one("#outlets", Toggles).chosen,
            next_minutes=self._minutes,
            findings=tuple(finding.said for finding in self._findings),
            override=self._reason.value,
        )
        for field in (self._text, self._reason):
            field.keeper.hold()
        refused = await self.console.act(command, self._incident, drop_draft=self._key)
        if refused is None:
            self.dismiss(True)
            return
        await self._keep()
        self._say(refused)
        if self._findings:
            self._reason.focus()

    async def action_leave(self) -> None:
        """Close; the draft stays on disk."""
        await self._keep()
        self.dismiss(False)

    async def _keep(self) -> None:
        for field in (self._text, self._reason):
            await field.keeper.now()
