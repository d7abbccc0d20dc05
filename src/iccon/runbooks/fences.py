"""The commands of a step: its code fences, what language each is in, and what each is for. Pure; never raises.

A fence says what it is for by a word after its language (```` ```bash verify ````), or by the words right before it:
a line that begins with `Verify:`, `Rollback:` or `Dry run:`. A fence that is a step by itself has those that follow it
with such a word as its own. Text after `Verify:` or `Rollback:` without a fence is guidance, to read. Of a fence that
shows a session what stands behind `$ ` is the command, and what programs printed is not.
"""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from iccon.incident.runs import RunRole
from iccon.runbooks.markdown import PARSE_LIMIT, parse
from iccon.runbooks.model import Document
from iccon.runbooks.sections import Section, sections
from iccon.runbooks.steps import Step, is_task
from iccon.text import CUT, clean

if TYPE_CHECKING:
    from markdown_it.token import Token

LANGUAGES = {
    "bash": "bash",
    "sh": "sh",
    "shell": "sh",
    "python": "python",
    "python3": "python",
    "py": "python",
}
LONGEST = 60_000  # characters of a command; a longer one is a program, and belongs into a file

_ROLES = {
    "dry-run": RunRole.DRY_RUN,
    "dryrun": RunRole.DRY_RUN,
    "verify": RunRole.VERIFY,
    "verification": RunRole.VERIFY,
    "rollback": RunRole.ROLLBACK,
}
_LEADS = (
    (re.compile(r"(?i)\W*dry[ -]run\b[^:\n]{0,40}:"), RunRole.DRY_RUN),
    (re.compile(r"(?i)\W*(?:verify|verification|to verify)\b[^:\n]{0,40}:"), RunRole.VERIFY),
    (re.compile(r"(?i)\W*(?:roll[ -]?back|to roll back|undo)\b[^:\n]{0,40}:"), RunRole.ROLLBACK),
)
_PROMPT = re.compile(r"\s*\$ ")
_WORDS = re.compile(r"[\s{},.=:]+")


class Fence(Struct, frozen=True):
    """One command: its text as it stands in the fence, the interpreter that takes it ("" none), what it is for.

    `words` are those after the language; `line` is where it begins in the document's text, from 0.
    """

    language: str
    code: str
    role: RunRole
    words: tuple[str, ...] = ()
    line: int = 0

    @property
    def trouble(self) -> str:
        """Why it is not run, whatever is allowed; "" where nothing is in the way."""
        if not self.code.strip():
            return "it has no command"
        if not self.language:
            return "its fence names no language that is run: bash, sh or python"
        if self.language != "python" and _PROMPT.match(self.code):
            return "it shows a session in which commands cannot be told from what they printed"
        if len(self.code) > LONGEST or CUT.strip() in self.code or "… (line cut)" in self.code:
            return f"it is longer than {LONGEST:,} characters"
        if any("␀" <= char <= "␡" or char == "\ufffd" for char in self.code):
            return "it holds characters that a terminal would obey"
        return ""


class Commands(Struct, frozen=True):
    """The commands of a step in their order, and what it says on verifying and rolling back where no fence does."""

    fences: tuple[Fence, ...] = ()
    verify: str = ""
    rollback: str = ""


NONE = Commands()


def commands(document: Document, step: Step) -> Commands:
    """Return the commands of `step`. Parses the section it stands in: of a long one this is work for a thread."""
    section = next((s for s in reversed(sections(document)) if s.line <= step.line), None)
    if section is None or len(section.text) > PARSE_LIMIT:
        return NONE
    try:
        return _found(section, step)
    except Exception:  # a fault of the parser: the viewer shows the section as it is written
        return NONE


def _found(section: Section, step: Step) -> Commands:
    tokens, at = parse(section), step.line - section.line
    if step.code:
        return _by_itself(tokens, at, section.line)
    start = next((n for n, t in enumerate(tokens) if t.type == "list_item_open" and (t.map or [-1])[0] == at), None)
    return NONE if start is None else _gathered(_inside(tokens, start), section.line)


def _inside(tokens: list["Token"], start: int) -> list["Token"]:
    """Return what belongs to the item that opens at `start`: not what other steps inside of it say."""
    found: list[Token] = []
    numbered: list[bool] = []
    other = 0  # how deep inside of another step
    for n in range(start + 1, len(tokens)):
        token = tokens[n]
        if token.type == "list_item_close" and token.level == tokens[start].level:
            break
        if token.type in ("ordered_list_open", "bullet_list_open"):
            numbered.append(token.type[0] == "o")
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            numbered.pop()
        elif token.type == "list_item_open":
            other += other > 0 or numbered[-1] or is_task(tokens, n)
        elif token.type == "list_item_close":
            other -= other > 0
        elif not other:
            found.append(token)
    return found


def _by_itself(tokens: list["Token"], at: int, line: int) -> Commands:
    """Return a fence that is a step, and those after it in its section that are for it."""
    start = next((n for n, t in enumerate(tokens) if t.type == "fence" and (t.map or [-1])[0] == at), None)
    if start is None:
        return NONE
    whole = _gathered(tokens[start:], line)
    own = whole.fences[:1]
    for fence in whole.fences[1:]:
        if fence.role is RunRole.COMMAND:
            break
        own += (fence,)
    return Commands(own) if len(own) < len(whole.fences) else whole


def _gathered(tokens: list["Token"], line: int) -> Commands:
    fences: list[Fence] = []
    said: dict[RunRole, str] = {}
    lead = ""
    for token in tokens:
        if token.type == "inline":
            lead = token.content
            if role := _lead(lead):
                said.setdefault(role, clean(lead, 300))
        elif token.type == "fence":
            fence = _fence(token, lead, line)
            said.pop(fence.role, None)
            fences.append(fence)
            lead = ""
    return Commands(tuple(fences), said.get(RunRole.VERIFY, ""), said.get(RunRole.ROLLBACK, ""))


def _fence(token: "Token", lead: str, line: int) -> Fence:
    language, *words = [word for word in _WORDS.split(clean(token.info, 200).lower()) if word] or [""]
    named = next((_ROLES[word] for word in words if word in _ROLES), None)
    role = named or _lead(lead) or RunRole.COMMAND
    begins = line + (token.map or [0])[0]
    return Fence(LANGUAGES.get(language, ""), _typed(token.content), role, tuple(words), begins)


def _typed(code: str) -> str:
    """Return what was typed in the session that a fence shows, line by line; a fence without prompts as it stands.

    A line that ends in a backslash goes on in the next. Where a here-document or a second prompt makes it doubtful what
    was typed, the fence stays as it is, and is not run.
    """
    if not _PROMPT.match(code):
        return code
    typed: list[str] = []
    for line in code.splitlines():
        goes_on = bool(typed) and typed[-1].endswith("\\")
        if goes_on or _PROMPT.match(line):
            typed.append(line.strip() if goes_on else _PROMPT.sub("", line, count=1).rstrip())
            if "<<" in line or (goes_on and line.lstrip().startswith((">", "$ "))):
                return code
    return "\n".join(typed) + "\n"


def _lead(text: str) -> RunRole | None:
    last = text.strip().split("\n")[-1]
    return next((role for pattern, role in _LEADS if pattern.match(last)), None)
