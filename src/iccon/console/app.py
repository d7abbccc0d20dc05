"""The application: theme, keys, screens, the bridge, and the one way in which screens act."""

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual import events
from textual.binding import BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.widget import Widget

from iccon.background import in_thread, spawn
from iccon.config.rolecards import RoleCard
from iccon.console import commands, handovers, safe
from iccon.console.bridge import pump
from iccon.console.keygate import KeyGate, Passed
from iccon.console.parts import Opened, Parts
from iccon.console.questions import Answers, Question
from iccon.console.screens.base import Surface
from iccon.console.screens.home import HomeScreen
from iccon.console.screens.incident import IncidentScreen
from iccon.console.theming import Sheet, textual_theme
from iccon.console.tidying import tidy
from iccon.desk import Receipt
from iccon.effects import EffectRunner, Fate
from iccon.feed.model import Snapshot
from iccon.incident import commands as c
from iccon.incident.decide import Refusal
from iccon.incident.effects import Effect, EffectState
from iccon.incident.entries import Entry
from iccon.incident.fold import Ledger
from iccon.incident.roles import Role
from iccon.incident.runs import PORT
from iccon.journal.drafts import fields
from iccon.journal.faults import JournalFault
from iccon.recorder import Recorder
from iccon.signals.model import Board

if TYPE_CHECKING:
    from iccon.console.drafts import Drafts

WRITERS = 4  # writes under way at once: more would be a burst
NOTICES = 3  # of writes that did not succeed, of one command
TICK = 1.0  # seconds between two looks at the clock


def palette_provider() -> type[Provider]:
    """Return the palette's provider; imported when the palette opens."""
    from iccon.console.palette import RegistryProvider

    return RegistryProvider


