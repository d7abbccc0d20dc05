"""What can be done to pages, asked in two small forms: which verb, then what it needs, with what will come of it.

The pages are those that were selected as the key was pressed: no refresh in between can change whom it hits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from iccon.console.questions import Answers, ChoiceField, Field, TextField
from iccon.console.screens.form import Form
from iccon.incident import commands as c
from iccon.incident.effects import Effect, EffectState
from iccon.incident.page_verbs import LOOKS_FIRST, VERBS, PageVerb
from iccon.pages.model import Page
from iccon.pages.silences import hit
from iccon.when import seconds_of

if TYPE_CHECKING:
    from iccon.console.app import IcconApp

NAMED = 4  # pages that a form names; of more it gives the number
HAPPENED = "happened"
SETTLE = {HAPPENED: "It took place: I looked", "not": "It did not take place: I looked, it may be done again"}
WHO = "a name, an e-mail address, or policy:NAME; several with commas"

# What each argument of a verb is asked with; merge asks for the page that stays instead.
FIELDS: dict[str, Field] = {
    "resolution": TextField("resolution", "What ended it (optional)"),
    "to": TextField("to", "Who", "", True, WHO),
    "level": TextField("level", "Which level of the escalation policy", "2", True),
    "seconds": TextField("seconds", "For how long", "30m", True, "30m, 2h, 1d"),
    "text": TextField("text", "Text", "", True),
    "note": TextField("note", "Which note (its id, as the details show it)", "", True),
    "priority": TextField("priority", "Priority", "", True, "its name: P1"),
    "urgency": ChoiceField("urgency", "Urgency", (("high", "high"), ("low", "low")), "high"),
    "message": TextField("message", "What they read (optional)"),
    "workflow": TextField("workflow", "Which workflow", "", True, "its name or id"),
}


def offered(pages: Sequence[Page], verbs: Mapping[str, tuple[str, ...]]) -> tuple[PageVerb, ...]:
    """Return what every pager of `pages` can do to them, in the order of the menu; `verbs` is by pager."""
    can = [set(verbs.get(page.source, VERBS)) for page in pages]
    one_pager = len({page.source for page in pages}) == 1
    single = ("edit_note", "delete_note", "silence", "unsilence")  # notes have ids, a silence hits others by itself
    return tuple(
        verb
        for verb in VERBS.values()
        if all(verb.name in each for each in can)
        and verb.name != "reopen"  # open pages are not
        and (verb.name != "merge" or (len(pages) > 1 and one_pager))
        and (verb.name not in single or len(pages) == 1)
    )


def lacking(pages: Sequence[Page], lacks: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return what is not offered because an account cannot do it, and why."""
    return {verb: why for page in pages for verb, why in lacks.get(page.source, {}).items()}


def lines(pages: Sequence[Page], place: str) -> list[str]:
    """Return what a form says of the pages: which, of which service, where."""
    named = [f"{page.service or '-'}: {page.title}  ({page.source} {page.id})" for page in pages[:NAMED]]
    more = [f"and {len(pages) - NAMED} more"] if len(pages) > NAMED else []
    return [*named, *more, f"in {place}" if place else "in an environment without a name"]


def preview(page: Page, pages: Sequence[Page]) -> list[str]:
    """Return what a form says of the alerts that a silence will hit now."""
    found = hit(page, pages)
    named = [f"  {other.service or '-'}: {other.title}" for other in found[:NAMED]]
    return [f"It hits {len(found)} of the {len(pages)} pages shown, and those that come:", *named]


def fields(verb: PageVerb, pages: Sequence[Page]) -> list[Field]:
    """Return what the verb asks for."""
    if verb.name == "merge":
        stays = tuple((page.id, f"{page.service or '-'}: {page.title}") for page in pages)
        return [ChoiceField("into", "Which page stays", stays, pages[0].id)]
    return [FIELDS[name] for name in (*verb.needs, *verb.may)]


def acts(verb: PageVerb, pages: Sequence[Page], answers: Answers) -> list[c.ActOnPage] | str:
    """Return the commands that the answers make, one a page, or why they make none."""
    if verb.name == "merge":
        into = next(page for page in pages if page.id == answers["into"])
        sources = " ".join(page.id for page in pages if page is not into)
        return [c.ActOnPage(page=into.ref, verb=verb.name, arguments={"sources": sources})]
    arguments = {name: text.strip() for name, text in answers.items() if text.strip()}
    if "seconds" in arguments:
        seconds = seconds_of(arguments["seconds"])
        if not seconds:
            return f"{arguments['seconds'][:40]} is no span of time; 30m, 2h and 1d are"
        arguments["seconds"] = str(seconds)
    return [c.ActOnPage(page=page.ref, verb=verb.name, arguments=arguments) for page in pages]


