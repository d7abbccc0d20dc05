"""What in a text looks like a secret, and the text without it. Pure.

Repetitions are bounded and begin at the start of a word: a text of 20,000 characters is checked while it is typed.
"""

import re

from msgspec import Struct

GONE = "[redacted]"


class SecretRule(Struct, frozen=True):
    """One form that secrets have. `stop` says that a find is hardly ever harmless."""

    pattern: re.Pattern[str]
    reason: str
    stop: bool = True


SECRETS = (
    SecretRule(re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"), "a private key"),
    SecretRule(re.compile(r"\b(?:A[KS]IA[0-9A-Z]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{16,})"), "looks like a key"),
    SecretRule(re.compile(r"\b(?:xox[abprs]-[\w-]{10,}|eyJ[\w-]{10,}\.[\w-]{10,})"), "looks like a token"),
    SecretRule(
        re.compile(
            r"(?i)\b(?:password|passwd|secret|token|api[_-]?key)\s{0,5}[=:]\s{0,5}(?=\S{0,60}[\d!@#$%^&*])[^\s,;]{4,}"
        ),
        "looks like a secret",
    ),
    SecretRule(re.compile(r"(?i)\b(?:bearer|basic)\s{1,5}(?=\S{0,60}\d)[\w.~+/=-]{16,}"), "looks like a credential"),
    SecretRule(re.compile(r"://[^\s/:@]{1,100}:[^\s/@]{1,100}@"), "a password in an address"),
    SecretRule(
        re.compile(r"\b(?=\w*[0-9])(?=\w*[A-Za-z])[0-9A-Za-z]{32,}\b"), "looks like a key or a hash", stop=False
    ),
)

_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)", re.S
)
# What programs print of settings: whatever follows such a name, more than a person would write into an update.
_NAMED = re.compile(
    r"(?i)\b([\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)"
    r"[\w.-]{0,20}[\"']?\s{0,5}[=:]\s{0,5})(\"[^\"\n]{1,4000}\"|'[^'\n]{1,4000}'|[^\s,;]{1,4000})"
)
_HEADER = re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\s{0,3}:\s{0,3})[^\n]{1,4000}")


def redact(text: str) -> str:
    """Return `text` with what looks like a secret taken out; a name before it stays, so that it can be read."""
    text = _KEY.sub(GONE, text)
    text = _HEADER.sub(rf"\1\2{GONE}", text)
    text = _NAMED.sub(rf"\1{GONE}", text)
    for rule in SECRETS:
        text = rule.pattern.sub(GONE, text)
    return text
