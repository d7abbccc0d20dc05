"""The way out: each fault at each step, a process killed in between, and never a second attempt."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journalkit import StillClock, declare, did, opened, run_step

from iccon import effects
from iccon.desk import Desk
from iccon.deskthread import DeskThread
from iccon.effects import ABANDONED, EffectRunner, Fate, is_dead, owner_token, recover, run
from iccon.faults import FaultKind, SourceFault
from iccon.incident import commands as c
from iccon.incident.effects import Effect, EffectState
from iccon.incident.entries import NO_INCIDENT, EffectEnded, PageRef
from iccon.incident.severity import Audience

LOST = SourceFault(FaultKind.LOST, "no answer")
Answer = str | Exception | None
UPDATE = c.IssueUpdate(audience=Audience.CUSTOMER, text="x", template="t", outlets=("file",))


class FakePort:
    """Answers as told, and counts."""

    def __init__(self, performs: Answer = "r-1", reads: Answer = None) -> None:
        self.performs, self.reads = performs, reads
        self.performed: list[str] = []
        self.read: list[str] = []

    def perform(self, effect: Effect) -> str:
        self.performed.append(effect.id)
        if isinstance(self.performs, str):
            return self.performs
        raise self.performs or AssertionError

    def read_back(self, effect: Effect) -> str | None:
        self.read.append(effect.id)
        if isinstance(self.reads, Exception):
            raise self.reads
        return self.reads


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def desk(tmp_path: Path, clock: StillClock) -> Desk:
    return opened(tmp_path / "journal.db", clock)


def queued(desk: Desk) -> str:
    incident = desk.active()[0].incident if desk.active() else declare(desk)
    return did(desk.do(UPDATE, incident)).effects[0]


def written(desk: Desk, effect: str) -> list[str]:
    found = desk.journal.entries(kinds=["effect"])
    return [e.body.state for e in found if isinstance(e.body, EffectEnded) and e.body.effect == effect]


CASES: list[tuple[Answer, Answer, list[str], int]] = [
    ("r-1", None, ["sent"], 0),
    (SourceFault(FaultKind.REFUSED, "nobody there"), None, ["failed"], 0),
    (SourceFault(FaultKind.RATE_LIMITED, "slow down"), None, ["failed"], 0),
    (SourceFault(FaultKind.SERVER, "500"), None, ["failed"], 0),
    (LOST, "r-2", ["unknown", "sent"], 1),
    (LOST, None, ["unknown", "failed"], 1),
    (LOST, SourceFault(FaultKind.REFUSED, "gone"), ["unknown"], 1),
    (LOST, RuntimeError("a fault of the adapter"), ["unknown"], 1),
    (SourceFault(FaultKind.TIMEOUT, "slow"), "r-2", ["unknown", "sent"], 1),
    (RuntimeError("a fault of the adapter"), None, ["unknown", "failed"], 1),
]


@pytest.mark.parametrize(("performs", "reads", "states", "looks"), CASES)
def test_every_end(desk: Desk, performs: Answer, reads: Answer, states: list[str], looks: int) -> None:
    port, effect = FakePort(performs, reads), queued(desk)
    fate = run(desk, {"updates": port}, effect, "me/1/1")
    assert fate is not None
    assert written(desk, effect) == states
    assert (fate.state, len(port.performed), len(port.read)) == (states[-1], 1, looks)
    assert run(desk, {"updates": port}, effect, "me/1/1") is None
    row = desk.effect(effect)
    assert row is not None
    assert (row.state, row.detail, row.receipt) == (fate.state, fate.detail, fate.receipt)
    assert desk.ledger(row.effect.incident).state.outcomes[effect].state == fate.state


@pytest.mark.parametrize(("performs", "reads", "states", "looks"), CASES)
async def test_every_end_in_the_console(
    tmp_path: Path, performs: Answer, reads: Answer, states: list[str], looks: int
) -> None:
    thread = DeskThread(lambda: opened(tmp_path / "journal.db"))
    await thread.start()
    port, effect = FakePort(performs, reads), await thread.call(queued)
    fate = await EffectRunner(thread.call, {"updates": port}).run(effect)
    assert fate is not None
    assert await thread.call(lambda d: written(d, effect)) == states
    assert (fate.state, len(port.performed), len(port.read)) == (states[-1], 1, looks)
    await thread.stop()


def test_failed_after_reading_back_says_that_it_is_safe_to_send_again(desk: Desk) -> None:
    fate = run(desk, {"updates": FakePort(LOST, None)}, queued(desk), "me/1/1")
    assert fate is not None
    assert "safe to send again" in fate.detail


def test_nothing_configured_is_a_failure(desk: Desk) -> None:
    effect = queued(desk)
    fate = run(desk, {}, effect, "me/1/1")
    assert fate is not None
    assert (fate.state, written(desk, effect)) == (EffectState.FAILED, ["failed"])


def test_foreign_words_are_cleaned(desk: Desk) -> None:
    fate = run(desk, {"updates": FakePort("\x1b[31mred\n")}, queued(desk), "me/1/1")
    assert fate is not None
    assert fate.receipt == "␛[31mred"


def test_an_effect_without_an_incident_ends_there_too(desk: Desk) -> None:
    act = c.ActOnPage(page=PageRef("pd", "P1", "disk full"), verb="acknowledge")
    effect = did(desk.do(act)).effects[0]
    run(desk, {"pages": FakePort()}, effect, "me/1/1")
    assert desk.ledger(NO_INCIDENT).state.outcomes[effect].state is EffectState.SENT


DEAD = "/".join([os.uname().nodename, "999999999", "1"])


@pytest.mark.parametrize(
    ("reads", "end"),
    [
        ("r-2", EffectState.SENT),
        (None, EffectState.FAILED),
        (SourceFault(FaultKind.TIMEOUT, "slow"), EffectState.UNKNOWN),
    ],
)
def test_what_the_dead_claimed_is_read_back_and_never_performed(desk: Desk, reads: Answer, end: EffectState) -> None:
    effect, port = queued(desk), FakePort("r-1", reads)
    assert desk.claim(effect, DEAD)
    ((found, fate),) = recover(desk, {"updates": port})
    assert (found.id, fate.state, port.performed, port.read) == (effect, end, [], [effect])
    assert written(desk, effect) == ["unknown"] + [str(end)] * (end is not EffectState.UNKNOWN)
    assert len(recover(desk, {"updates": port})) == (end is EffectState.UNKNOWN)  # that one is looked at again


def test_what_stays_unknown_is_looked_at_again_and_written_once(desk: Desk, clock: StillClock) -> None:
    effect, port = queued(desk), FakePort(LOST, SourceFault(FaultKind.REFUSED, "gone"))
    run(desk, {"updates": port}, effect, "me/1/1")
    assert recover(desk, {"updates": port}) == ()  # its request may still be on the way
    for _ in range(3):
        clock.tick(minutes=2)
        ((_, fate),) = recover(desk, {"updates": port})
    assert fate.detail.count("reading back") == 1
    assert written(desk, effect) == ["unknown"]
    port.reads = "r-9"
    clock.tick(minutes=2)
    recover(desk, {"updates": port})
    assert (written(desk, effect), port.performed) == (["unknown", "sent"], [effect])


def test_what_the_living_claimed_is_left_alone(desk: Desk) -> None:
    effect, port = queued(desk), FakePort()
    desk.claim(effect, owner_token())
    assert recover(desk, {"updates": port}) == ()
    assert (port.read, written(desk, effect)) == ([], [])


def test_what_was_queued_and_forgotten_is_not_sent_late(desk: Desk, clock: StillClock) -> None:
    effect, port = queued(desk), FakePort()
    recover(desk, {"updates": port})
    assert written(desk, effect) == []
    clock.tick(minutes=11)
    recover(desk, {"updates": port})
    assert (written(desk, effect), port.performed) == (["failed"], [])
    row = desk.effect(effect)
    assert row is not None
    assert "safe to send again" in row.detail


def test_owners(clock: StillClock) -> None:
    now, own = clock.now(), owner_token()
    host, pid, _ = own.split("/")
    assert not is_dead(own, now, now)
    assert is_dead(DEAD, now, now)
    assert is_dead(f"{host}/{pid}/1", now, now) or not Path("/proc/self/stat").exists()
    assert not is_dead("elsewhere/1/1", now, now + ABANDONED)
    assert is_dead("elsewhere/1/1", now, now + ABANDONED + timedelta(seconds=1))
    assert not is_dead("nonsense", now, now)


KILLED = """
import os, signal, sys
from pathlib import Path
from journalkit import opened
from iccon.effects import owner_token, run

