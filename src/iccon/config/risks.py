"""The file that says which commands of runbooks are risky: the shipped one with the user's `risks.toml` over it."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from iccon import resources
from iccon.config.checked import Checker, shown
from iccon.config.execution import RiskPattern
from iccon.config.rulefiles import rules
from iccon.config.schema import Config, Folders, Problem, Secret


def risk_patterns(folders: Folders) -> tuple[dict[str, RiskPattern], list[Problem]]:
    """Return the patterns by name, the user's in place of shipped ones, and every problem. Reads files."""
    return rules(RiskPattern, resources.risks_file(), folders.risks)


def check_run(check: Checker, config: Config) -> None:
    """Note variables that commands would get and must not: those that hold the console's own secrets."""
    secrets = set(_secret_variables(config))
    for name in config.runbooks.run.keep_env:
        if name in secrets or name.startswith("ICCON_"):
            expected = "a variable without a secret of the console's"
            check.problem(("runbooks", "run", "keep_env"), f"{shown(name)}, which is the console's own", expected)


def _secret_variables(part: object) -> Iterator[str]:
    """Yield the environment variables from which secrets anywhere in `part` come."""
    if isinstance(part, Secret):
        yield from filter(None, [part.env])
    elif isinstance(part, Struct):
        for name in part.__struct_fields__:
            yield from _secret_variables(getattr(part, name))
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _secret_variables(value)
