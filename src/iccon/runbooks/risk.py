"""How dangerous a command is, by what it says. Pure.

Three voices can only raise the risk: the floor below, which no file changes; the patterns of `risks.toml`, the shipped
one and the user's; and the runbook itself, by its front matter or the words after the fence's language. None lowers it.
A command that hides what it does (quotes inside of words, variables for names) is looked at without its quotes too.
"""

import re
from collections.abc import Iterable

from iccon.config.execution import RiskPattern

RISKY_WORDS = frozenset({"risky", "high", "critical", "dangerous", "destructive", "danger", "severe"})
LIMIT = 8  # reasons that are given


_STARTS = r"(?:^|[;&|({`\n]|\$\(|\b(?:sudo|doas|env|exec|command|nohup|time|xargs|then|do|else)\s)\s*(?:\S*/)?"
_SHELL = r"(?:\S*/)?(?:(?:ba|z|k|da|fi|a)?sh|python[\d.]*|perl|ruby|node|php|eval)\b"

# Never without the typed confirmation, whatever a file says.
FLOOR = tuple(
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), reason)
    for pattern, reason in (
        (r"\brm\s+(?:[^\n;|&]{0,200}\s)?-{1,2}(?:[a-z]*[rf]|recursive|force)", "deletes files (rm -r, rm -f)"),
        (_STARTS + r"(?:rm|unlink|shred|wipefs|srm)\b", "deletes files"),
        (
            r"\b(?:sudo|doas|env|xargs|parallel|nice|timeout)\s[^\n;|&]{0,200}?(?:\s|/)(?:rm|unlink|shred|wipefs|srm)\b",
            "deletes files",
        ),
        (r"\bfind\b[^\n]{0,500}\s-(?:delete|exec(?:dir)?\s+(?:\S*/)?(?:rm|shred|unlink))\b", "deletes files (find)"),
        (r"\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:xargs\s+)?" + _SHELL, "runs what another command printed"),
        (
            r"(?:(?:^|[\s;&|])\.|\bsource|\b(?:ba|z|k|da)?sh)\s[^\n;|&]{0,200}<\(|\b(?:ba|z|k|da)?sh\b[^\n;|&]{0,200}<<<",
            "runs what another command printed",
        ),
        (r"\beval\b|\b(?:ba|z|k|da)?sh\s+(?:-\S+\s+)*-[a-z]*c\s*.{0,3}\$", "runs a text that is made at run time"),
        (r"\b(?:curl|wget|fetch)\b[^\n]{0,500}&&[^\n]{0,200}" + _SHELL, "runs what was just downloaded"),
        (r"\bchmod\s+\S*\+?x\S*[^\n]{0,200}(?:&&|;|\n)\s*\./", "runs what was just made"),
        (r"\bdd\b[^\n]{0,300}\bof=|\bmkfs|\bmke2fs|\bfdisk|\bparted\b|\bmkswap|\bblkdiscard", "overwrites a disk"),
        (r">\s*/dev/(?:sd|hd|vd|xvd|nvme|mapper|disk|mem|kmem)", "overwrites a disk"),
        (
            r"\b(?:drop|truncate)\s+(?:table|database|schema|index|view|user|role|tablespace|keyspace)",
            "drops data (SQL)",
        ),
        (r"\bdelete\s+from\b|\btruncate\b|\bflushall\b|\bflushdb\b|\bdropdatabase\b", "deletes data"),
        (r"\b(?:shutdown|reboot|halt|poweroff|kexec)\b|\b(?:telinit|init)\s+[06]\b", "stops the machine"),
        (r"\b(?:rmtree|os\.(?:remove|unlink|removedirs|rmdir))\b|\.unlink\(", "deletes files (Python)"),
        (
            r"\b(?:os\.(?:system|popen|exec\w*|spawn\w*)|subprocess|__import__|exec|system)\s*[.(]",
            "runs what its text alone does not show",
        ),
        (_STARTS + r"\$[\w{(@*'\"]", "a variable says which command runs"),
        (_STARTS + r"[\w./~-]*[?*][^\s=$)]*\s", "a file name pattern says which command runs"),
        (r"\b(?:perl|ruby|node|php|lua|tclsh)\s+(?:-\S+\s+)*-[a-z]*[erp]", "runs another language's text"),
        (r":\(\)\s*\{|\bkill(?:all)?\s+(?:-\S+\s+)*-1\b", "ends everything"),
        (r"\bbase64\s+(?:-d|-D|--decode)|\bxxd\s+-r", "decodes what it may then run"),
    )
)
_HIDING = re.compile(r"[\\'\"]")
_SPACE = re.compile(r"[^\S\n]+|\$\{?IFS\}?")


def risks(code: str, patterns: Iterable[RiskPattern] = (), said: Iterable[str] = ()) -> tuple[str, ...]:
    """Return why `code` is risky, at most 8 reasons; none: it is an ordinary command.

    `said` are the words of the runbook itself: of its front matter's `risk`, and after the fence's language.
    """
    # At the end of a comment a backslash does not join the next line, elsewhere it does.
    seen = (code, *(_SPACE.sub(" ", _HIDING.sub("", text)) for text in (code, code.replace("\\\n", ""))))
    found = [f"the runbook says {word}" for word in said if word.strip().lower() in RISKY_WORDS]
    found += [reason for pattern, reason in FLOOR if any(map(pattern.search, seen))]
    for each in patterns:
        if (pattern := each.compiled) and any(map(pattern.search, seen)):
            found.append(each.reason)
    return tuple(dict.fromkeys(found))[:LIMIT]
