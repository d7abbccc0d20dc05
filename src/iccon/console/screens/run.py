"""A command of a runbook over the whole screen: what would run, then what it prints, then what came of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from iccon.console import commands, runs
from iccon.console.commands import key_name
from iccon.console.fit import Span, wrap
from iccon.console.runbooks import ask_what_came, mark_done
from iccon.console.safe import SafeLabel, set_titles
from iccon.console.screens.overlay import IncidentOverlay
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.output import OutputView
from iccon.incident.effects import EffectState
from iccon.incident.entries import Entry
from iccon.incident.run_rules import last_run, stands
from iccon.incident.runs import Run, RunRole, ago
from iccon.incident.state import State
from iccon.runbooks.drafts import Source, fenced
from iccon.runbooks.execution import Live
from iccon.runbooks.fences import Commands
from iccon.runbooks.model import Document
from iccon.runbooks.plan import Plan, Where, plan, values_of
from iccon.runbooks.steps import Step
from iccon.runbooks.variables import NAMES

PAINTS = 5  # a second, while a command prints
LABEL = 14  # cells


class Phase(StrEnum):
    """What the screen shows, and which keys do something then."""

    PLAN = "plan"
    RUNNING = "running"
    ENDED = "ended"


KEYS = {
    Phase.PLAN: ("run_go", "run_next", "run_dry", "run_approve", "run_close"),
    Phase.RUNNING: ("run_cancel", "run_close"),
    Phase.ENDED: ("run_done", "run_mark", "run_next", "run_go", "run_close", "run_gap"),
}


class RunScreen(IncidentOverlay):
    """The commands of one step of `incident`, one at a time. Leaving it does not end what runs."""

    SCOPES = (commands.RUN,)
    BINDINGS: ClassVar[list[BindingType]] = [
        *commands.bindings(*SCOPES),
        *(Binding(key, f"scroll_view('{key}')", show=False) for key in ("up", "down", "pageup", "pagedown")),
    ]
    CSS = """
    #output { height: 1fr; }
    #confirm { height: auto; display: none; padding: 0 1; background: $panel; }
    #confirm.-asked { display: block; }
    #typed { border: none; height: 1; padding: 0 1; display: none; }
    #typed.-asked { display: block; }
    """

    def __init__(
        self,
        incident: str,
        read_state: Callable[[], State],
        found: tuple[Document, Step],
        held: Commands,
        where: Where,
        labels: Mapping[str, str],
    ) -> None:
        super().__init__(incident, read_state)
        self._document, self._step = found
        self._held = held
        self._where = where
        self._values = values_of(read_state(), labels, where.environment)
        fences = held.fences
        self._at = next((n for n, fence in enumerate(fences) if fence.role is RunRole.COMMAND), 0)
        self._dry = False
        self._effect = ""
        self._seen = ""  # the entry of the last run that was shown
        self._phase = Phase.PLAN  # of which the keys are shown
        self._version = -1  # of the output that is shown
        self._cancelling = False
        self._plan = self._planned()

    def compose(self) -> ComposeResult:
        """What is read, what is typed, and the keys."""
        yield OutputView(id="output", classes="region", ascii_only=self.console.parts.setting.config.console.ascii)
        yield SafeLabel("", id="confirm")
        yield Input(id="typed", select_on_focus=False)
        yield KeyBar([])

    def on_mount(self) -> None:
        """Show the command; where it runs already, what it prints."""
        super().on_mount()
        last = last_run(self._read_state(), self._document.runbook.name, self._step.id)
        if last is not None and self._outcome(last.effect) is EffectState.QUEUED:
            self._effect = last.effect
        self.set_interval(1 / PAINTS, self._follow)
        self.call_after_refresh(self._turned)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        super().on_resize(event)
        self.call_after_refresh(self.show_now)

    # What is shown

    def _planned(self) -> Plan:
        fence = self._held.fences[self._at]
        return plan(self._document, self._step, fence, self._where, self._values, self._dry)

    def _outcome(self, effect: str) -> EffectState:
        found = self._read_state().outcomes.get(effect)
        return found.state if found else EffectState.QUEUED

    @property
    def phase(self) -> Phase:
        """Whether it is to run, runs, or has ended."""
        if not self._effect:
            return Phase.PLAN
        return Phase.RUNNING if self._outcome(self._effect) is EffectState.QUEUED else Phase.ENDED

    @property
    def _live(self) -> Live:
        return self.console.parts.runner().live(self._effect)

    def _turned(self) -> None:
        """Show another command, or phase, from its beginning."""
        if not self.query(OutputView):  # it is being closed
            return
        view, typed = self.query_one(OutputView), self.query_one("#typed", Input)
        phase, wanted = self.phase, self._wanted()
        typed.value, self._phase = "", phase
        for widget in (typed, self.query_one("#confirm", SafeLabel)):
            widget.set_class(bool(wanted), "-asked")
        self.query_one("#confirm", SafeLabel).update(wanted)
        (typed if wanted else view).focus()
        view.begin()
        self.query_one(KeyBar).show(self._keys(phase))
        self.show_now()

    def _keys(self, phase: Phase) -> list[tuple[str, str]]:
        """Return the keys that do something now."""
        keys, fences = self.console.parts.keys, self._held.fences
        useless = {
            "run_next": len(fences) == 1,
            "run_dry": not self._document.dry_run and all(fence.role is not RunRole.DRY_RUN for fence in fences),
            "run_approve": not (self._plan.risks and self.console.parts.policy.second_person),
        }
        titles = {each.id: each.title for each in commands.of(commands.RUN)}
        if phase is Phase.ENDED:
            titles["run_go"] = "Again"
        named = (ident for ident in KEYS[phase] if keys.get(ident) and not useless.get(ident))
        return [(key_name(keys[ident][0]), titles[ident]) for ident in named]

    def _wanted(self) -> str:
        """Return what has to be typed before it runs, "" nothing."""
        if self.phase is not Phase.PLAN:
            return ""
        if self._plan.by_hand:
            return "Give the variable as NAME=value, then Enter"
        return f"Type {self._plan.target} to run it, then Enter" if self._plan.risks and not self._plan.trouble else ""

    def tick(self, now: datetime) -> None:
        """Time runs, and entries come."""
        view, phase = next(iter(self.query(OutputView)), None), self.phase
        if view is None:  # it is being closed
            return
        many = f"command {self._at + 1} of {len(self._held.fences)}" if len(self._held.fences) > 1 else ""
        set_titles(
            view, f"Run: {self._step.text}", " - ".join(filter(None, (self._document.runbook.name, many, phase)))
        )
        width = max(view.area.width - 2, 20)
        rows = self._plan_rows(now, width) if phase is Phase.PLAN else self._run_rows(now, width)
        view.show(rows, follow=phase is not Phase.PLAN)

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Show how it ended at once."""
        super().appended(entries)
        self.call_later(self._follow)

    def _follow(self) -> None:
        """Paint what was printed since, at most some times a second, and the end once it is on the record."""
        if not self._effect or not self.is_mounted:
            return
        if self.phase is not self._phase:
            self._turned()
            self.query_one(OutputView).action_to(1_000_000)
        elif self._version != self._live.version:
            self.show_now()
        self._version = self._live.version

    def _plan_rows(self, now: datetime, width: int) -> list[list[Span]]:
        fence = self._plan.fence
        bar = "| " if self.query_one(OutputView).ascii_only else "│ "
        rows: list[list[Span]] = [[(f"Given to {fence.language or 'nothing'}, as it stands:", "dim")]]
        rows += [[(bar, "dim"), (piece, "md-code")] for piece in _wrapped(fence.code, width - 2)]
        rows.append([])
        for name, value in self._plan.facts():
            rows += _fact(name, value, width, "v-bad" if name == "RISKY" else "")
        state = self._read_state()
        last = last_run(state, self._document.runbook.name, self._step.id, self._plan.sha256)
        self._seen = last.entry if last else ""
        if last is not None:
            rows += _fact("BEFORE", self._before(state, last, now), width, "v-warn")
        if self._plan.trouble:
            rows += _fact("NOT RUN", self._plan.trouble, width, "v-bad")
        return rows

    def _before(self, state: State, last: Run, now: datetime) -> str:
        return f"already run {ago(now - last.at)} by {last.person}: {stands(state, last)}"

    def _run_rows(self, now: datetime, width: int) -> list[list[Span]]:
        state = self._read_state()
        run, live = state.runs.get(self._effect), self._live
        rows: list[list[Span]] = [[(line, "")] for line in tuple(live.lines)]
        if run is None:  # its entry is on its way to this screen
            return rows
        if self.phase is Phase.RUNNING:
            since = f"{(now - run.at).total_seconds():.0f} s"
            here = self._effect in self.console.running
            words = f"running for {since}" if here else f"under way on another console since {since}, by {run.person}"
            return [*rows, [(f"… {words}{', being cancelled' if live.cancelled else ''}", "v-warn")]]
        good = self._outcome(self._effect) is EffectState.SENT
        rows += [[], *_fact("ENDED", stands(state, run), width, "v-ok" if good else "v-bad")]
        rows += _fact("log", f"{self._where.directory}/{self._effect}/log", width, "")
        return rows + self._after(width)

    def _after(self, width: int) -> list[list[Span]]:
        """Offer what verifies it, and what takes it back."""
        rows: list[list[Span]] = []
        key = key_name((self.console.parts.keys.get("run_next") or ("",))[0])
        for fence in self._held.fences:
            if fence.role in (RunRole.VERIFY, RunRole.ROLLBACK):
                rows += _fact(f"{fence.role}", f"{fence.code.strip()}  ({key})", width, "strong")
        for name, words in ((RunRole.VERIFY, self._held.verify), (RunRole.ROLLBACK, self._held.rollback)):
            rows += _fact(str(name), words, width, "") if words else []
        return rows

    # What the keys do

    def action_scroll_view(self, key: str) -> None:
        """Scroll while something is typed."""
        view = self.query_one(OutputView)
        by = -1 if key in ("up", "pageup") else 1
        view.action_page(by) if key.startswith("page") else view.action_by(by)

    @on(Input.Submitted, "#typed")
    async def _submitted(self) -> None:
        await self.action_run_go()

    async def action_run_go(self) -> None:
        """Run what is shown; after a run, show it again."""
        if self.phase is Phase.ENDED:
            self._effect = ""
            self._turned()
        elif self.phase is Phase.PLAN:
            await self._go(self.query_one("#typed", Input).value.strip())

    async def _go(self, typed: str) -> None:
        if self._plan.by_hand:
            self._give(typed)
        elif self._plan.trouble:
            self.console.say(self._plan.trouble, "warning")
        elif not self.query_one(OutputView).read_whole:
            self.console.say("read it to its end first (PgDn)", "warning")
        elif effect := await runs.start(self.console, self._plan.run(typed, self._seen), self._incident):
            self._effect, self._cancelling = effect, False
            self.call_later(self._turned)

    def _give(self, typed: str) -> None:
        name, sign, value = typed.partition("=")
        if not sign or name.strip().upper() not in NAMES:
            self.console.say(f"not a variable: {typed or 'nothing'}; for example SERVICE=checkout", "warning")
            return
        self._values[name.strip().upper()] = value.strip()
        self._plan = self._planned()
        self._turned()

    def action_run_next(self) -> None:
        """Show the step's next command; after a run, the one that verifies it."""
        if self.phase is Phase.RUNNING:
            return
        fences = self._held.fences
        order = [*range(self._at + 1, len(fences)), *range(self._at + 1)]
        if self.phase is Phase.ENDED:
            order.sort(key=lambda n: fences[n].role is not RunRole.VERIFY)
        self._at, self._effect, self._dry = order[0], "", False
        self._plan = self._planned()
        self._turned()

    def action_run_dry(self) -> None:
        """Show the variant that only tries it, or the command itself again."""
        if self.phase is not Phase.PLAN:
            return
        own = next((n for n, fence in enumerate(self._held.fences) if fence.role is RunRole.DRY_RUN), None)
        if own is not None:
            first = next((n for n, fence in enumerate(self._held.fences) if fence.role is RunRole.COMMAND), 0)
            self._at = own if self._at != own else first
        elif self._document.dry_run:
            self._dry = not self._dry
        else:
            self.console.say("this runbook has no dry run of that step", "warning")
            return
        self._plan = self._planned()
        self._turned()

    async def action_run_approve(self) -> None:
        """Let somebody else run what is shown."""
        if self.phase is not Phase.PLAN or self._plan.trouble:
            return
        if not self.query_one(OutputView).read_whole:
            self.console.say("read it to its end first (PgDn)", "warning")
        elif await self.console.act(self._plan.approve(), self._incident) is None:
            self.console.say("approved: somebody else may run it once within half an hour")

    def action_run_cancel(self) -> None:
        """End the command and all it started, when pressed twice."""
        if self.phase is not Phase.RUNNING:
            return
        if self._effect not in self.console.running:
            self.console.say("it runs on another console, and is cancelled there", "warning")
        elif self._cancelling:
            self._live.cancel()
        else:
            self._cancelling = True
            self.console.say("press again to end it and all it started", "warning")

    async def action_run_done(self) -> None:
        """Mark the step as done."""
        if self.phase is Phase.ENDED and await mark_done(self.console, self._incident, self._document, self._step):
            self.dismiss()

    async def action_run_mark(self) -> None:
        """Ask what came of the step."""
        if self.phase is Phase.ENDED:
            await ask_what_came(self.console, self._incident, self._document, self._step)

    async def action_run_gap(self) -> None:
        """Propose the command that was run for the runbook."""
        run = self._read_state().runs.get(self._effect)
        if self.phase is Phase.ENDED and run is not None:
            from iccon.console import gap  # only when it is asked for

            fence = self._plan.fence
            source = Source(code=fenced(fence.code, fence.language), entry=run.entry)
            await gap.propose(self.console, self._incident, self._document, self._step.section, source)

    def action_close(self) -> None:
        """Leave; what runs goes on."""
        if self.phase is Phase.RUNNING and self._effect in self.console.running:
            self.console.say("it goes on; the same key on that step shows it again")
        super().action_close()


@lru_cache(4)
def _wrapped(code: str, width: int) -> tuple[str, ...]:
    """Return a command in lines of at most `width` cells; kept, because it is shown anew every second."""
    return tuple(piece for line in code.rstrip("\n").split("\n") for piece in wrap(line, width))


def _fact(name: str, value: str, width: int, ink: str) -> list[list[Span]]:
    """Return a name and its value, wrapped beside it."""
    pieces = [piece for line in value.split("\n") for piece in wrap(line, max(width - LABEL, 10))]
    return [[(f"{name if n == 0 else '':<{LABEL}}", ink or "dim"), (piece, ink)] for n, piece in enumerate(pieces)]
