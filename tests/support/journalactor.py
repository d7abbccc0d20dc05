"""One of several who work on one journal at once: a console's desk on its thread, or a script that calls `iccon`.

Arguments: console or script, the journal (a script's is the home's own), the incident, a name, how many acts. Prints
`E id` for each entry that it was promised, `R code` for each refusal. A console prints `D` when it has done its
acts, and goes on hearing until the note END is on the record; at last `S digest` of the state that it folded.
"""

import asyncio
import hashlib
import io
import json
import random
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import msgspec

from iccon.cli.main import main as iccon
from iccon.clock import SystemClock
from iccon.desk import Desk, Receipt
from iccon.deskthread import DeskThread
from iccon.incident import commands as c
from iccon.incident.entries import Entry, Note
from iccon.incident.fold import Ledger
from iccon.incident.milestones import Milestone
from iccon.incident.roles import Role
from iccon.incident.severity import Phase, Severity
from iccon.incident.state import State
from iccon.incident.tasks import TaskKind
from iccon.journal.store import Journal

END = "END"


def digest(state: State) -> str:
    return hashlib.sha256(msgspec.json.encode(state, order="deterministic")).hexdigest()


def acts(name: str, ledger: Ledger, dice: random.Random) -> Iterator[c.Command]:
    """What a person does, some of it to what others wrote; refusals are part of it."""
    number = 0
    while True:
        number += 1
        known = ledger.entries[-dice.randrange(1, 20)].id if len(ledger.entries) > 20 else ledger.entries[0].id
        yield from dice.sample(
            (
                c.AddNote(text=f"{name} {number}"),
                c.AddNote(text=f"{name} {number} again"),
                c.AddTask(what=TaskKind.ACTION, text=f"{name} {number}", owner=name, minutes=dice.randrange(1, 90)),
                c.SetSeverity(level=dice.choice(list(Severity)), reason=f"{name} {number}"),
                c.SetPhase(phase=dice.choice([p for p in Phase if p is not Phase.RESOLVED]), reason=name),
                c.TakeRole(role=dice.choice(list(Role)), person=f"{name}{number % 4}"),
                c.ProposeHandover(role=Role.COMMANDER, person=f"x{number}", minutes=3),
                c.StartImpact(scope=f"{name} {number}"),
                c.StopImpact(),
                c.SetTheory(text=f"{name} {number}", confirmed=bool(number % 2)),
                c.SetMilestone(milestone=Milestone.MITIGATED),
                c.CallOut(text=f"{name} {number}"),
                c.SettleTask(target=known, outcome="done"),
                c.Strike(target=known, reason=name),
                c.Amend(target=known, text=f"{name} {number}"),
            ),
            4,
        )


def said(answer: object) -> None:
    if isinstance(answer, Receipt):
        print("\n".join(f"E {entry.id}" for entry in answer.entries), flush=True)
    else:
        print("R", getattr(answer, "code", answer), flush=True)


async def console(path: str, incident: str, name: str, count: int) -> None:
    def opened() -> Desk:
        clock = SystemClock()
        return Desk(Journal.open(Path(path), clock), clock, name)

    desk = DeskThread(opened)
    await desk.start()
    ledger, over = Ledger(incident), asyncio.Event()

    def heard(entries: tuple[Entry, ...]) -> None:
        ledger.extend(entry for entry in entries if entry.incident == incident)
        if any(isinstance(entry.body, Note) and entry.body.text == END for entry in entries):
            over.set()

    desk.subscribe(heard)
    ledger.extend(await desk.call(lambda d: tuple(d.ledger(incident).entries)))
    todo = acts(name, ledger, random.Random(name))
    for _ in range(count):
        said(await desk.do(next(todo), incident))
    print("D", flush=True)
    async with asyncio.timeout(60):
        await over.wait()
    print("S", digest(ledger.state), flush=True)
    await desk.stop()


def script(incident: str, name: str, count: int) -> None:
    """Call the command line, a whole run each time."""
    dice = random.Random(name)
    for number in range(count):
        words = dice.choice(
            (
                ["note", f"{name} {number}"],
                ["assign", f"{name} {number}", "--to", name, "--in", "5m"],
                ["severity", dice.choice(list(Severity)), "--reason", f"{name} {number}"],
                ["role", "expert", f"{name}{number % 3}"],
                ["theory", f"{name} {number}"],
                ["callout", f"{name} {number}"],
            )
        )
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(io.StringIO()):
            code = iccon([*words, "--incident", incident, "--json"])
        for entry in json.loads(out.getvalue())["entries"] if code == 0 else ():
            print("E", entry["id"], flush=True)
        if code:
            print("R", code, flush=True)


def main(kind: str, path: str, incident: str, name: str, count: str) -> None:
    if kind == "console":
        asyncio.run(console(path, incident, name, int(count)))
    else:
        script(incident, name, int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