class PageMenu:
    """One request of a person for `pages`; `done` is called when it is on the record."""

    def __init__(
        self,
        console: "IcconApp",
        pages: Sequence[Page],
        incident: str | None,
        done: Callable[[], None],
    ) -> None:
        self._console = console
        self._pages = pages
        slot = console.snapshot.slots.get("pages")
        verbs = slot.value.verbs if slot and slot.value else {}
        self._all: Sequence[Page] = slot.value.pages if slot and slot.value else ()
        self._offered = {verb.name: verb for verb in offered(pages, verbs)}
        self._unclear: Effect | None = None
        self._incident = incident
        self._done = done
        self._chosen = self._draft = ""
        setting = console.parts.setting
        self._lacks = lacking(pages, slot.value.lacks if slot and slot.value else {})
        self._lines = lines(pages, "a drill" if setting.drill else setting.config.environment)

    async def open(self) -> None:
        """Ask for the verb."""
        await self._find_unclear()
        if not self._offered and self._unclear is None:
            why = "; ".join(dict.fromkeys(self._lacks.values())) or "its pager takes no commands"
            self._console.say(f"nothing can be done to what is chosen: {why}", "warning")
            return
        many = f" ({len(self._pages)})" if len(self._pages) > 1 else ""
        verbs = tuple((verb.name, self._option(verb)) for verb in VERBS.values() if self._is_shown(verb.name))
        first = tuple(SETTLE.items()) if self._unclear else ()
        choice = ChoiceField("verb", "", first + verbs, next(iter(self._offered), ""), frozenset(self._lacks))

        async def submit(answers: Answers) -> str | None:
            self._chosen = answers["verb"]
            return None if self._chosen else "choose one"

        drafts = await self._console.drafts("page")
        form = Form(f"What is done to the page{many}", [choice], submit, drafts, lines=self._lines)
        await self._console.push_screen(form, self._picked)

    async def _find_unclear(self) -> None:
        """Find what was done to the page with an outcome that nobody could tell: a person may."""
        if len(self._pages) == 1:
            here = (self._pages[0].source, self._pages[0].id)
            rows = await self._console.parts.desk.call(lambda desk: desk.outbox(EffectState.UNKNOWN))
            mine = [row.effect for row in rows if (row.effect.target, row.effect.payload.get("page")) == here]
            self._unclear = mine[-1] if mine else None
        if self._unclear is not None:
            verb = self._unclear.verb
            if verb not in LOOKS_FIRST and verb in self._offered:
                del self._offered[verb]
                self._lacks[verb] = "say first whether the last one took place"
            self._lines.append(f"unknown: did {verb.replace('_', ' ')} take place? look, then say so")

    async def _settle(self, effect: str, happened: bool) -> None:
        actor = self._console.parts.setting.actor
        await self._console.parts.desk.call(lambda desk: desk.judge(effect, happened, actor))

    def _is_shown(self, verb: str) -> bool:
        return verb in self._offered or verb in self._lacks

    def _option(self, verb: PageVerb) -> str:
        return f"{verb.title}: {self._lacks.get(verb.name, verb.effect)}"

    async def _picked(self, accepted: bool | None) -> None:
        if not accepted:
            return
        if self._unclear is not None and self._chosen in SETTLE:
            await self._settle(self._unclear.id, self._chosen == HAPPENED)
            return
        verb = self._offered[self._chosen]
        if verb.confirms:
            await self._ask(verb)
        else:
            await self._do(verb, {})

    async def _ask(self, verb: PageVerb) -> None:
        """Ask for what it needs; to accept this form is to confirm."""
        asked = fields(verb, self._pages)
        self._draft = f"page:{verb.name}:{self._pages[0].key}"
        many = f": {len(self._pages)} pages" if len(self._pages) > 1 else ""

        async def submit(answers: Answers) -> str | None:
            return await self._do(verb, answers)

        said = [*self._lines, f"then {verb.effect}"]
        if verb.name == "silence":
            said += preview(self._pages[0], self._all)
        form = Form(f"{verb.title}{many}?", asked, submit, await self._console.drafts(self._draft), lines=said)
        await self._console.push_screen(form)

    async def _do(self, verb: PageVerb, answers: Answers) -> str | None:
        wanted = acts(verb, self._pages, answers)
        if isinstance(wanted, str):
            return wanted
        refused = await self._console.act_on_pages(wanted, self._incident, drop_draft=self._draft or None)
        if refused is None:
            self._done()
        return refused
