"""The console while the world around it breaks: hanging servers, kill -9, a lost terminal, a terminal that changes."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
import rawserver
from consolekit import PROGRAM, Home, choose_page, cpu_seconds, declare, leave, note, until

from iccon.clock import SystemClock
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.journal.store import Journal
from ptyhelp import CLEAN_ENV, DROPPED, Terminal, strange

EMAIL = "kim@example.com"
CONFIG = f"""\
me = {{ name = "kim", email = "{EMAIL}" }}
console.zone = "UTC"
"""
PAGER = 'pagerduty = { token = { env = "PAGERDUTY_TOKEN" }, url = "URL", refresh = 0.5, timeout = TIMEOUT }\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path, PAGERDUTY_TOKEN="drill-token")
    made.configure(CONFIG)
    return made


@pytest.fixture
def pager() -> Iterator[PagerDutyServer]:
    with PagerDutyServer() as server:
        yield server


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes requests and says nothing for 30 s."""
    stop = Event()
    with ExitStack() as closing:
        server = closing.enter_context(rawserver.serving(rawserver.hang(stop)))
        closing.callback(stop.set)
        yield server.url


def configure(home: Home, *, pager: str = "", metrics: str = "", timeout: float = 30) -> None:
    text = CONFIG
    if metrics:
        text += f'prometheus.main = {{ url = "{metrics}", timeout = 30 }}\nsignals.refresh = 1\n'
    if pager:
        text += PAGER.replace("URL", pager).replace("TIMEOUT", str(timeout))
    home.configure(text)


# A source that hangs


def test_while_a_source_hangs_keys_are_answered_others_refresh_and_q_quits(
    home: Home, pager: PagerDutyServer, silent: str, record_property: Callable[[str, object], None]
) -> None:
    configure(home, pager=pager.url, metrics=silent)
    with home.console() as term:
        term.wait_for("No page is open")
        declare(term, "Metrics are silent")
        kept = [note(term, f"written while it hangs, {n}") for n in range(3)]
        pager.trigger("a page that comes meanwhile", "checkout")
        term.wait_for("a page that comes")
        ended = leave(term)
    record_property("note_seconds", max(kept))
    record_property("quit_seconds", ended)
    print(f"a note with a hanging source: {max(kept):.3f} s from Enter to the screen; quit: {ended:.2f} s")
    assert max(kept) < 2
    assert ended < 3


# kill -9


def test_a_note_being_typed_survives_kill_9_at_the_same_cursor(home: Home) -> None:
    with home.console() as term:
        term.wait_for("No incident yet")
        declare(term, "Checkout fails")
        term.press("n")
        term.wait_for(" note ")
        term.type("customers report error 502")
        term.press(*["left"] * 9)
        until(lambda: ("customers report error 502", 17) in drafts(home), meanwhile=term)
        term.kill()
    with home.console() as term:
        term.wait_for("customers report error 502")
        term.type("an HTTP ")
        term.press("enter")
        term.wait_for("customers report an HTTP error 502")
        leave(term)
    assert [line["text"] for line in timeline(home) if line["kind"] == "note"] == ["customers report an HTTP error 502"]


def drafts(home: Home) -> list[tuple[str, int]]:
    """Return what is being typed, and where the cursor is, as the journal has it."""
    journal = Journal.open(home.folder / "data" / "journal.db", SystemClock(), read_only=True)
    try:
        return [(draft.text, draft.cursor) for draft in journal.drafts()]
    finally:
        journal.close()


def timeline(home: Home) -> list[dict[str, str]]:
    found: list[dict[str, str]] = home.json("timeline")["lines"]
    return found


def test_an_acknowledge_cut_short_by_kill_9_is_read_back_and_never_sent_again(
    home: Home, pager: PagerDutyServer
) -> None:
    configure(home, pager=pager.url)
    page = pager.trigger("checkout is slow", "checkout")
    with home.console() as term:
        term.wait_for("checkout is slow")
        declare(term, "Checkout fails")
        pager.fail(Fault("hang after", "PUT"))
        choose_page(term, "checkout is slow")
        term.press("a")
        until(lambda: pager.incident(page)["status"] == "acknowledged", meanwhile=term)
        term.kill()
    with home.console() as term:
        term.wait_for(lambda text: "◐ ack" in text and "ack sending" not in text and "UNKNOWN" not in text)
        text = unfolded(term, "confirmed by reading back")
        assert text.count("confirmed by reading back") == text.count("acknowledge page: checkout is slow") == 1
        leave(term)
    assert [call.method for call in pager.calls].count("PUT") == 1
    ends = [line["text"] for line in timeline(home) if line["kind"] == "effect"]
    assert sum("confirmed by reading back" in text for text in ends) == 1


