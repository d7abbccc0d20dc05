"""The JSON Schemas in schemas/ are the ones generated from the structs, and accept what loading accepts."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from json_schema_check import faults

from iccon.config import json_schemas
from iccon.config.starter import starter_config
from iccon.resources import layouts_dir, presets_dir, role_cards_dir, themes_dir

ROOT = Path(__file__).parents[2]


def test_the_schemas_have_not_drifted() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "schemas").iterdir()}
    assert kept == json_schemas.files(), "run: python -m iccon.config.json_schemas schemas"


def judge(name: str, text: str) -> list[str]:
    schema = json_schemas.schemas()[name]
    return faults(tomllib.loads(text), schema, schema)


def test_every_bundled_file_and_the_starter_are_accepted() -> None:
    for path in sorted(themes_dir().glob("*.toml")):
        assert judge("theme", path.read_text(encoding="utf-8")) == [], path.name
    for path in sorted(layouts_dir().glob("*.toml")):
        assert judge("layout", path.read_text(encoding="utf-8")) == [], path.name
    for path in sorted(presets_dir().glob("*.toml")):
        assert judge("preset", path.read_text(encoding="utf-8")) == [], path.name
    for path in sorted(role_cards_dir().glob("*.toml")):
        assert judge("role", path.read_text(encoding="utf-8")) == [], path.name
    assert judge("config", starter_config()) == []


ACCEPTED = (
    "",
    'prometheus.url = "http://p:9090"',
    '[prometheus.main]\nurl = "http://p:9090"',
    '[prometheus]\nurl = "http://p"\n[prometheus.eu]\nurl = "http://eu"\ntoken = { env = "T" }',
    'alertmanager.url = "http://a:9093"',
    'alertmanager.urls = ["http://a:9093", "http://b:9093"]',
    '[alertmanager.eu]\nurl = "http://a:9093"',
    '[pagerduty]\ntoken = { command = ["pass", "show", "pd"] }',
    '[pagerduty]\ntoken = { command = "pass show pd" }',
    '[pagerduty]\ntoken = { keyring = "iccon/pagerduty" }',
    '[pagerduty]\ntoken = { file = "~/.token" }',
    '[pagerduty]\ntoken = "written out"',
    '[signals.latency]\nquery = "x"\nunit = "seconds"\nwarn = 1\nbad = 2.5',
    '[signals.latency]\nquery = "x"\nbaseline = "1w"\nwarn_ratio = 1.5\nbad = 2',
    '[signals]\n[slo.a]\nservice = "a"\ntarget = 0.99\nquery = "errors_$window"',
    '[signals]\n[slo.a]\nservice = "a"\ntarget = 0.99\nquery = "e[$window]"\n'
    "days = 7\nburn = [{ long = 60, short = 5, budget = 0.001 }]",
    '[updates.outlets.a]\nkind = "clipboard"\n[updates.outlets.b]\nkind = "file"\npath = "x.md"',
    '[updates.outlets.c]\nkind = "webhook"\nurl = "http://x"\nsecret = { env = "S" }',
    '[updates.outlets.d]\nkind = "slack"\nchannel = "C1"\ntoken = { env = "T" }\naudiences = ["internal"]',
    '[updates.outlets.e]\nkind = "statuspage"\npage = "p"\ntoken = { env = "T" }\ncomponents = { checkout = "c1" }',
    '[updates.outlets.f]\nkind = "email"\nserver = "smtps://mail.x.org:465"\nsender = "ic@x.org"\nto = ["a@x.org"]',
    '[updates.outlets.g]\nkind = "teams"\naddress = { env="A" }\n[updates.outlets.h]\nkind="command"\ncommand=["x"]',
    '[updates.outlets.i]\nkind = "grafana"\nurl = "http://g"\ntoken = { env = "T" }\ntags = ["prod"]',
    '[changes.a]\nkind = "file"\npath = "x"\n[changes.b]\nkind = "github"\nrepository = "o/r"\nenvironment = "prod"',
    '[changes.c]\nkind = "pagerduty"\ntoken = { env = "T" }',
    '[changes.d]\nkind = "grafana"\nurl = "http://g"\ntags = ["x"]',
    '[trackers.a]\nkind = "github"\nrepository = "o/r"\ntoken = { env = "T" }\n[trackers.b]\nkind = "webhook"\nurl = "http://x"',
    '[trackers.c]\nkind = "jira"\nurl = "https://x"\nproject = "OPS"\nemail = "k@x.org"\ntoken = { env = "T" }',
    '[console]\ntheme = "mine"\nkeys = { note = "n" }',
)
REFUSED = (
    "prometheus = 3",
    'prometheus.ulr = "http://p:9090"',
    '[prometheus.eu]\ntoken = { env = "T" }',
    'alertmanager.url = "http://a"\nalertmanager.urls = ["http://b"]',
    "[alertmanager.eu]",
    '[pagerduty]\ntoken = { env = "A", file = "b" }',
    '[pagerduty]\ntoken = { keyring = "no-user" }',
    "[pagerduty]",
    '[signals.latency]\nquery = ""',
    '[signals.latency]\nquery = "x"\nunit = "furlongs"',
    '[signals.latency]\nquery = "x"\nbaseline = "2d"\nwarn_ratio = 1.5',
    '[signals.latency]\nquery = "x"\nbaseline = "1d"\nbad_ratio = 0',
    "signals.refresh = 0",
    '[slo.a]\nservice = "a"\ntarget = 99\nquery = "errors_$window"',
    '[slo.a]\nservice = "a"\ntarget = 0.99\nquery = "errors"',
    '[slo.a]\nservice = "a"\ntarget = 0.9\nquery = "e_$window"\nburn = [{ long = 60, short = 5, budget = 2 }]',
    '[updates.outlets.a]\nkind = "file"',
    '[updates.outlets.a]\nkind = "clipboard"\npath = "x"',
    '[updates.outlets.a]\nkind = "slack"\nchannel = "C1"',
    '[updates.outlets.a]\nkind = "clipboard"\naudiences = ["everyone"]',
    '[updates.outlets.a]\nkind = "email"\nserver = "mail.x.org"\nsender = "ic@x.org"\nto = ["a@x.org"]',
    '[changes.a]\nkind = "file"',
    '[changes.a]\nkind = "github"\nrepository = "o/r"\nquery = "x"',
    '[changes.a]\nkind = "github"\nrepository = "no-owner"',
    '[changes.a]\nkind = "gitlab"',
    '[trackers.a]\nkind = "github"\nrepository = "o/r"',
    '[trackers.a]\nkind = "jira"\nurl = "https://x"\nproject = "ops"\nemail = "k@x.org"\ntoken = { env = "T" }',
    '[trackers.a]\nkind = "webhook"\nurl = "http://x"\nproject = "OPS"',
    '[trackers.a]\nkind = "gitlab"',
    'enviroment = "x"',
)


@pytest.mark.parametrize("text", ACCEPTED)
def test_forms_that_load_are_accepted(text: str) -> None:
    assert judge("config", text) == []


@pytest.mark.parametrize("text", REFUSED)
def test_what_does_not_load_is_refused(text: str) -> None:
    assert judge("config", text)


def test_a_theme_with_a_bad_colour_or_variable_is_refused() -> None:
    good = (themes_dir() / "iccon-dark.toml").read_text(encoding="utf-8")
    assert judge("theme", re.sub(r'warn = "#\w+"', 'warn = "yellowish"', good))
    assert judge("theme", good + 'bordr = "#123456"\n')


def test_no_schema_names_a_null_which_toml_has_not() -> None:
    def nulls(node: Any) -> bool:
        if isinstance(node, dict):
            return node.get("type") == "null" or any(map(nulls, node.values()))
        return isinstance(node, list) and any(map(nulls, node))

    assert not any(nulls(schema) for schema in json_schemas.schemas().values())


def test_writing_says_how_when_called_wrongly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert json_schemas.main([]) == 2
    assert "usage" in capsys.readouterr().err
    assert json_schemas.main([str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json",
        "theme.json",
        "layout.json",
        "preset.json",
        "role.json",
    }
