"""What every test runs under: no real home, no wall-clock zone of the machine, and in CI no silent skip."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, nothing about the code.
settings.register_profile("iccon", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("iccon")

# In CI the servers are there, so a skip hides a failure. What may lie beside the clone may be absent even there.
NO_SKIP = os.environ.get("ICCON_CI_NO_SKIP") == "1"
ALLOWED = ("specs", "corpus")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has folders of its own; nothing of the person's real configuration or journal is touched."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ICCON_HOME", str(home))
    for name in ("ICCON_CONFIG", "ICCON_DEBUG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Turn a skip into a failure where none may happen."""
    return _judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """The same for a module that skips itself."""
    return _judged((yield))


def _judged(report: Any) -> Any:
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(word in reason for word in ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, where nothing may be skipped: {reason}"
    return report