def unfolded(term: Terminal, words: str) -> str:
    """Go to the timeline by keys and show what machines wrote, until `words` are there."""
    for _ in range(12):
        if words in term.text():
            break
        term.press("tab", "m")
        term.settle(0.2)
    return term.wait_for(words)


# The terminal goes, or the machine is shut down


@pytest.mark.parametrize("loss", ["hang up", "SIGTERM"])
def test_the_program_ends_with_its_terminal_and_uses_no_processor_meanwhile(
    home: Home, silent: str, loss: str, record_property: Callable[[str, object], None]
) -> None:
    configure(home, metrics=silent)
    with home.console() as term:
        term.wait_for("No incident yet")
        declare(term, "Checkout fails")
        note(term, "before the end")
        term.settle(0.1)
        pid, used, lost = term.process.pid, 0.0, time.monotonic()
        before = cpu_seconds(pid) or 0.0
        if loss == "hang up":
            term.hang_up()
        else:
            os.kill(pid, signal.SIGTERM)
        while term.process.poll() is None:
            assert time.monotonic() - lost < 3, "still there 3 s later"
            used = (cpu_seconds(pid) or before + used) - before
            if loss == "SIGTERM":
                term.read(0.02)
        took = time.monotonic() - lost
        record_property("ended_seconds", took)
        print(f"{loss}: ended after {took:.2f} s with {used:.2f} s of processor time")
        assert used < 0.7
        if loss == "SIGTERM":
            term.read()
            assert term.raw.rindex(b"\x1b[?1049l") > term.raw.rindex(b"\x1b[?1049h")
            assert term.raw.rindex(b"\x1b[?25h") > term.raw.rindex(b"\x1b[?25l")
    assert [line["text"] for line in timeline(home)][-1] == "before the end"


# Keys faster than the screens


def test_keys_that_come_all_at_once_arrive_whole_and_in_order(home: Home) -> None:
    titles = [f"Checkout quits at page {n}: n d R q x" for n in range(3)]
    with home.console() as term:
        term.wait_for("No incident yet")
        for title in titles:
            term.type(f"d{title}\rnnote of {title}\r")
            term.wait_for(lambda text, title=title: f"kim      note of {title[:40]}" in text)
        term.press("n")
        term.wait_for(" note ")
        term.paste("pasted n q R\nin two lines")
        term.type(" and more\x13")
        term.wait_for("pasted n q R in two lines and more")
        leave(term)
    listed = home.json("list")
    assert [incident["title"] for incident in listed] == titles[::-1]
    for incident in listed:
        lines = home.json("timeline", "--incident", incident["id"])["lines"]
        assert f"note of {incident['title']}" in [line["text"] for line in lines]


# The terminal changes, or can do little


def test_a_storm_of_sizes(home: Home, pager: PagerDutyServer) -> None:
    configure(home, pager=pager.url)
    pager.trigger("checkout is slow", "checkout")
    with home.console(size=(80, 24)) as term:
        term.wait_for("checkout is slow")
        declare(term, "Checkout fails")
        for columns, rows in itertools.chain(*[[(80, 24), (200, 50)]] * 15):
            term.resize(columns, rows)
            term.read(0.02)
        pager.trigger("search is slow", "search")
        text = term.wait_for(lambda text: "search is slow" in text and "Runbook" in text)
        assert len(text.splitlines()[-1]) <= 200
        assert "n Note" in term.lines()[-1]
        term.resize(80, 24)
        term.wait_for(lambda text: "n Note" in "".join(text.splitlines()[23:24]) and "search is slow" in text)
        note(term, "after the storm")
        assert strange(term.raw) == []
        leave(term)


def shown_whole(text: str, words: str) -> None:
    """The box with `words` in its border has all its corners, on whole lines."""
    lines = text.splitlines()
    top = next(i for i, line in enumerate(lines) if words in line)
    left, right = lines[top].index("╭"), lines[top].rindex("╮")
    bottom = next(i for i, line in enumerate(lines) if i > top and line[left : left + 1] == "╰")
    assert lines[bottom][right] == "╯"


