"""The configuration that `iccon init` writes: every table explained, everything that needs a decision commented out."""

from collections.abc import Mapping

from iccon.config.schema import Prometheus, Secret

_PAGES = "# --- pages ---"
_STARTER = """\
# iccon's configuration. Everything is optional: with nothing here, iccon keeps the record, and `iccon drill` works.
# `iccon check` says what works; every mistake in this file is named with its line.
#
# Secrets are references, never written out here (unless only you can read this file: chmod 600):
#   { env = "NAME" }  { command = ["pass", "show", "pagerduty"] }  { keyring = "service/user" }  { file = "~/.token" }

# environment = "production"   # shown beside the title: which world is this?

[me]
# name = "Ada Lovelace"        # who acts; your login name where this is empty
# email = "ada@example.com"    # PagerDuty wants to know who acknowledges

# --- golden signals ---------------------------------------------------------------------------------------------------

[prometheus]
# url = "http://localhost:9090"
# token = { env = "PROMETHEUS_TOKEN" }
# username = "iccon"
# password = { keyring = "prometheus/iccon" }
# headers = { X-Scope-OrgID = "team" }
# ca_file = "~/ca.pem"         # who vouches for the server
# cert_file = "~/me.pem"       # our own certificate, where the server demands one,
# key_file = "~/me.key"        # and its key, without a pass phrase
# timeout = 10                 # seconds
#
# Several servers have names: [prometheus.eu], [prometheus.us]; the one above is called "main".

# With a Prometheus and no signals of your own, the board shows http_requests_total, http_request_duration_seconds and
# process_cpu_seconds_total by service (or by job). A query of your own gives one series a service.
[signals]
# label = "service"            # the label that names a service
# refresh = 10                 # seconds between looks
# window = 3600                # seconds of the past that are kept
# step = 15                    # seconds between points: your scrape interval
# hold = 60                    # seconds a verdict that became worse stays at least, so that it does not flap
# up = { query = "avg by (service) (up)" }   # the share of a service's scrape targets that are up

# A service that you name is on the board even while it has no data; within equally bad ones tier 1 comes first.
# [services.checkout]
# tier = 1                     # 1 (matters most) to 5
# owner = "team payments, #pay-oncall"

# [signals.latency]
# query = "histogram_quantile(0.99, sum by (service, le) (rate(http_request_duration_seconds_bucket[2m])))"
# unit = "seconds"             # seconds, per_second, ratio or number
# warn = 0.5
# bad = 2
# worse = "higher"             # or "lower", where trouble lies below the thresholds
# stale_after = 60             # seconds without a new sample
# baseline = "1d"              # or "1w": judged beside what was usual at that time a day or a week earlier
# warn_ratio = 1.5             # times the usual value; warn and bad hold where that is not known
# bad_ratio = 3
#
# [signals.traffic]
# [signals.errors]
# [signals.saturation]

# An objective: at least `target` of the requests succeed over `days`. The query gives the share that failed, as one
# series, over $window, which is filled in: 5m, 30m, 1h, 6h, 3d, 30d.
# [slo.checkout]
# service = "checkout"
# target = 0.999
# days = 30
# query = "sum(rate(checkout_errors_total[$window])) / sum(rate(checkout_requests_total[$window]))"
#
# More than 2 % of the budget within an hour, or 10 % within six, is bad, and 10 % within three days a warning, while
# it still goes on in the short span (seconds). Instead of these:
# [[slo.checkout.burn]]
# long = 3600
# short = 300
# budget = 0.02
# says = "bad"                 # or "warn"

# --- pages ------------------------------------------------------------------------------------------------------------

# [pagerduty]
# token = { env = "PAGERDUTY_TOKEN" }
# services = ["PABC123"]       # ids; all services where this is empty
# teams = ["PTEAM42"]
# url = "https://api.eu.pagerduty.com"

[alertmanager]
# url = "http://localhost:9093"
# urls = ["http://am-0:9093", "http://am-1:9093"]   # the peers of one cluster

# [jsm]
# cloud_id = "11223344-a1b2-3b33-c444-def123456789"   # https://YOUR-SITE.atlassian.net/_edge/tenant_info
# email = "kim@example.com"
# token = { env = "JSM_TOKEN" }
# query = "responders:platform"  # which open alerts; all where this is empty

# --- changes ----------------------------------------------------------------------------------------------------------

# What was deployed, switched or configured lately. Pipelines on this machine can also call `iccon change "…"`.
# [changes.pagerduty]
# kind = "pagerduty"           # its change events, with the token of [pagerduty]
#
# [changes.grafana]
# kind = "grafana"             # annotations
# url = "https://grafana.example.com"
# token = { env = "GRAFANA_TOKEN" }
# tags = ["deploy"]            # those that have all of these
# label = "service"            # a tag service:checkout names the service
#
# [changes.checkout]
# kind = "github"              # deployments
# repository = "example/checkout"
# environment = "production"
# token = { env = "GITHUB_TOKEN" }
# service = "checkout"         # the repository's name where this is empty
#
# [changes.rollouts]
# kind = "prometheus"          # every change of a value
# query = "max by (deployment, namespace) (kube_deployment_status_observed_generation)"
# label = "deployment"
#
# [changes.pipeline]
# kind = "file"                # JSON Lines {"at": …, "text": …, "service": …}, or lines `2026-11-24T14:05:00Z text`
# path = "/var/log/deploys.log"

# --- runbooks and updates ---------------------------------------------------------------------------------------------

[runbooks]
# folders = ["~/runbooks"]     # Markdown; a file named like the alert is found first
# exclude = ["archive/*"]      # patterns of paths, as include
# sources.docs = { kind = "web", url = "https://runbooks.example.org/" }  # what runbook URLs below it name is fetched
# sources.wiki = { kind = "confluence", url = "https://example.atlassian.net/wiki", spaces = ["OPS"],
#                  email = "you@example.org", token = { env = "CONFLUENCE_TOKEN" } }
# sources.notes = { kind = "notion", token = { env = "NOTION_TOKEN" } }
# run.allow = ["bash", "sh"]    # run their commands, under guard; off by default

[updates]
# templates = "templates"      # your own; a path is taken from this file's folder

[updates.outlets.clipboard]
kind = "clipboard"

[updates.outlets.file]
kind = "file"
path = "updates.md"            # every update is added to it

# [updates.outlets.slack]
# kind = "slack"               # one living message an incident, its updates in the thread below
# channel = "C0123456789"      # its id
# token = { env = "SLACK_TOKEN" }      # a bot's: chat:write, channels:history
# audiences = ["internal", "responders"]   # nobody else's updates are sent there
#
# [updates.outlets.status]
# kind = "statuspage"          # for customers only, unless audiences says otherwise
# page = "your-page-id"
# token = { env = "STATUSPAGE_TOKEN" }
# components = { checkout = "component-id" }
#
# Also: kind = "email", "teams", "grafana" (an annotation), "webhook" (signed JSON), "command" (a program of yours).

# --- trackers ---------------------------------------------------------------------------------------------------------

# Where todos and corrective actions are pushed: `iccon push TASK`, or `t` on the tasks.
# [trackers.ops]
# kind = "github"              # an issue each
# repository = "example/ops"
# token = { env = "GITHUB_TOKEN" }
#
# [trackers.jira]
# kind = "jira"                # Jira Cloud
# url = "https://example.atlassian.net"
# project = "OPS"
# issue_type = "Task"
# email = "kim@example.com"    # whose API token it is
# token = { env = "JIRA_TOKEN" }
#
# [trackers.hook]
# kind = "webhook"             # signed JSON
# url = "https://example.com/hooks/tasks"
# secret = { env = "HOOK_SECRET" }

# --- the screen -------------------------------------------------------------------------------------------------------

[console]
theme = "iccon-dark"           # iccon-light, high-contrast, colour-safe, ansi-16, or a file of yours in themes/
layout = "ic"                  # secondary, scribe, wallboard, narrow, or a file of yours in layouts/
zone = "local"                 # "UTC", "Europe/Berlin", …
# ascii = true                 # no line drawing, no braille
# bell = false                # no bell when a timer runs out
# notify = "osc9"             # the terminal's notification too: osc9 (iTerm2, WezTerm), osc777 (foot), osc99 (kitty)

[console.keys]
# note = "n"                   # command ids are in the help (?)
"""


