"""What a static graph cannot show: what is really loaded, in a process of its own."""

import json
import subprocess
import sys

import pytest

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


def test_reading_and_exporting_load_neither() -> None:
    code = command("declare", "Checkout fails")
    for words in (["list"], ["show"], ["timeline"], ["verify"], ["export"], ["outbox"]):
        code += f"\nassert main({words!r}) == 0"
    assert not loaded_by(code) & {"textual", *HTTP}