@pytest.mark.parametrize(
    "env",
    [{}, {"NO_COLOR": "1"}, {"TERM": "xterm", "COLORTERM": ""}],
    ids=["colours", "no colour", "16 colours"],
)
def test_80x24(home: Home, pager: PagerDutyServer, env: dict[str, str]) -> None:
    configure(home, pager=pager.url)
    if env.get("TERM"):
        file = home.folder / "config.toml"
        file.write_text(file.read_text() + 'console.theme = "ansi-16"\n')
    pager.trigger("checkout is slow", "checkout")
    with home.console(size=(80, 24), env=env) as term:
        term.wait_for("checkout is slow")
        term.wait_for(lambda _: "d Declare" in term.lines()[23])
        term.press("d")
        text = term.wait_for(lambda text: "Declare an incident" in text and "enter accept" in text)
        shown_whole(text, "Declare an incident")
        assert all(f"SEV{n}" in text for n in range(1, 6))
        term.type("Checkout fails")
        term.press("enter")
        term.wait_for("declared SEV2: Checkout fails")
        term.wait_for(lambda _: "n Note" in term.lines()[23])
        term.press("u")
        shown_whole(term.wait_for(lambda text: "Status update" in text and "^s send" in text), "Status update")
        term.press("escape")
        term.wait_gone("Status update")
        leave(term)
        colours(term.raw, env)


def colours(raw: bytes, env: dict[str, str]) -> None:
    """No colour means none but shades of grey; sixteen means none but those."""
    true = set(re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", raw))
    if env.get("NO_COLOR"):
        assert all(red == green == blue for red, green, blue in true)
    if env.get("TERM"):
        assert not true
        assert not re.findall(rb"[34]8;5;", raw)


# tmux


@pytest.fixture
def tmux(home: Home, tmp_path: Path) -> Iterator["Tmux"]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    made = Tmux(home, tmp_path / "tmux.sock")
    yield made
    made.run("kill-server", check=False)


class Tmux:
    """A tmux server of the test's own, with one window of 80x24."""

    def __init__(self, home: Home, socket: Path) -> None:
        self.home = home
        self.socket = socket

    def run(self, *words: str, check: bool = True) -> str:
        env = {name: value for name, value in os.environ.items() if name not in DROPPED}
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", "-S", str(self.socket), *words],
            capture_output=True,
            text=True,
            check=check,
            timeout=20,
            env={**env, **CLEAN_ENV, **self.home.env},
        )
        return done.stdout

    def open(self, **env: str) -> None:
        given = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        self.run("new-session", "-d", "-x", "80", "-y", "24", *given, *PROGRAM)
        self.run("set", "-g", "status", "off")
        self.run("resize-window", "-x", "80", "-y", "24")

    def wait_for(self, *words: str) -> str:
        def shown() -> str:
            text = self.run("capture-pane", "-p")
            return text if all(word in text for word in words) else ""

        return str(until(shown, 20))


@pytest.mark.parametrize(
    "env", [{}, {"TERM": "screen-256color"}, {"NO_COLOR": "1"}], ids=["tmux", "screen-256color", "no colour"]
)
def test_in_tmux(tmux: Tmux, env: dict[str, str]) -> None:
    tmux.open(**env)
    text = tmux.wait_for("No incident yet", "d Declare")
    assert "d Declare" in text.splitlines()[23]
    tmux.run("send-keys", "d")
    shown_whole(tmux.wait_for("Declare an incident", "enter accept", "SEV5"), "Declare an incident")
    tmux.run("send-keys", "-l", "Checkout fails")
    tmux.run("send-keys", "Enter")
    text = tmux.wait_for("declared SEV2: Checkout fails", "n Note")
    assert "n Note" in text.splitlines()[23]
    tmux.run("send-keys", "n")
    tmux.wait_for(" note ")
    tmux.run("send-keys", "-l", "written in tmux")
    tmux.run("send-keys", "Enter")
    tmux.wait_for("kim", "written in tmux")
    tmux.run("send-keys", "q")
    until(lambda: not tmux.run("list-sessions", check=False), 10)
