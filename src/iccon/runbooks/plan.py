"""What exactly would be run: everything a person reads before, and what the command then says. Pure."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from iccon.config.execution import RiskPattern, Run
from iccon.incident import commands as c
from iccon.incident.ids import short
from iccon.incident.runs import RunRole, command_id
from iccon.incident.state import State
from iccon.runbooks.fences import Fence
from iccon.runbooks.model import Document
from iccon.runbooks.risk import risks
from iccon.runbooks.steps import Step
from iccon.runbooks.variables import named_in, sorted_out, without_value
from iccon.text import clean

BY_HAND = "give it by hand"
OFF = 'running is off; to allow it, in config.toml:  runbooks.run.allow = ["bash", "sh"]'


class Where(Struct, frozen=True):
    """Where commands would run: this host, in which environment, below which folder, as configured how.

    `sources` are the names of the runbook folders of the configuration: nothing that was fetched from elsewhere is run.
    """

    host: str
    environment: str
    directory: Path
    config: Run
    sources: tuple[str, ...]
    patterns: tuple[RiskPattern, ...] = ()
    trouble: str = ""  # with the file of patterns: nothing is run while it cannot be trusted


class Plan(Struct, frozen=True):
    """One command as it would run. `variables` are those it names, `target` what is typed where it is risky.

    `trouble` says why it cannot be run, "" where it can; `other` are the variables whose values are withheld.
    """

    document: Document
    step: Step
    fence: Fence
    role: str
    where: Where
    variables: dict[str, str]
    other: tuple[str, ...]
    said: tuple[str, ...]
    risks: tuple[str, ...]
    target: str
    trouble: str

    @property
    def by_hand(self) -> bool:
        """Whether a variable is all that is missing."""
        return self.trouble.endswith(BY_HAND)

    @property
    def sha256(self) -> str:
        """What names the command."""
        return command_id(self.fence.language, self.fence.code)

    def facts(self) -> list[tuple[str, str]]:
        """Return what a person reads beside the command: names and values, in their order."""
        told = " ".join(f"{name}={value}" for name, value in self.variables.items())
        limit = self.where.config.timeout
        rows = [
            ("for", self.role),
            ("host", self.where.host),
            ("environment", self.where.environment or "none is named in the configuration"),
            ("directory", f"a new, empty one in {self.where.directory}"),
            ("variables", told or "none"),
            ("stopped after", f"{limit // 60} min" if limit % 60 == 0 else f"{limit} s"),
        ]
        if self.risks:
            rows.append(("RISKY", "; ".join(self.risks)))
        return rows

    def run(self, typed: str = "", seen: str = "") -> c.RunStep:
        """Return the wish to run it; `seen` is the entry of the last run that the person knows of."""
        return c.RunStep(
            path=self.document.runbook.name,
            digest=self.document.digest,
            step=self.step.id,
            text=self.step.text,
            role=self.role,
            language=self.fence.language,
            code=self.fence.code,
            variables=self.variables,
            host=self.where.host,
            directory=str(self.where.directory),
            environment=self.where.environment,
            target=self.target,
            timeout=self.where.config.timeout,
            risks=self.risks,
            said=self.said,
            typed=typed,
            seen=seen,
        )

    def approve(self) -> c.ApproveRun:
        """Return the wish to let somebody else run it."""
        return c.ApproveRun(
            path=self.document.runbook.name,
            digest=self.document.digest,
            step=self.step.id,
            text=self.step.text,
            language=self.fence.language,
            code=self.fence.code,
            target=self.target,
            variables=self.variables,
        )


def plan(
    document: Document, step: Step, fence: Fence, where: Where, values: Mapping[str, str], dry: bool = False
) -> Plan:
    """Return how `fence` would run with `values` (see variables.py); `dry`: with the variable that only tries it."""
    handed, withheld = sorted_out(values)
    used = {name: handed[name] for name in named_in(fence.code, handed)}
    other = named_in(fence.code, withheld)
    if dry and document.dry_run:
        used[document.dry_run] = "1"
    said = (*document.risk, *fence.words)
    target = handed.get("SERVICE") or where.environment or where.host
    return Plan(
        document=document,
        step=step,
        fence=fence,
        role=RunRole.DRY_RUN if dry and document.dry_run else fence.role,
        where=where,
        variables=used,
        other=other,
        said=said,
        risks=risks(fence.code, where.patterns, said),
        target=clean(target, 120),
        trouble=_trouble(document, fence, where, values, other),
    )


def _trouble(document: Document, fence: Fence, where: Where, values: Mapping[str, str], other: tuple[str, ...]) -> str:
    if not where.config.allow:
        return OFF
    if where.trouble or fence.trouble:
        return where.trouble or fence.trouble
    if fence.language not in where.config.allow:
        return f"{fence.language} is not in runbooks.run.allow"
    if document.runbook.source not in where.sources or document.fetched_at is not None:
        return "only runbooks of the configured folders are run, nothing that was fetched"
    return _missing(fence, values, other)


def _missing(fence: Fence, values: Mapping[str, str], other: tuple[str, ...]) -> str:
    """Return which variables a person has to give by hand, "" where none."""
    if other:
        shown = ", ".join(f"{name} is {clean(values[name], 60)!r}" for name in other)
        return f"{shown}: no plain word, so it is not handed on; {BY_HAND}"
    if missing := without_value(fence.code, sorted_out(values)[0]) if fence.language != "python" else ():
        return f"{', '.join(missing)} {'have' if len(missing) > 1 else 'has'} no value here; {BY_HAND}"
    return ""


def values_of(state: State, page: Mapping[str, str], environment: str) -> dict[str, str]:
    """Return the variables that an incident and the labels of a chosen page give, the page's before the incident's."""
    service = state.services[0] if len(state.services) == 1 else ""
    own = {
        "SERVICE": service,
        "ENVIRONMENT": environment,
        "INCIDENT": short(state.incident),
        "SEVERITY": str(state.severity),
    }
    return own | {name.upper(): value for name, value in page.items() if value}
