"""Builds a tracker from its configuration; its kind names the module, of which only that is imported."""

from collections.abc import Callable

from iccon.clock import Clock
from iccon.config.schema import Secret
from iccon.config.schema import Tracker as Config
from iccon.trackers.model import Tracker


def build(name: str, config: Config, resolve: Callable[[Secret], str], clock: Clock) -> Tracker:
    """Return the tracker `name`; `resolve` reads its secret. Raises what `resolve` raises."""
    if config.kind == "webhook":
        from iccon.trackers.webhook import WebhookTracker

        secret = resolve(config.secret) if config.secret is not None else ""
        return WebhookTracker(name, config.url, secret, config.timeout, clock)
    assert config.token is not None  # the configuration was held to the keys of its kind
    if config.kind == "jira":
        from iccon.trackers.jira import JiraTracker

        return JiraTracker(name, config, resolve(config.token), clock)
    from iccon.trackers.github import GitHubTracker

    return GitHubTracker(name, config, resolve(config.token))
