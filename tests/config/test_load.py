"""Loading: every problem at once, each with its line and its key; the short forms; what loading fills in."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_json_schemas import ACCEPTED, REFUSED

from iccon.config.load import chosen, folders, load, secrets_of
from iccon.config.schema import Alertmanager, Burn, Config, Folders, Loaded, Prometheus, Secret
from iccon.config.starter import starter_config

TWO_SERVERS = '[prometheus.a]\nurl = "http://a"\n[prometheus.b]\nurl = "http://b"\n'


@pytest.fixture
def places(tmp_path: Path) -> Folders:
    return folders({"ICCON_HOME": str(tmp_path)})


def write(places: Folders, text: str, mode: int = 0o644) -> Loaded:
    places.config.mkdir(exist_ok=True)
    places.config_file.write_bytes(text.encode())
    places.config_file.chmod(mode)
    return load(None, places)


def good(places: Folders, text: str, mode: int = 0o644) -> Config:
    loaded = write(places, text, mode)
    assert loaded.problems == ()
    return loaded.config


def keys(loaded: Loaded) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.key) for problem in loaded.problems]


def only(loaded: Loaded) -> str:
    (problem,) = loaded.problems
    return f"{problem.line} {problem.key}: {problem.found} | {problem.expected} | {problem.hint}"


def test_one_folder_holds_everything_under_iccon_home(tmp_path: Path) -> None:
    places = folders({"ICCON_HOME": str(tmp_path)})
    assert places.config_file == tmp_path / "config.toml"
    assert {places.data, places.cache, places.logs} == {tmp_path / "data", tmp_path / "cache", tmp_path / "logs"}


def test_without_iccon_home_the_platform_decides() -> None:
    places = folders({})
    assert all("iccon" in str(path) for path in (places.config, places.data, places.cache, places.logs))


def test_the_file_is_chosen_by_option_then_environment() -> None:
    assert chosen("/a.toml", {"ICCON_CONFIG": "/b.toml"}) == Path("/a.toml")
    assert chosen(None, {"ICCON_CONFIG": "/b.toml"}) == Path("/b.toml")
    assert chosen(None, {"ICCON_CONFIG": ""}) is None
    assert chosen("~/x.toml", {}) == Path.home() / "x.toml"


def test_no_file_is_an_empty_configuration_but_a_named_one_must_exist(places: Folders, tmp_path: Path) -> None:
    assert load(None, places) == Loaded(Config(), None)
    assert only(load(tmp_path / "none.toml", places)).startswith("None : no such file")
    assert "not a file" in only(load(tmp_path, places))


def test_the_starter_loads_and_reaches_nothing(places: Folders) -> None:
    config = good(places, starter_config())
    assert config.prometheus == {}
    assert set(config.updates.outlets) == {"clipboard", "file"}


def test_every_commented_line_of_the_starter_is_right_too(places: Folders) -> None:
    lines = starter_config().splitlines()
    chosen_lines = [line.removeprefix("# ") for line in lines if not line.startswith("#") or _is_setting(line)]
    text = "\n".join(line for line in chosen_lines if not line.startswith(("urls =", "username", "password")))
    text = text.replace("[signals.traffic]\n[signals.errors]\n[signals.saturation]", "")
    config = good(places, text)
    assert config.prometheus["main"].token == Secret(env="PROMETHEUS_TOKEN")
    assert config.pagerduty is not None
    assert config.signals.latency is not None
    assert config.slo["checkout"].burn == (Burn(3600, 300, 0.02),)
    assert config.updates.outlets["status"].kind == "statuspage"


def _is_setting(line: str) -> bool:
    body = line.removeprefix("# ")
    return (body.startswith("[") and body.endswith("]")) or body.partition(" = ")[0].replace("_", "").isalnum()


EVERYTHING_WRONG = """
me = 3
enviroment = "x"
[prometheus]
ulr = "x"
timeout = -1
[prometheus.eu]
url = "ftp://host"
token = "abc"
headers = { Authorization = "Bearer x", n = 3 }
[prometheus.us]
url = "http://x:99999"
token = { env = "A", file = "x" }
password = { command = "a 'b" }
[signals]
step = 7200
refresh = "10"
label = "a-b"
[signals.latency]
query = ""
unit = "second"
[signals.errors]
query = "up"
server = "uk"
warn = 3
bad = 1
[signals.wurst]
[pagerduty]
[alertmanager]
urls = ["x", 3]
[updates.outlets.a]
kind = "filee"
[updates.outlets.b]
kind = "file"
url = "http://x"
[console]
theme = "iccon-drak"
layout = "ci"
zone = "Europe/Berlni"
ascii = 1
keys = { note = 3 }
[runbooks]
folders = "x"
"""


def test_all_problems_come_at_once_each_with_its_line(places: Folders) -> None:
    loaded = write(places, EVERYTHING_WRONG)
    assert keys(loaded) == [
        (2, "me"),
        (3, "enviroment"),
        (4, "prometheus.url"),
        (5, "prometheus.ulr"),
        (6, "prometheus.timeout"),
        (8, "prometheus.eu.url"),
        (9, "prometheus.eu.token"),
        (10, "prometheus.eu.headers.n"),
        (12, "prometheus.us.url"),
        (13, "prometheus.us.token"),
        (14, "prometheus.us.password.command"),
        (16, "signals.step"),
        (17, "signals.refresh"),
        (18, "signals.label"),
        (20, "signals.latency.query"),
        (21, "signals.latency.unit"),
        (24, "signals.errors.server"),
        (26, "signals.errors.bad"),
        (27, "signals.wurst"),
        (28, "pagerduty.token"),
        (30, "alertmanager.urls[0]"),
        (30, "alertmanager.urls[1]"),
        (32, "updates.outlets.a.kind"),
        (33, "updates.outlets.b.path"),
        (35, "updates.outlets.b.url"),
        (37, "console.theme"),
        (38, "console.layout"),
        (39, "console.zone"),
        (40, "console.ascii"),
        (41, "console.keys.note"),
        (43, "runbooks.folders"),
    ]
    assert all(problem.file == str(places.config_file) and problem.expected for problem in loaded.problems)
    hints = {problem.key: problem.hint for problem in loaded.problems}
    assert hints["enviroment"] == 'did you mean "environment"?'
    assert hints["prometheus.ulr"] == 'did you mean "url"?'
    assert hints["console.theme"] == 'did you mean "iccon-dark"?'
    assert hints["console.zone"] == 'did you mean "Europe/Berlin"?'
    assert hints["updates.outlets.a.kind"] == 'did you mean "file"?'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"[a\n", 1),
        (b'\nx = "\x01"\n', 2),
        (b"x = 1\nx = 2\n", 2),
        (b"a = 1\nb = \xff\n", 2),
        (b"x = ", 1),
        (b"x = " + b"[" * 100_000, None),
        (b"x = " + b"9" * 10_000, None),
        (b"x = '" + b"y" * 1_000_001 + b"'", None),
    ],
)
def test_a_file_that_is_no_toml_is_one_problem(places: Folders, text: bytes, line: int | None) -> None:
    places.config_file.write_bytes(text)
    (problem,) = load(None, places).problems
    assert problem.line == line
    assert problem.found


def test_an_unreadable_file_is_a_problem(places: Folders) -> None:
    if os.geteuid() == 0:
        places.config_file.symlink_to(places.config_file)  # root reads everything but a loop
    else:
        places.config_file.write_text("")
        places.config_file.chmod(0)
    assert len(load(places.config_file, places).problems) == 1


def test_a_link_to_nowhere_is_not_taken_for_no_configuration(places: Folders) -> None:
    places.config_file.symlink_to("elsewhere.toml")
    assert "no such file" in only(load(None, places))


def test_a_pipe_is_no_configuration(places: Folders) -> None:
    os.mkfifo(places.config_file)
    assert "not a file" in only(load(None, places))


def test_ten_thousand_mistakes_are_found_in_one_scan(places: Folders) -> None:
    loaded = write(places, "\n".join(f"wrong{number} = [1]" for number in range(10_000)))
    assert [problem.line for problem in loaded.problems] == list(range(1, 10_001))


def test_a_byte_order_mark_and_windows_line_ends_are_fine(places: Folders) -> None:
    assert good(places, '\ufeff[me]\r\nname = "Ada"\r\n').me.name == "Ada"


def test_short_and_long_forms_of_servers(places: Folders) -> None:
    short = good(places, 'prometheus.url = "http://p:9090"\nalertmanager.url = "http://a:9093"')
    long = good(places, '[prometheus.main]\nurl = "http://p:9090"\n[alertmanager.main]\nurls = ["http://a:9093"]')
    assert short == long
    assert short.prometheus == {"main": Prometheus("http://p:9090")}
    assert short.alertmanager == {"main": Alertmanager(("http://a:9093",))}


def test_a_short_form_may_have_named_servers_beside_it(places: Folders) -> None:
    text = '[prometheus]\nurl = "http://p"\nheaders = { X-Scope = "t" }\n[prometheus.eu]\nurl = "http://eu"'
    assert list(good(places, text).prometheus) == ["main", "eu"]


def test_a_second_main_is_a_problem(places: Folders) -> None:
    text = '[prometheus]\nurl = "http://p"\n[prometheus.main]\nurl = "http://q"'
    assert keys(write(places, text)) == [(3, "prometheus.main")]


def test_signals_of_ones_own_keep_the_preset_out_and_get_their_server(places: Folders) -> None:
    signals = good(places, '[prometheus.eu]\nurl = "http://p"\n[signals.latency]\nquery = "up"').signals
    assert signals.latency is not None
    assert signals.latency.server == "eu"
    assert signals.traffic is None


def test_several_servers_must_be_told_apart(places: Folders) -> None:
    assert keys(write(places, TWO_SERVERS)) == [(1, "prometheus")]
    assert "say which" in only(write(places, TWO_SERVERS + '[signals.latency]\nquery = "up"'))
    assert good(places, TWO_SERVERS + '[signals.latency]\nquery = "up"\nserver = "b"').signals.latency is not None


CHANGES = """
prometheus.url = "http://p"
pagerduty = { token = { env = "T" }, url = "https://eu.example.com" }
[changes.pd]
kind = "pagerduty"
[changes.k8s]
kind = "prometheus"
query = "x"
[changes.ci]
kind = "file"
path = "deploys.log"
"""


def test_sources_of_changes_take_account_server_and_path_from_around_them(places: Folders) -> None:
    changes = write(places, CHANGES).config.changes
    assert (changes["pd"].token, changes["pd"].url) == (Secret(env="T"), "https://eu.example.com")
    assert changes["k8s"].server == "main"
    assert changes["ci"].path == str(places.config / "deploys.log")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[changes.a]\nkind = "gitlab"', "changes.a.kind"),
        ('[changes.a]\nkind = "grafana"', "changes.a.url: nothing"),
        ('[changes.a]\nkind = "github"\nrepository = "checkout"', "owner/name"),
        ('[changes.a]\nkind = "github"\nrepository = "../../etc/passwd"', "owner/name"),
        (
            '[changes.a]\nkind = "file"\npath = "x"\nurl = "http://x"',
            "one of path, service (this source is of kind file)",
        ),
        ('[changes.a]\nkind = "prometheus"\nquery = "x"', "a query, and no server"),
        ('prometheus.url = "http://p"\n[changes.a]\nkind = "prometheus"\nquery = "x"\nserver = "eu"', 'called "eu"'),
        ('[changes.a]\nkind = "pagerduty"', "a [pagerduty] table, whose token is then used"),
    ],
)
def test_a_source_of_changes_is_held_to_its_kind(places: Folders, text: str, said: str) -> None:
    assert said in only(write(places, text))


def test_a_signal_needs_a_server(places: Folders) -> None:
    assert "a signal, and no server" in only(write(places, '[signals.latency]\nquery = "up"'))


@pytest.mark.parametrize(
    ("worse", "warn", "bad", "fine"),
    [("higher", 1, 2, True), ("higher", 2, 1, False), ("lower", 2, 1, True), ("lower", 1, 2, False)],
)
def test_thresholds_lie_on_the_worse_side(places: Folders, worse: str, warn: int, bad: int, fine: bool) -> None:
    text = (
        f'prometheus.url = "http://p"\n[signals.latency]\nquery = "up"\nworse = "{worse}"\nwarn = {warn}\nbad = {bad}'
    )
    assert (write(places, text).problems == ()) is fine


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "0", "true", '"5"', "1979-05-27"])
def test_a_timeout_is_a_sane_number(places: Folders, value: str) -> None:
    (problem,) = write(places, f'[prometheus]\nurl = "http://p"\ntimeout = {value}').problems
    assert problem.expected == "a number, above 0, at most 300"


def test_too_many_points_are_refused(places: Folders) -> None:
    assert keys(write(places, "[signals]\nwindow = 86400\nstep = 1")) == [(3, "signals.step")]


@pytest.mark.parametrize(
    "url", ["http://u:hunter2@h", "https://hunter2@h/", "ftp://hunter2", "hunter2", "http:///hunter2"]
)
def test_a_wrong_url_is_refused_without_being_repeated(places: Folders, url: str) -> None:
    loaded = write(places, f'[prometheus]\nurl = "{url}"')
    assert keys(loaded) == [(2, "prometheus.url")]
    assert "hunter2" not in only(loaded)


OBJECTIVE = """[prometheus]
url = "http://p"
[slo.checkout]
service = "checkout"
"""
QUERY = 'query = "sum(rate(bad[$window])) / sum(rate(all[$window]))"\n'


def test_an_objective_has_thirty_days_the_usual_rules_and_the_only_server(places: Folders) -> None:
    slo = good(places, OBJECTIVE + QUERY + "target = 0.999").slo["checkout"]
    assert (slo.days, slo.server, [(b.long, b.short, b.says) for b in slo.burn]) == (
        *(30, "main"),
        [(3600, 300, "bad"), (21_600, 1_800, "bad"), (259_200, 21_600, "warn")],
    )


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (QUERY + "target = 1", "number, above 0, below 1"),
        (QUERY + "target = 99.9", "number, above 0, below 1"),
        (QUERY + "target = nan", "number, above 0, below 1"),
        (QUERY, "slo.checkout.target: nothing"),
        ('target = 0.9\nquery = "rate(bad[5m])"', "PromQL with $window where the span stands"),
        ('target = 0.9\nquery = "rate(bad[$window]"', "| a PromQL query |"),
        (QUERY + 'target = 0.9\nserver = "min"', 'did you mean "main"?'),
        (QUERY + "target = 0.9\ndays = 0", "number, above 0, at most 366"),
        (QUERY + "target = 0.9\ndays = 1", "give burn, as the usual ones reach back 259200 seconds"),
        (QUERY + "target = 0.9\nburn = []", "an empty list"),
        (QUERY + "target = 0.9\nburn = [{ long = 300, short = 300, budget = 0.001 }]", "| less than long, 300"),
        (QUERY + "target = 0.9\nburn = [{ long = 3.5, short = 3, budget = 0.1 }]", "| a whole number"),
        (QUERY + "target = 0.9\nburn = [{ long = 3600, short = 300, budget = 0.1 }]", "even when everything fails"),
        (QUERY + 'target = 0.99\nburn = [{ long = 3600, short = 9, budget = 0.1, says = "no" }]', "one of bad, warn"),
    ],
)
def test_what_is_wrong_with_an_objective_is_said(places: Folders, rest: str, words: str) -> None:
    assert words in only(write(places, OBJECTIVE + rest))


def test_an_objective_needs_a_server(places: Folders) -> None:
    text = '[slo.a]\nservice = "a"\ntarget = 0.9\n' + QUERY
    assert "an objective, and no server" in only(write(places, text))
    assert keys(write(places, TWO_SERVERS + '[signals.latency]\nquery = "up"\nserver = "a"\n' + text)) == [
        (8, "slo.a.server")
    ]


SECRETS = (
    'token = "hunter2"',
    "token = 42",
    'token = ["hunter2"]',
    'token = { literal = "hunter2" }',
    'token = { env = "A", hunter = "hunter2" }',
    'token = { keyring = "hunter2" }',
    'token = { command = "hunter2 \'x" }',
    "token = {}",
    'token = ""',
)


@pytest.mark.parametrize("line", SECRETS)
def test_a_wrong_secret_is_named_and_never_shown(places: Folders, line: str) -> None:
    loaded = write(places, f"[pagerduty]\n{line}")
    assert loaded.problems
    assert all(problem.line == 2 and problem.key.startswith("pagerduty.token") for problem in loaded.problems)
    assert "hunter2" not in str(loaded.problems)


def test_a_secret_written_out_needs_a_file_that_only_its_owner_reads(places: Folders) -> None:
    text = '[pagerduty]\ntoken = "hunter2"'
    assert "chmod 600" in only(write(places, text, 0o640))
    config = good(places, text, 0o600)
    assert config.pagerduty is not None
    assert config.pagerduty.token.literal == "hunter2"
    assert "hunter2" not in repr(config)


def test_a_secret_header_needs_such_a_file_too(places: Folders) -> None:
    text = '[prometheus]\nurl = "http://p"\nheaders = { Authorization = "Bearer hunter2" }'
    loaded = write(places, text)
    assert keys(loaded) == [(3, "prometheus.headers.Authorization")]
    assert "hunter2" not in only(loaded)
    good(places, text, 0o600)


def test_a_secret_file_must_be_owner_only(places: Folders, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("x")
    token.chmod(0o640)
    text = '[pagerduty]\ntoken = { file = "token" }'
    assert f"chmod 600 {token}" in only(write(places, text))
    token.chmod(0o400)
    assert secrets_of(good(places, text)) == {"pagerduty.token": Secret(file=str(token))}
    token.unlink()
    good(places, text)  # it may be mounted later


@pytest.mark.parametrize(
    "text",
    [
        '[prometheus]\nurl = "http://p"\npassword = { env = "P" }',
        '[prometheus]\nurl = "http://p"\ncert_file = "me.pem"',
        '[prometheus]\nurl = "http://p"\nkey_file = "me.key"',
        '[prometheus]\nurl = "http://p"\nusername = "u"\ntoken = { env = "T" }',
        '[me]\nemail = "not an address"',
        'alertmanager.url = "http://a"\nalertmanager.urls = ["http://b"]',
        "alertmanager.urls = []",
        "[updates.outlets.x]",
        '[console]\nzone = "../../etc/passwd"',
    ],
)
def test_single_mistakes_are_single_problems(places: Folders, text: str) -> None:
    assert len(write(places, text).problems) == 1


def test_paths_are_taken_from_the_files_folder(places: Folders, tmp_path: Path) -> None:
    text = '[runbooks]\nfolders = ["books", "~/r", "/abs"]\n[updates]\ntemplates = "t"'
    text += '\n[prometheus]\nurl = "https://p"\nca_file = "ca"\ncert_file = "~/c"\nkey_file = "k"'
    config = good(places, text + '\n[updates.outlets.f]\nkind = "file"\npath = "u.md"')
    server = config.prometheus["main"]
    assert (server.ca_file, server.key_file) == (str(tmp_path / "ca"), str(tmp_path / "k"))
    assert server.cert_file == str(Path.home() / "c")
    assert config.runbooks.folders == (str(tmp_path / "books"), str(Path.home() / "r"), "/abs")
    assert config.updates.templates == str(tmp_path / "t")
    assert config.updates.outlets["f"].path == str(tmp_path / "u.md")


def test_a_theme_and_a_layout_of_ones_own_are_known(places: Folders) -> None:
    for folder in (places.themes, places.layouts):
        folder.mkdir(parents=True)
        (folder / "mine.toml").write_text("")
    assert good(places, '[console]\ntheme = "mine"\nlayout = "mine"').console.theme == "mine"


def test_hostile_keys_are_shown_clean(places: Folders) -> None:
    loaded = write(places, '"\\u001b]0;x\\u0007" = 1\n')
    assert keys(loaded)[0][0] == 1
    assert "\x1b" not in only(loaded)


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_the_schema_accepts_loads(places: Folders, text: str) -> None:
    theme = text.replace('"mine"', '"iccon-dark"')
    if "signals" in text and "prometheus" not in text:
        theme += '\n[prometheus]\nurl = "http://p"'
    good(places, theme, 0o600)


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_schema_refuses_does_not_load(places: Folders, text: str) -> None:
    assert write(places, text, 0o600).problems


VALUES = st.recursive(
    st.one_of(st.integers(-5, 10**6), st.booleans(), st.floats(), st.text("abc/:.-", max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(sorted("abc")), inner)),
    max_leaves=4,
)


@settings(max_examples=150)
@given(
    st.sampled_from(["me", "prometheus", "signals", "pagerduty", "alertmanager", "updates", "console", "runbooks"]),
    st.sampled_from(["url", "urls", "token", "name", "query", "outlets", "latency", "keys", "folders", "timeout"]),
    VALUES,
)
def test_no_table_makes_loading_raise(
    tmp_path_factory: pytest.TempPathFactory, table: str, key: str, value: object
) -> None:
    path = tmp_path_factory.mktemp("any") / "config.toml"
    path.write_text(f"[{table}]\n{key} = {toml(value)}\n[{table}.x]\n{key} = {toml(value)}\n")
    load(path, folders({"ICCON_HOME": str(path.parent)}))


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else repr(value)


def test_services_by_hand(places: Folders) -> None:
    text = '[services.checkout]\ntier = 1\nowner = "team payments"\n[services."search api"]'
    config = good(places, text)
    assert (config.services["checkout"].tier, config.services["checkout"].owner) == (1, "team payments")
    assert config.services["search api"].tier is None


@pytest.mark.parametrize(
    ("line", "key"), [("tier = 0", "tier"), ("tier = 6", "tier"), ("owner = 1", "owner"), ("x = 1", "x")]
)
def test_services_that_are_wrong(places: Folders, line: str, key: str) -> None:
    assert keys(write(places, f"[services.checkout]\n{line}")) == [(2, f"services.checkout.{key}")]
