"""What a configuration may say. Plain data: names here are the keys of the TOML file, and promises.

The constraints beside the types are part of the schema: loading holds a file to them (`config/checked.py`), and the
generated JSON Schema carries them to editors.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from iccon.config.execution import Run
from iccon.text import clean

Refresh = Annotated[float, Meta(ge=0.5, le=3600)]
Timeout = Annotated[float, Meta(gt=0, le=300)]
Duration = Annotated[float, Meta(ge=1, le=604_800)]
Hold = Annotated[float, Meta(ge=0, le=3600)]
Text = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
Email = Annotated[str, Meta(extra_json_schema={"format": "email"})]
Zone = Annotated[str, Meta(extra_json_schema={"format": "iana-time-zone"})]
Label = Annotated[str, Meta(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", description="a label name: letters, digits, _")]
UnitName = Annotated[str, Meta(extra_json_schema={"enum": ["seconds", "per_second", "ratio", "number"]})]
WorseSide = Annotated[str, Meta(extra_json_schema={"enum": ["higher", "lower"]})]
BurnSays = Annotated[str, Meta(extra_json_schema={"enum": ["bad", "warn"]})]
Repository = Annotated[str, Meta(pattern=r"^([\w.-]+/[\w.-]+)?$", description="owner/name")]
ChangeKind = Annotated[str, Meta(extra_json_schema={"enum": ["pagerduty", "grafana", "github", "prometheus", "file"]})]
RunbookKind = Annotated[str, Meta(extra_json_schema={"enum": ["folder", "web", "confluence", "notion"]})]
Earlier = Annotated[str, Meta(extra_json_schema={"enum": ["", "1d", "1w"]})]
Ratio = Annotated[float, Meta(gt=0)]
TrackerKind = Annotated[str, Meta(extra_json_schema={"enum": ["github", "jira", "webhook"]})]
JiraProject = Annotated[str, Meta(pattern=r"^([A-Z][A-Z0-9_]*)?$", description="a project's key: OPS")]
OUTLETS = ["file", "clipboard", "webhook", "slack", "statuspage", "teams", "email", "grafana", "command"]
OutletKind = Annotated[str, Meta(extra_json_schema={"enum": OUTLETS})]
MailServer = Annotated[str, Meta(pattern=r"^(smtps?://[\w.:\[\]-]+)?$", description="smtps://HOST or smtp://HOST")]
AudienceName = Annotated[str, Meta(extra_json_schema={"enum": ["responders", "internal", "executive", "customer"]})]
ROLES = ["commander", "deputy", "scribe", "comms", "operations", "expert"]
RoleName = Annotated[str, Meta(extra_json_schema={"enum": ROLES})]
Cadence = Annotated[int, Meta(ge=0, le=1440)]
Notify = Annotated[str, Meta(extra_json_schema={"enum": ["", "osc9", "osc777", "osc99"]})]
Minutes = Annotated[int, Meta(ge=1, le=1440)]


class Secret(Struct, frozen=True):
    """Where a secret comes from; exactly one is given. Never its value, except in a file only the owner can read.

    `env` names an environment variable, `command` is an argument list whose first output line is the
    secret, `keyring` is "service/user", `file` an owner-only file, `literal` the text itself.
    """

    env: str | None = None
    command: tuple[str, ...] | None = None
    keyring: str | None = None
    file: str | None = None
    literal: str | None = None

    def __repr__(self) -> str:
        """Say where the secret comes from, never what it is."""
        given = ((name, getattr(self, name)) for name in ("env", "command", "keyring", "file"))
        return "Secret(" + (", ".join(f"{n}={v!r}" for n, v in given if v is not None) or "literal=…") + ")"


class Me(Struct, frozen=True):
    """Who sits at this console. `email` is PagerDuty's From."""

    name: str = ""
    email: Email = ""


class Prometheus(Struct, frozen=True):
    """A Prometheus-compatible server. `cert_file` and `key_file` are our own certificate and its key, in PEM."""

    url: Url
    token: Secret | None = None
    username: str = ""
    password: Secret | None = None
    headers: dict[str, str] = {}
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    timeout: Timeout = 10.0


