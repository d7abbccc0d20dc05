"""What a text names, to be opened from it: a page, a service, evidence, a change. Pure.

page:Q1X2Y3    service:checkout    service:"check out"    evidence:4f2a91c0    change:deploy-4711

A link is words of the text: it is typed, corrected, struck, found and exported as they are.
"""

import re

from msgspec import Struct

KINDS = ("page", "service", "evidence", "change")
_NAME = r"[\w./@+#:-]"
_LINK = re.compile(
    rf'(?<![\w:])(?P<what>{"|".join(KINDS)}):(?:"(?P<quoted>[^"\n]{{1,200}})"|(?P<name>{_NAME}{{1,200}}))'
)
_PLAIN = re.compile(rf"{_NAME}*[\w/@+#-]")


class Link(Struct, frozen=True):
    """What is named: its kind, one of KINDS; and by what."""

    what: str
    name: str

    @property
    def words(self) -> str:
        """Return the link as it is typed."""
        return f"{self.what}:{self.name}" if _PLAIN.fullmatch(self.name) else f'{self.what}:"{self.name}"'


def links(text: str) -> tuple[Link, ...]:
    """Return what `text` names, each once, in order. A stop or a colon behind a name is none of it."""
    found = (Link(match["what"], match["quoted"] or match["name"].rstrip(".:")) for match in _LINK.finditer(text))
    return tuple(dict.fromkeys(link for link in found if link.name))
