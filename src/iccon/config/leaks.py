"""The file of rules for what a status update must not say: the shipped one with the user's `check.toml` over it."""

import re
from functools import cached_property

from msgspec import Struct

from iccon import resources
from iccon.config.rulefiles import rules
from iccon.config.schema import Folders, Problem


class LeakRule(Struct, frozen=True, dict=True):
    """What an update must not say: `pattern`, a regular expression, or whole `words` in any case; with neither, none.

    `code` is the kind of finding, `stop`: it is hardly ever meant, `outside`: only texts for outsiders are searched.
    """

    code: str
    reason: str
    pattern: str = ""
    words: tuple[str, ...] = ()
    stop: bool = True
    outside: bool = False

    @cached_property
    def compiled(self) -> re.Pattern[str] | None:
        """What is looked for, None for nothing. Raises re.error."""
        words = sorted(filter(None, map(str.strip, self.words)), key=len, reverse=True)
        parts = [self.pattern] if self.pattern else []
        parts += [f"(?i:(?<!\\w)(?:{'|'.join(map(re.escape, words))})(?!\\w))"] if words else []
        return re.compile("|".join(parts)) if parts else None


def leak_rules(folders: Folders) -> tuple[dict[str, LeakRule], list[Problem]]:
    """Return the rules by name, the user's in place of shipped ones, and every problem. Reads files."""
    return rules(LeakRule, resources.leaks_file(), folders.leaks)
