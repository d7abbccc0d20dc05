"""What a configuration may say on running commands of runbooks, and the file that says what is risky."""

import re
from typing import Annotated

from msgspec import Meta, Struct

RunLanguage = Annotated[str, Meta(extra_json_schema={"enum": ["bash", "sh", "python"]})]
EnvironmentName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="a variable's name")]


class Run(Struct, frozen=True):
    """Running commands of runbooks: nothing is run unless its language is in `allow`.

    `timeout` is in seconds, `memory` in MiB a process and `processes` those of the whole account (0: no limit).
    `keep_env` are variables of the console's own environment that commands get, beside PATH and LANG. With
    `second_person` somebody else approves a risky command first.
    """

    allow: tuple[RunLanguage, ...] = ()
    timeout: Annotated[int, Meta(ge=1, le=14_400)] = 300
    keep_env: tuple[EnvironmentName, ...] = ()
    second_person: bool = False
    memory: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    processes: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class RiskPattern(Struct, frozen=True):
    """What a dangerous command says, as a regular expression, and why it is dangerous. An empty pattern is none."""

    pattern: str
    reason: str = ""

    @property
    def compiled(self) -> re.Pattern[str] | None:
        """The pattern, as it is looked for, None for none. Raises re.error."""
        return re.compile(self.pattern, re.IGNORECASE | re.MULTILINE) if self.pattern else None