class IcconApp(safe.SafeApp[int]):
    """The console. It is given its parts and builds none."""

    CSS_PATH = "iccon.tcss"
    TITLE = "iccon"
    ENABLE_COMMAND_PALETTE = True
    DEFAULT_MODE = "0"  # modes are numbered: each screen that is gone to is the base of a mode of its own
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {palette_provider}
    BINDINGS: ClassVar[list[BindingType]] = [*commands.bindings(commands.APP), commands.to_state()]

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.snapshot = parts.feed.snapshot()
        super().__init__()
        if parts.setting.config.console.ascii:
            from iccon.console.plain import use_ascii

            use_ascii(self)
        self.add_mode(self.DEFAULT_MODE, self._first_screen)
        self._writing = asyncio.Semaphore(WRITERS)
        self._gate = KeyGate(super().on_event, self._place_of_keys)
        self._themes = [parts.theme.name]
        self.running: set[str] = set()  # effects whose commands run under this console
        self._warned = False  # that leaving ends them
        self.register_theme(textual_theme(parts.theme))
        self.set_reactive(IcconApp.theme, parts.theme.name)  # its watcher runs at the start anyway: once is enough
        self.stylesheet = Sheet(self.get_css_variables())
        usual = (
            commands.default_keys()
        )  # Textual goes through the whole keymap at every key: 3 ms with all of them in it
        self.set_keymap({ident: ",".join(keys) for ident, keys in parts.keys.items() if keys != usual.get(ident)})

    # Start

    def _first_screen(self) -> Screen[Any]:
        opened = self.parts.opened
        return HomeScreen(self.parts.incidents) if opened is None else self._incident_screen(opened)

    def _incident_screen(self, opened: Opened) -> IncidentScreen:
        wanted = self.parts.layout
        layout = wanted if wanted.fits(*self.size) else self.parts.narrow
        return IncidentScreen(opened.incident, opened.entries, layout)

    def on_mount(self) -> None:
        """Start what moves, once the first frame is out."""
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        gc.freeze()  # what start-up made is kept for good: never look at it again
        parts = self.parts
        parts.desk.subscribe(self._appended)
        spawn(parts.feed.run(), "feed")
        spawn(pump(parts.feed, self._fed, self.lull.come), "bridge")
        if parts.effects is not None:
            spawn(self._recover(parts.effects), "outbox")
        spawn(self._load_themes(), "themes")
        spawn(self._keep_runbooks(), "runbooks")
        self.set_interval(TICK, self._tick_soon)
        for notice in parts.notices:
            self.say(notice, "warning")

    async def _recover(self, runner: EffectRunner) -> None:
        """Bring to an end what a console that is gone left behind; of its commands, keep what they printed."""
        runs = [effect for effect, _ in await runner.recover() if effect.port == PORT]
        if runs:
            from iccon.console.runs import recovered  # hardly ever

            await recovered(self, runs)

    async def _keep_runbooks(self) -> None:
        from iccon.console import runbooks  # not on the first screen

        await runbooks.keep(self)

    async def _load_themes(self) -> None:
        for file in await in_thread(self.parts.other_themes, "themes", 10):
            self.register_theme(textual_theme(file))
            self._themes.append(file.name)

    # Data down

    @property
    def record_trouble(self) -> str | None:
        """Why the record is NOT being kept, while that is so."""
        return self.parts.desk.trouble

    @property
    def board(self) -> Board | None:
        """The golden signals as they were last answered."""
        slot = self.snapshot.slots.get("signals")
        return slot.value if slot else None

    def _surfaces(self) -> list[Surface]:
        return [screen for screen in self.screen_stack if isinstance(screen, Surface) and screen.is_mounted]

    async def _tick_soon(self) -> None:
        await self.lull.come()
        self._tick()

    def _tick(self) -> None:
        self._gate.send_round()
        tidy(self.lull.quiet)
        now = self.parts.setting.clock.now()
        for surface in self._surfaces():
            surface.tick(now)

    def _fed(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        for surface in self._surfaces():
            surface.fed(snapshot)
        if self.parts.recorder is not None:
            self._record(self.parts.recorder, snapshot)
        board, flight = self.board, self.parts.flight
        if flight and board and board.windows and flight.due(board.windows):
            spawn(flight.take(board.windows, self.say), "flight recorder")

    def _record(self, recorder: Recorder, snapshot: Snapshot) -> None:
        pages, signals = (slot and slot.value for slot in map(snapshot.slots.get, ("pages", "signals")))
        for screen in self.screen_stack:
            if not isinstance(screen, IncidentScreen) or not screen.ledger.state.active:
                continue
            if pages:
                spawn(recorder.take(screen.incident, pages), "recorder")
            if signals:
                now = self.parts.setting.clock.now()
                spawn(recorder.stalk(screen.ledger.state, signals, now), "stalk")

    def _appended(self, entries: tuple[Entry, ...]) -> None:
        for surface in self._surfaces():
            surface.appended(entries)
        key = commands.key_name((self.parts.keys.get("handover") or ("",))[0])
        for text in handovers.notices(entries, self.parts.setting.actor, key):
            self.call_out(text)

    # What screens ask for

    async def act(self, command: c.Command, incident: str | None, *, drop_draft: str | None = None) -> str | None:
        """Do `command`; return None when it is on the record, else the reason why not, which is shown as well."""
        answer = await self._do(command, incident, drop_draft)
        return answer if isinstance(answer, str) else None

    async def _do(self, command: c.Command, incident: str | None, drop_draft: str | None) -> Receipt | str:
        answer = await self.write(command, incident, drop_draft)
        if isinstance(answer, Receipt):
            self._send(answer.effects)
        return answer

    async def write(self, command: c.Command, incident: str | None, drop_draft: str | None = None) -> Receipt | str:
        """Put `command` on the record, without sending anything yet; or return why not, which is shown as well."""
        try:
            answer = await self.parts.desk.do(command, incident, drop_draft=drop_draft)
        except JournalFault as fault:
            self._tick()
            return self._refused(f"NOT RECORDED: {fault.reason}. {fault.hint}", "error")
        if isinstance(answer, Refusal):
            return self._refused(". ".join(filter(None, (answer.reason, answer.hint))))
        return answer

    async def act_on_pages(
        self, acts: Sequence[c.ActOnPage], incident: str | None, *, drop_draft: str | None = None
    ) -> str | None:
        """Do several page commands as one: all are written down before the first is sent."""
        effects: list[str] = []
        for act in acts:
            answer = await self.write(act, incident, drop_draft)
            if isinstance(answer, str):
                return answer
            effects += answer.effects
        self._send(effects)
        return None

    def _send(self, effects: Sequence[str]) -> None:
        if self.parts.effects is not None and effects:
            spawn(self._deliver(self.parts.effects, effects), f"effect {effects[0]}")

    async def _deliver(self, runner: EffectRunner, effects: Sequence[str]) -> None:
        """Carry out writes, a few at once; what did not succeed is said, not only where its row is."""
        batches = await runner.batches(effects)
        told = await asyncio.gather(*(self._one(runner, batch) for batch in batches))
        failed = [fate for fates in told for fate in fates if fate.state is not EffectState.SENT]
        counts = Counter(fate.state.upper() for fate in failed)
        for state, detail in dict.fromkeys((fate.state.upper(), fate.detail) for fate in failed[:NOTICES]):
            many = f" {counts[state]} of {len(effects)}" if len(effects) > 1 else ""
            self.say(f"{state}{many}: {detail}", "error")

    async def _one(self, runner: EffectRunner, batch: Sequence[Effect]) -> tuple[Fate, ...]:
        async with self._writing:
            return await runner.run_batch(batch)

    async def record(self, command: c.Command, incident: str) -> None:
        """Put on the record what came about by the way; nothing where this console only watches."""
        if self.parts.effects is not None:
            await self.act(command, incident)

    def _refused(self, reason: str, severity: safe.Severity = "warning") -> str:
        self.say(reason, severity)
        return reason

    def say(self, text: str, severity: safe.Severity = "information") -> None:
        """Show a notice."""
        safe.notify(self, text, severity)

    def call_out(self, text: str) -> None:
        """Show a notice that must not be missed: with the bell and the terminal's notification, as configured."""
        wanted = self.parts.setting.config.console
        self.say(text, "warning")
        safe.ring(self, text, wanted.bell, wanted.notify)

    async def ask(
        self,
        question: Question,
        incident: str | None,
        then: Callable[[str, Answers], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Ask `question` and do what its answers say; a new incident is opened, and then `then` done with it.

        What was typed is there again.
        """
        from iccon.console.screens.form import Form  # not on the first screen

        declared: list[str] = []
        refused: list[c.Command] = []

        async def submit(answers: Answers) -> str | None:
            command = question.command(answers)
            if isinstance(command, str):
                return command
            if command in refused and isinstance(command, c.AddNote | c.AddTask):
                command = replace(command, again=True)
            refused.append(command)
            answer = await self._do(command, incident, question.key(incident))
            if isinstance(answer, Receipt) and isinstance(command, c.Declare):
                declared.append(answer.incident)
                if then is not None:
                    spawn(then(answer.incident, answers), "declared")
            return answer if isinstance(answer, str) else None

        async def closed(_: bool | None) -> None:
            if declared:
                await self.open_incident(declared[0])

        drafts = await self.drafts(question.key(incident))
        await self.push_screen(Form(question.title, question.fields, submit, drafts, lines=question.lines), closed)

    async def drafts(self, key: str) -> "Drafts":
        """Return what was typed before into the form that is kept under `key`."""
        from iccon.console.drafts import Drafts  # not on the first screen

        found = await self.parts.desk.call(lambda desk: desk.journal.drafts())
        return Drafts(key, fields(found, key), self.save_draft)

    async def draft(self, key: str) -> tuple[str, int]:
        """Return the text kept under `key` and the cursor in it; empty where there is none."""
        found = await self.parts.desk.call(lambda desk: desk.journal.draft(key))
        return (found.text, found.cursor) if found else ("", 0)

    async def save_draft(self, key: str, text: str | None, cursor: int) -> None:
        """Keep what is being typed, or forget it (None).

        A journal that cannot be written is said in the state strip, not at every key.
        """
        with suppress(JournalFault):
            if text is None:
                await self.parts.desk.call(lambda desk: desk.journal.drop_draft(key))
            else:
                await self.parts.desk.call(lambda desk: desk.journal.save_draft(key, text, cursor))

    async def role_cards(self) -> dict[str, RoleCard]:
        """Return what each role does; what is wrong with a card of the user's is said, and the bundled one shown."""
        cards, problems = await in_thread(self.parts.role_cards, "role cards", 10)
        for problem in problems:
            self.say(problem.said, "warning")
        return cards

    async def callout_asks(self) -> tuple[str, ...]:
        """Return what a call-out asks, by the commander's card."""
        card = (await self.role_cards()).get(Role.COMMANDER)
        return card.callout if card else ()

    # Screens

    async def open_incident(self, incident: str) -> None:
        """Show an incident."""
        entries = await self.parts.desk.call(lambda desk: desk.glimpse(incident))
        await self._go(self._incident_screen(Opened(incident, entries)))

    async def open_home(self) -> None:
        """Show the list of incidents."""
        incidents = await self.parts.desk.call(lambda desk: desk.incidents())
        await self._go(HomeScreen(incidents))

    async def _go(self, screen: Screen[Any]) -> None:
        """Show `screen` instead of the present one and all that lies on it."""
        before = self.current_mode
        after = str(int(before) + 1)
        self.add_mode(after, lambda: screen)
        await self.switch_mode(after)
        await self.remove_mode(before)

    async def export(self, ledger: Ledger) -> None:
        """Write the record of an incident as Markdown and say where."""
        self.say(f"writing {len(ledger.entries):,} entries")
        try:
            path = await in_thread(lambda: self.parts.export(ledger), "export", 30)
        except (OSError, TimeoutError) as fault:
            self.say(f"the export was not written: {fault}", "error")
        else:
            self.say(f"written: {path}")

    async def action_help(self) -> None:
        """Show the keys."""
        from iccon.console.screens.help import HelpScreen  # not on the first screen

        scopes = next((s.SCOPES for s in reversed(self._surfaces())), (commands.HOME,))
        await self.push_screen(HelpScreen(scopes, self.parts.keys, self.parts.setting.read_only))

    async def action_show_state(self) -> None:
        """Show how the incident stands, over whatever is open above its screen."""
        below = next((s for s in reversed(self.screen_stack) if isinstance(s, IncidentScreen)), None)
        if below is None:
            self.say("no incident is open", "warning")
        else:
            await below.action_state()

    def action_help_quit(self) -> None:
        """Say how to leave: what ctrl+c is for where nothing can be copied."""
        self.say(f"{commands.key_name('ctrl+q')} leaves; what is typed is kept")

    def action_refresh_now(self) -> None:
        """Poll every source now."""
        self.parts.feed.refresh(None)

    def action_pause(self) -> None:
        """Ask no source, or go on."""
        paused = not self.parts.feed.snapshot().paused
        self.parts.feed.pause(paused)
        self.say("paused: no source is asked" if paused else "every source is asked again")

    async def action_quit(self) -> None:
        """Leave; where a command runs, when pressed again: it would be ended."""
        if self.running and not self._warned:
            self._warned = True
            self.say("a command of a runbook runs, and leaving ends it: press again to leave", "warning")
        else:
            await super().action_quit()

    def action_next_theme(self) -> None:
        """Go through the themes of iccon and of the user."""
        names = sorted(self._themes)
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.say(f"theme {self.theme}")

    def footer(self, scopes: tuple[str, ...]) -> list[tuple[str, str]]:
        """Return what the key bar of a screen shows."""
        return commands.footer((*scopes, commands.APP), self.parts.keys, self.parts.setting.read_only)

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Let keys through one after another, each when the one before it has done its work."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.lull.pressed()
            self.call_after_refresh(self.lull.answered)
            await self._gate.take(event)
        else:
            await super().on_event(event)

    async def on_passed(self, message: Passed) -> None:
        """Everybody is done with the last key."""
        await self._gate.passed(message)

    def _place_of_keys(self) -> Widget | None:
        return self.focused or self.screen if self.screen_stack else None
