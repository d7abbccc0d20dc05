"""What a static graph cannot show: what is really loaded, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ptyhelp import spawn

SCREEN = ("textual", "rich")
HTTP = ("requests", "urllib3", "httpx2", "httpcore2", "pagerduty", "prometheus_api_client")


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def command(*words: str) -> str:
    return f"from iccon.cli.main import main\nassert main({list(words)!r}) == 0"


@pytest.mark.parametrize("module", ["iccon.desk", "iccon.bootstrap", "iccon.effects", "iccon.feed.scheduler"])
def test_the_house_below_the_console_loads_no_screen_and_no_http_client(module: str) -> None:
    assert not loaded_by(f"import {module}") & {*SCREEN, *HTTP}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["note", "--help"], ["completion", "bash"]])
def test_help_and_version_load_neither(words: list[str]) -> None:
    assert not loaded_by(command(*words)) & {*SCREEN, *HTTP, "sqlite3", "asyncio"}


def test_a_note_loads_neither_and_no_event_loop() -> None:
    declared = command("declare", "Checkout fails", "--severity", "SEV2")
    loaded = loaded_by(f"{declared}\nassert main(['note', 'seen']) == 0")
    assert not loaded & {*SCREEN, *HTTP, "asyncio", "jinja2", "markdown_it", "platformdirs.android", "tomllib"}


def test_a_note_beside_a_metrics_server_reads_no_presets(_own_home: Path) -> None:
    (_own_home / "config.toml").write_text('[prometheus]\nurl = "http://127.0.0.1:1"')
    declared = command("declare", "Checkout fails", "--severity", "SEV2")
    loaded = loaded_by(f"{declared}\nassert main(['note', 'seen']) == 0")
    assert "tomllib" in loaded
    assert not loaded & {"iccon.config.presets", "iccon.config.presets_files", "promql_parser"}


def test_telling_a_change_loads_no_more_than_a_note() -> None:
    loaded = loaded_by(command("change", "v2 of checkout", "--key", "4711", "--url", "https://ci/4711", "--json"))
    assert not loaded & {*SCREEN, *HTTP, "asyncio", "jinja2", "markdown_it", "tomllib", "iccon.net", "urllib.request"}


def test_reading_and_exporting_load_neither() -> None:
    code = command("declare", "Checkout fails")
    for words in (["list"], ["show"], ["timeline"], ["verify"], ["export"], ["outbox"]):
        code += f"\nassert main({words!r}) == 0"
    assert not loaded_by(code) & {"textual", *HTTP}


# The console, ended as soon as its first frame is out.
UNTIL_PAINTED = """
import json, pathlib, sys
from iccon.cli.main import main
from iccon.console.app import IcconApp
from iccon.console.screens.incident import IncidentScreen

async def later(self):
    pass

def painted(self):
    pathlib.Path(sys.argv[1]).write_text(json.dumps(sorted(sys.modules)))
    self.exit(0)

IncidentScreen._painted, IcconApp._painted = later, painted
sys.exit(main([]))
"""
LATER = {
    *HTTP,
    *("jinja2", "markdown_it", "promql_parser"),
    *("iccon.config.keymap", "iccon.runbooks.markdown", "iccon.updates.templates", "iccon.exports", "iccon.drill"),
    *(f"iccon.console.{name}" for name in ("drafts", "palette", "plain", "widgets.cycle", "widgets.notebar")),
    *(f"iccon.console.screens.{name}" for name in ("changes", "composer", "form", "help", "reader")),
    "iccon.changes",
}


@pytest.mark.parametrize("title", ["", "Checkout fails"], ids=["home", "incident"])
def test_what_is_not_on_the_first_frame_is_not_loaded_before_it(title: str, tmp_path: Path) -> None:
    if title:
        loaded_by(command("declare", title))
    found = tmp_path / "modules"
    with spawn([sys.executable, "-c", UNTIL_PAINTED, str(found)], size=(120, 36)) as term:
        assert term.wait() == 0
    loaded = set(json.loads(found.read_text()))
    assert "iccon.console.screens.incident" in loaded
    assert loaded & LATER == set()