def starter_config() -> str:
    """Return a commented TOML configuration that loads without problems and reaches nothing outside."""
    return _STARTER


Table = dict[str, str | float | None]
SERVER = ("url", "token", "username", "password", "headers", "ca_file", "cert_file", "key_file")


def starter_with(server: Prometheus, label: str, signals: Mapping[str, Table]) -> str:
    """Return the starter configuration with this server, service label, and tables of signals filled in.

    Its secrets are environment variables, and written as such.
    """
    import json  # a JSON text of printable characters is a TOML text

    tables = "\n".join(
        "\n".join(
            [
                f"[signals.{name}]",
                *(f"{key} = {json.dumps(v, ensure_ascii=False)}" for key, v in table.items() if v is not None),
                "",
            ]
        )
        for name, table in signals.items()
    )
    given = {name: value for name in SERVER if (value := getattr(server, name))}
    lines = "\n".join(f"{name} = {_toml(value)}" for name, value in given.items())
    text = _STARTER.replace('# url = "http://localhost:9090"', lines, 1)
    text = text.replace('# label = "service"            #', f"label = {json.dumps(label)}  #", 1)
    return text.replace(_PAGES, f"{tables}\n{_PAGES}", 1)


def _toml(value: str | Secret | Mapping[str, str]) -> str:
    import json

    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Secret):
        value = {"env": value.env or ""}
    return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + " }"
