"""Whatever a page or an alert says, what would run is the fence's own text, and the same words start it."""

import os
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from iccon.config.execution import Run
from iccon.incident.runs import RunRole
from iccon.incident.state import State
from iccon.runbooks.execution import Job, Runner
from iccon.runbooks.fences import Fence
from iccon.runbooks.model import Document, Runbook
from iccon.runbooks.plan import Plan, Where, plan, values_of
from iccon.runbooks.steps import Step
from iccon.runbooks.variables import NAMES, is_plain
from iccon.text import clean, clean_block

CODE = 'kubectl -n "$NAMESPACE" get pods -l app=$SERVICE $POD\n'
FENCE = Fence("bash", CODE, RunRole.COMMAND)
STEP = Step("s1", 0, clean("Look"), clean(""), False)
CONFIG = Run(allow=("bash",))
WHERE = Where("vm", "staging", Path("/runs"), CONFIG, ("books",))
BOOK = Document(Runbook("books", "a.md", clean("A")), clean_block("x"), (), "d", dry_run="DRY_RUN")
NASTY = ["$(reboot)", "`x`", "a\nb", "a\0b", "--all", "-n", "';x", '"', "*", "a b", "\u202ex", "../..", "shop"]
labels = st.dictionaries(
    st.one_of(st.sampled_from(["service", "namespace", "pod", "path", "ld_preload", "bash_env", "alert"]), st.text()),
    st.one_of(st.sampled_from(NASTY), st.text(max_size=60)),
    max_size=6,
)


def planned(page: dict[str, str], services: tuple[str, ...] = (), dry: bool = False) -> Plan:
    state = State("01930000-0000-7000-8000-0000000000aa", services=services)
    return plan(BOOK, STEP, FENCE, WHERE, values_of(state, page, "staging"), dry)


@given(labels, st.lists(st.text(max_size=20), max_size=1), st.booleans())
def test_no_label_no_alert_and_no_service_changes_what_runs(
    page: dict[str, str], services: list[str], dry: bool
) -> None:
    found = planned(page, tuple(services), dry)
    wish = found.run()
    assert (wish.code, wish.language, wish.path, wish.step) == (CODE, "bash", "books:a.md", "s1")
    assert wish.variables.keys() <= {*NAMES, "DRY_RUN"}
    assert all(map(is_plain, wish.variables.values()))
    assert (found.trouble == "") == ({"NAMESPACE", "SERVICE", "POD"} <= wish.variables.keys())
    job = Job("bash", wish.code, wish.variables, wish.target, "", (), 9)
    runner = Runner(Path("/runs"), CONFIG, (), {"PATH": os.environ["PATH"]})
    quiet = runner._plan(Job("bash", CODE, {}, "", "", (), 9), Path("/runs/x"))
    told = runner._plan(job, Path("/runs/x"))
    assert told["argv"] == quiet["argv"] == ["bash", "--noprofile", "--norc", "-c", "--", CODE]
    assert {name: value for name, value in told["env"].items() if name not in wish.variables} == quiet["env"]


def test_nothing_that_was_fetched_or_is_not_allowed_is_run() -> None:
    page = {"namespace": "shop", "service": "a", "pod": "b"}
    assert planned(page).trouble == ""
    values = values_of(State("i"), page, "")
    elsewhere = Document(Runbook("wiki", "a.md", clean("A")), clean_block("x"), (), "d")
    assert "fetched" in plan(elsewhere, STEP, FENCE, WHERE, values).trouble
    copied = replace(BOOK, fetched_at=datetime(2026, 11, 24, tzinfo=UTC))
    assert "fetched" in plan(copied, STEP, FENCE, WHERE, values).trouble
    python = Fence("python", "print(1)\n", RunRole.COMMAND)
    assert "python is not in" in plan(BOOK, STEP, python, WHERE, values).trouble
    off = Where("vm", "", Path("/runs"), Run(), ("books",))
    assert "running is off" in plan(BOOK, STEP, FENCE, off, values).trouble
