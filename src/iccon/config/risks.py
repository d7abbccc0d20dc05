"""The file that says which commands of runbooks are risky: the shipped one with the user's `risks.toml` over it."""

from iccon import resources
from iccon.config.checked import Checker, shown
from iccon.config.execution import RiskPattern
from iccon.config.rulefiles import rules
from iccon.config.schema import Config, Folders, Problem


def risk_patterns(folders: Folders) -> tuple[dict[str, RiskPattern], list[Problem]]:
    """Return the patterns by name, the user's in place of shipped ones, and every problem. Reads files."""
    return rules(RiskPattern, resources.risks_file(), folders.risks)


def check_run(check: Checker, config: Config, secrets: frozenset[str]) -> None:
    """Note variables that commands would get and must not: those that hold the console's own `secrets`."""
    for name in config.runbooks.run.keep_env:
        if name in secrets or name.startswith("ICCON_"):
            expected = "a variable without a secret of the console's"
            check.problem(("runbooks", "run", "keep_env"), f"{shown(name)}, which is the console's own", expected)
