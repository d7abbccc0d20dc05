"""One command's work: the setting it runs in, the open desk, and the incident it is about."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from iccon import when
from iccon.config.places import chosen, folders
from iccon.config.schema import Config, Loaded, Problem
from iccon.config.setting import Setting
from iccon.incident.commands import Command
from iccon.incident.decide import Refusal
from iccon.incident.fold import Ledger
from iccon.incident.ids import short
from iccon.incident.state import State
from iccon.text import CleanText, clean, clean_block

if TYPE_CHECKING:
    from iccon.desk import Desk, Receipt

STDIN_LIMIT = 1_000_000  # bytes read from the standard input; more is no note


class Refused(Exception):
    """The desk, or the command line itself, said no."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.reason)


class BadConfiguration(Exception):
    """The configuration has problems, all of them here."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problems")


class BadUse(Exception):
    """The words of the command line do not make sense together; the message says why."""


class Fault(Exception):
    """Something that does not work, in words; `kind` is stable, for scripts."""

    def __init__(self, kind: str, reason: str, hint: str = "") -> None:
        self.kind = kind
        self.reason = reason
        self.hint = hint
        super().__init__(reason)


def refuse(code: str, reason: str, hint: str = "") -> Refused:
    """Return the exception for a refusal of our own."""
    return Refused(Refusal(code, reason, hint))


def setting(args: argparse.Namespace, *, read_only: bool = False) -> Setting:
    """Return the setting of this run. Raises BadConfiguration with every problem at once."""
    places, named = folders(os.environ), chosen(args.config, os.environ)
    loaded = Loaded(Config(), None)
    if named is not None or places.config_file.exists():
        from iccon.config.load import load  # 8 ms that a start without a configuration does not need

        loaded = load(named, places)
    if loaded.problems:
        raise BadConfiguration(loaded.problems)
    return Setting(config=loaded.config, folders=places, file=loaded.file, drill=args.drill, read_only=read_only)


class Session:
    """An open desk with the words of the command line."""

    def __init__(self, args: argparse.Namespace, setting: Setting, desk: "Desk") -> None:
        self.args = args
        self.setting = setting
        self.desk = desk
        self.now = setting.clock.now()

    def incident(self, *, resolved: bool = False) -> str:
        """Return the id of the incident meant: --incident, else the single active one. Raises Refused.

        With `resolved`, the newest incident will do where none is active.
        """
        if self.args.incident:
            found = self.desk.resolve_ref(self.args.incident)
            if isinstance(found, Refusal):
                raise Refused(found)
            return found
        active = self.desk.active()
        if len(active) > 1:
            raise Refused(several(active))
        if active:
            return active[0].incident
        known = self.desk.incidents() if resolved else ()
        if not known:
            raise refuse("no_incident", "no incident is active", "declare one, or name one with --incident")
        return known[0].incident

    def ledger(self, *, resolved: bool = True) -> Ledger:
        """Return the ledger of the incident meant. Raises Refused."""
        return self.desk.ledger(self.incident(resolved=resolved))

    def do(self, command: Command, incident: str | None) -> "Receipt":
        """Hand `command` to the desk. Raises Refused."""
        receipt = self.desk.do(command, incident)
        if isinstance(receipt, Refusal):
            raise Refused(receipt)
        return receipt

    def at(self) -> datetime | None:
        """Return the instant of --at, None where it was not given. Raises BadUse."""
        words = getattr(self.args, "at", None)
        return None if words is None else self.instant(words)

    def instant(self, words: str, option: str = "--at") -> datetime:
        """Return the instant that `words` of `option` name, as the configured zone reads them. Raises BadUse."""
        found = when.moment(words, self.now, self.zone, self._declared_at())
        if isinstance(found, when.TimeProblem):
            raise BadUse(f"{option} {clean(words, 60)}: {found.reason}; {found.hint}")
        return found

    def _declared_at(self) -> datetime | None:
        """Return where T+ counts from: the declaration of the incident meant, if there is one."""
        try:
            return self.desk.state(self.incident(resolved=True)).declared_at
        except Refused:
            return None

    @cached_property
    def zone(self) -> tzinfo:
        """The zone of the configuration, in which times are read and shown."""
        return when.zone_of(self.setting.config.console.zone)

    def clock_text(self, instant: datetime) -> str:
        """Return `instant` in the configured zone, with the zone's name; with the date unless it is today."""
        today = instant.astimezone(self.zone).date() == self.now.astimezone(self.zone).date()
        return when.stamp(instant, self.zone, day=not today)


@contextmanager
def session(args: argparse.Namespace, *, read_only: bool = False) -> Iterator[Session]:
    """Open the desk for one command and close its journal afterwards. Raises BadConfiguration, JournalFault.

    `args.damage` is then the fault that kept the journal from being read to its end.
    """
    from iccon.bootstrap import open_desk

    chosen = setting(args)
    if read_only and chosen.journal.exists():  # where there is none yet, it is made: "no incidents" is no fault
        chosen = msgspec.structs.replace(chosen, read_only=True)
    desk = open_desk(chosen)
    try:
        yield Session(args, chosen, desk)
        if desk.damage is not None:  # what could be read has been shown; that it is not all must be said
            args.damage = desk.damage
    finally:
        desk.journal.close()


def several(active: tuple[State, ...]) -> Refusal:
    """Return the refusal that lists the active incidents."""
    named = ", ".join(f"{short(state.incident)} ({state.severity} {state.title})" for state in active)
    return Refusal("which", f"{len(active)} incidents are active: {named}", "name one with --incident")


def text_of(words: list[str] | str) -> CleanText:
    """Return the text of an argument: the words joined, or the standard input where it is `-`."""
    text = words if isinstance(words, str) else " ".join(words)
    if text == "-":
        raw = sys.stdin.buffer.read(STDIN_LIMIT + 1)
        if len(raw) > STDIN_LIMIT:
            raise BadUse(f"the standard input has more than {STDIN_LIMIT:,} bytes")
        text = raw.decode("utf-8", "replace")
    return clean_block(text)


def minutes_of(span: str) -> int:
    """Return whole minutes. Raises BadUse."""
    minutes = when.minutes_of(span)
    if minutes is None:
        raise BadUse(f"{clean(span, 60)} is no span of at least a minute; 10m, 1h and 2d are")
    return minutes


def entry_id(opened: Session, ref: str) -> str:
    """Return the full id of the entry that `ref` names in the incident meant. Raises Refused."""
    found = opened.desk.journal.find(ref, opened.incident(resolved=True))
    if not found:
        raise refuse("no_entry", f"this incident has no entry {clean(ref, 60)}", "`iccon timeline` lists the ids")
    if len(found) > 1:
        raise refuse("which_entry", f"{len(found)} entries end so", "give more characters of the id")
    return found[0].id