class Signal(Struct, frozen=True):
    """A golden signal. See signals/model.py's SignalSpec for the meaning of the fields."""

    query: Text
    unit: UnitName = "number"
    server: str = ""
    warn: float | None = None
    bad: float | None = None
    worse: WorseSide = "higher"
    stale_after: Duration = 60.0
    baseline: Earlier = ""
    warn_ratio: Ratio | None = None
    bad_ratio: Ratio | None = None


class Up(Struct, frozen=True):
    """A query that gives one series a service: the share of its scrape targets that are up, 0 to 1."""

    query: Text
    server: str = ""


class Signals(Struct, frozen=True):
    """The board: which label names a service, how often to look (seconds), how far back (seconds), and the signals.

    `hold` is how many seconds a verdict that became worse stays at least, so that it does not flap.
    """

    label: Label = "service"
    refresh: Refresh = 10.0
    window: Duration = 3600.0
    step: Duration = 15.0
    hold: Hold = 60.0
    latency: Signal | None = None
    traffic: Signal | None = None
    errors: Signal | None = None
    saturation: Signal | None = None
    up: Up | None = None


class Service(Struct, frozen=True):
    """What is known of a service by hand; it is on the board even while it has no data.

    `tier` 1 matters most. `owner` is who to call: a team, a person, a channel.
    """

    tier: Annotated[int, Meta(ge=1, le=5)] | None = None
    owner: str = ""


SpanQuery = Annotated[str, Meta(pattern=r"\$window", description="PromQL with $window where the span stands")]


class Burn(Struct, frozen=True):
    """More than the share `budget` of the budget gone within `long` whole seconds, and still going within `short`."""

    long: Annotated[int, Meta(ge=1, le=31_622_400)]
    short: Annotated[int, Meta(ge=1, le=31_622_400)]
    budget: Annotated[float, Meta(gt=0, le=1)]
    says: BurnSays = "bad"


BURNS = (
    Burn(3_600, 300, 0.02),
    Burn(6 * 3_600, 1_800, 0.1),
    Burn(3 * 86_400, 6 * 3_600, 0.1, "warn"),
)


class Slo(Struct, frozen=True):
    """A service level objective: at least `target` of the requests of `service` succeed over `days`.

    `query` gives the share of requests that failed, as one series, over the span `$window`: 5m, 1h, 3d, 30d.
    """

    service: Text
    target: Annotated[float, Meta(gt=0, lt=1)]
    query: SpanQuery
    days: Annotated[float, Meta(gt=0, le=366)] = 30.0
    server: str = ""
    burn: Annotated[tuple[Burn, ...], Meta(min_length=1)] = BURNS


class PagerDuty(Struct, frozen=True):
    """A PagerDuty account. `url` is for the EU region or a test server."""

    token: Secret
    url: Url = "https://api.pagerduty.com"
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    refresh: Refresh = 15.0
    timeout: Timeout = 10.0


class Alertmanager(Struct, frozen=True):
    """An Alertmanager; peers of one cluster are listed together in `urls`."""

    urls: Annotated[tuple[Url, ...], Meta(min_length=1)]
    refresh: Refresh = 15.0
    timeout: Timeout = 10.0
    service_label: Label = "service"


class ChangeFeed(Struct, frozen=True):
    """Where changes are told. `kind` is pagerduty, grafana, github, prometheus or file; other keys belong to kinds.

    pagerduty: `token` and `url`, by default those of [pagerduty]. grafana: `url`, `token`, `tags` (all of them).
    github: `repository` (owner/name), `environment`, `token`, `url` (GitHub Enterprise's API). prometheus: `query`, of
    which every change of a value is told, and `server`. file: `path`. `label` is the label, tag or detail that names
    the service; where there is none, it is `service`. `timeout` is in seconds.
    """

    kind: ChangeKind
    url: Url = ""
    token: Secret | None = None
    repository: Repository = ""
    environment: str = ""
    tags: tuple[str, ...] = ()
    query: str = ""
    server: str = ""
    path: str = ""
    label: Label = "service"
    service: str = ""
    ca_file: str = ""
    timeout: Timeout = 10.0