class Port:
    def perform(self, effect):
        with open(sys.argv[2], "a") as posted:
            print(effect.id, file=posted, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    def read_back(self, effect): raise AssertionError

run(opened(Path(sys.argv[1])), {"updates": Port()}, sys.argv[3], owner_token())
"""


def test_a_process_killed_while_sending_has_sent_once_and_is_found_out(desk: Desk, tmp_path: Path) -> None:
    effect, posted = queued(desk), tmp_path / "posted"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", KILLED, str(desk.journal.path), str(posted), effect]
    assert subprocess.run(command, env=env, check=False).returncode == -signal.SIGKILL

    class Look(FakePort):
        def read_back(self, effect: Effect) -> str | None:
            return "found" if effect.id in posted.read_text() else None

    port = Look()
    ((_, fate),) = recover(desk, {"updates": port})
    assert (fate.state, fate.receipt, port.performed) == (EffectState.SENT, "found", [])
    assert posted.read_text().split() == [effect]


answers = st.sampled_from([a for a, *_ in CASES])
looks = st.sampled_from([r for _, r, *_ in CASES])
steps = st.lists(st.sampled_from(["run", "recover", "die"]), max_size=6)


@settings(max_examples=60, deadline=None)
@given(performs=answers, reads=looks, path=steps)
def test_whatever_happens_it_is_performed_once_at_most(
    tmp_path_factory: pytest.TempPathFactory, performs: Answer, reads: Answer, path: list[str]
) -> None:
    desk = opened(tmp_path_factory.mktemp("once") / "journal.db")
    effect, port = queued(desk), FakePort(performs, reads)
    ports = {"updates": port}
    for step in path:
        if step == "run":
            run(desk, ports, effect, owner_token())
        elif step == "die":
            desk.claim(effect, DEAD)
        else:
            recover(desk, ports)
    assert len(port.performed) <= 1
    states = written(desk, effect)
    assert states in ([], ["sent"], ["failed"], ["unknown"], ["unknown", "sent"], ["unknown", "failed"])
    desk.journal.close()


@pytest.fixture
async def thread(tmp_path: Path, clock: StillClock) -> AsyncIterator[DeskThread]:
    thread = DeskThread(lambda: opened(tmp_path / "journal.db", clock))
    await thread.start()
    yield thread
    await thread.stop()


async def test_a_port_that_hangs_leaves_it_unknown_without_looking_too_early(
    thread: DeskThread, clock: StillClock
) -> None:
    hang = threading.Event()

    class Hanging(FakePort):
        def perform(self, effect: Effect) -> str:
            hang.wait(30)
            return super().perform(effect)

    port, effect = Hanging(), await thread.call(queued)
    runner = EffectRunner(thread.call, {"updates": port}, 0.05)
    fate = await runner.run(effect)
    assert fate is not None
    assert (fate.state, port.read) == (EffectState.UNKNOWN, [])
    hang.set()
    port.reads = "r-2"
    assert await runner.recover() == ()
    clock.tick(minutes=2)
    ((_, found),) = await runner.recover()
    assert found.state is EffectState.SENT


async def test_a_look_that_hangs_leaves_it_unknown(thread: DeskThread, monkeypatch: pytest.MonkeyPatch) -> None:
    hang = threading.Event()
    monkeypatch.setattr(effects, "look", lambda *_: hang.wait(30) and Fate(EffectState.SENT))
    effect = await thread.call(queued)
    fate = await EffectRunner(thread.call, {"updates": FakePort(LOST)}, 0.05).run(effect)
    hang.set()
    assert fate is not None
    assert fate.state is EffectState.UNKNOWN


async def test_an_effect_may_take_the_time_that_it_asks_for(thread: DeskThread) -> None:
    class Slow(FakePort):
        def perform(self, effect: Effect) -> str:
            time.sleep(0.2)
            return super().perform(effect)

    incident = await thread.call(declare)
    (effect,) = did(await thread.call(lambda desk: desk.do(run_step(timeout=30), incident))).effects
    fate = await EffectRunner(thread.call, {"runbooks": Slow()}, 0.05).run(effect)
    assert fate is not None
    assert fate.state is EffectState.SENT


def test_what_came_to_a_bad_end_is_told_in_its_own_words(desk: Desk) -> None:
    fate = run(desk, {"updates": FakePort(SourceFault(FaultKind.ENDED, "exit 3"))}, queued(desk), "me/1/1")
    assert fate == Fate(EffectState.FAILED, "exit 3")