class Jsm(Struct, frozen=True):
    """Jira Service Management Operations: a site by its cloud id, and a user's API token. `url` is for a test server.

    `query` narrows the list of open alerts, in the site's own search language.
    """

    cloud_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}$", description="a cloud id: letters, digits, -")]
    email: Email
    token: Secret
    url: Url = "https://api.atlassian.com"
    query: str = ""
    refresh: Refresh = 15.0
    timeout: Timeout = 10.0


class RunbookSource(Struct, frozen=True):
    """Where runbooks are. `kind` is folder, web, confluence or notion; the other keys belong to kinds.

    folder: `path`, of which `include` and `exclude` are patterns of paths. web: what stands below `url` may be fetched
    where an alert's runbook URL names it, with `token` as bearer. confluence: the pages of `spaces` at `url`; `token`
    with `email` is an API token of Cloud (https://SITE.atlassian.net/wiki), without it a personal access token of Data
    Center. notion: the pages shared with the integration whose secret `token` is. Patterns of wikis are of titles.
    `refresh` is how old a copy may be, `timeout` how long one request may take: seconds.
    """

    kind: RunbookKind
    path: str = ""
    url: Url = ""
    spaces: tuple[Text, ...] = ()
    email: Email = ""
    token: Secret | None = None
    include: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()
    ca_file: str = ""
    refresh: Duration = 3600.0
    timeout: Timeout = 10.0


class Runbooks(Struct, frozen=True):
    """Where runbooks are: `folders` of Markdown files, with patterns of their paths, and other `sources` by name."""

    folders: tuple[str, ...] = ()
    include: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()
    sources: dict[str, RunbookSource] = {}
    run: Run = Run()


class Outlet(Struct, frozen=True):
    """Where updates go, and for whom: `audiences` (all). `kind` names what it speaks to; other keys belong to kinds.

    file: `path`. webhook: `url`, `secret` (signs the body). slack: `channel` (its id), `token` of a bot. statuspage:
    `page`, `token`, and `components`, from services to ids of components. teams: `address` of a workflow, a secret.
    email: `server` (smtps://HOST, or smtp://HOST with STARTTLS), `sender`, `to`, `user` and `password`. grafana: `url`,
    `token`, `tags` of the annotation. command: `command`, run with the update as JSON on its standard input.
    `timeout` is in seconds, `url` another server of the kind.
    """

    kind: OutletKind
    audiences: tuple[AudienceName, ...] = ()
    path: str = ""
    url: Url = ""
    address: Secret | None = None
    secret: Secret | None = None
    token: Secret | None = None
    channel: str = ""
    page: str = ""
    components: dict[str, str] = {}
    server: MailServer = ""
    sender: Email = ""
    to: tuple[Email, ...] = ()
    user: str = ""
    password: Secret | None = None
    tags: tuple[Text, ...] = ()
    command: tuple[Text, ...] = ()
    ca_file: str = ""
    timeout: Timeout = 10.0


class Updates(Struct, frozen=True):
    """Outlets by name, and the folder of own templates."""

    outlets: dict[str, Outlet] = {}
    templates: str = ""


class Level(Struct, frozen=True):
    """What one severity means and demands; a key that is not given stays as it is by default.

    Cadences are minutes between updates, `callout` those between call-outs; 0 demands none. `review`: a second
    person reads what goes to customers. `exit`: signals, pages, impact, tasks and update are worked out, sentences are
    ticked by a person. `in_range`: for how many minutes signals must be in range; 0: now is enough.
    """

    meaning: Text | None = None
    public_cadence: Cadence | None = None
    internal_cadence: Cadence | None = None
    executive_cadence: Cadence | None = None
    callout: Cadence | None = None
    roles: tuple[RoleName, ...] | None = None
    review: bool | None = None
    exit: tuple[Text, ...] | None = None
    in_range: Cadence | None = None


class Policy(Struct, frozen=True):
    """What each severity demands, and `first_post`: the minutes until the first public post."""

    first_post: Minutes = 5
    sev1: Level = field(name="SEV1", default=Level())
    sev2: Level = field(name="SEV2", default=Level())
    sev3: Level = field(name="SEV3", default=Level())
    sev4: Level = field(name="SEV4", default=Level())
    sev5: Level = field(name="SEV5", default=Level())


class Tracker(Struct, frozen=True):
    """Where tasks are pushed. `kind` is github, jira or webhook; the other keys belong to kinds.

    github: `repository` (owner/name), `token`, `url` (GitHub Enterprise's API). jira (Cloud): `url` of the site,
    `project`, `issue_type`, and the `email` whose API token `token` is. webhook: `url`, and `secret`, which signs the
    body. `timeout` is in seconds.
    """

    kind: TrackerKind
    url: Url = ""
    repository: Repository = ""
    project: JiraProject = ""
    issue_type: Text = "Task"
    email: Email = ""
    token: Secret | None = None
    secret: Secret | None = None
    ca_file: str = ""
    timeout: Timeout = 10.0


class Console(Struct, frozen=True):
    """How the screen looks and answers. `zone` is an IANA name or "local"; `keys` maps command ids to keys.

    `bell`: the terminal's bell rings when a timer runs out. `notify`: the terminal's own notification comes too, by
    that escape sequence; "" writes none.
    """

    theme: str = "iccon-dark"
    layout: str = "ic"
    zone: Zone = "local"
    ascii: bool = False
    bell: bool = True
    notify: Notify = ""
    keys: dict[str, str] = {}


class Config(Struct, frozen=True):
    """A whole configuration. An empty file is valid: everything that needs no network works."""

    me: Me = Me()
    environment: str = ""
    prometheus: dict[str, Prometheus] = {}
    signals: Signals = Signals()
    services: dict[str, Service] = {}
    slo: dict[str, Slo] = {}
    pagerduty: PagerDuty | None = None
    alertmanager: dict[str, Alertmanager] = {}
    jsm: Jsm | None = None
    changes: dict[str, ChangeFeed] = {}
    runbooks: Runbooks = Runbooks()
    updates: Updates = Updates()
    policy: Policy = Policy()
    trackers: dict[str, Tracker] = {}
    console: Console = Console()


class Folders(Struct, frozen=True):
    """Where things live on this machine."""

    config: Path
    data: Path
    cache: Path
    logs: Path

    @property
    def config_file(self) -> Path:
        """The configuration file, unless ICCON_CONFIG or --config names another."""
        return self.config / "config.toml"

    @property
    def journal(self) -> Path:
        """The journal of real incidents."""
        return self.data / "journal.db"

    @property
    def drill_journal(self) -> Path:
        """The journal of drills, apart from the real one."""
        return self.data / "drill.db"

    @property
    def themes(self) -> Path:
        """The user's own themes."""
        return self.config / "themes"

    @property
    def layouts(self) -> Path:
        """The user's own layouts."""
        return self.config / "layouts"

    @property
    def presets(self) -> Path:
        """The user's own signal presets."""
        return self.config / "presets"

    @property
    def risks(self) -> Path:
        """The user's own patterns of risky commands."""
        return self.config / "risks.toml"

    @property
    def leaks(self) -> Path:
        """The user's own rules for what a status update must not say."""
        return self.config / "check.toml"

    @property
    def role_cards(self) -> Path:
        """The user's own role cards."""
        return self.config / "roles"


class Problem(Struct, frozen=True):
    """One thing wrong in a user's file: where, what was found, what was expected, what to do."""

    file: str
    key: str
    found: str
    expected: str
    hint: str = ""
    line: int | None = None

    @property
    def said(self) -> str:
        """The problem in one line: `file:line: key: found …, expected …; hint`."""
        place = clean(self.file) if self.line is None else f"{clean(self.file)}:{self.line}"
        key = f" {clean(self.key)}:" if self.key else ""
        hint = f"; {clean(self.hint)}" if self.hint else ""
        return f"{place}:{key} {clean(self.found)}, expected {clean(self.expected)}{hint}"


class Loaded(Struct, frozen=True):
    """A configuration that was read: every problem at once; `config` is usable only without problems."""

    config: Config
    file: Path | None
    problems: tuple[Problem, ...] = field(default_factory=tuple)
