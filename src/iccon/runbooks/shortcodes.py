"""Hugo's shortcodes as the Markdown that says the same. Pure; never raises; every line stays where it is.

`{{< hint danger >}}` reads **danger:**, its closing part goes; `ref` and `figure` become what they stand for; of any
other its name and arguments are shown. Code stays as it is: fences, and what stands between backticks.
"""

import re

from iccon.runbooks.sections import open_lines

_CODE = re.compile(r"`[^`]*+`|\{\{[<%]\s*+(?:(/)\s*+)?([\w./-]++)([^{}]*)[%>]\}\}")  # linear, whatever it is given
_CLOSING = re.compile(r"\{\{[<%]\s*/\s*([\w./-]+)\s*[%>]\}\}")
_ARGUMENT = re.compile(r"(?:([\w-]+)=)?(?:\"([^\"]*)\"|`([^`]*)`|(\S+))")
_LINKS = ("ref", "relref")
_PICTURES = ("figure", "img", "image")
_NOTICES = ("hint", "alert", "notice", "admonition", "callout", "blockquote")


def written_out(text: str) -> str:
    """Return Markdown `text` with its shortcodes written out."""
    if "{{<" not in text and "{{%" not in text:
        return text
    closed = frozenset(_CLOSING.findall(text))
    lines = text.split("\n")
    for number, line in open_lines(lines):
        if "{{<" in line or "{{%" in line:
            lines[number] = _CODE.sub(lambda match: _said(match, closed), line)
    return "\n".join(lines)


def _said(match: re.Match[str], closed: frozenset[str]) -> str:
    closing, name, rest = match[1], match[2], match[3]
    if name is None:
        return match[0]  # code between backticks
    if closing:
        return ""
    found = [(pair[0], pair[1] or pair[2] or pair[3]) for pair in _ARGUMENT.findall(rest.strip(" /"))]
    named, plain = {key: value for key, value in found if key}, [value for key, value in found if not key]
    if name in _LINKS:
        return _address(plain[0] if plain else named.get("path", ""))
    if name in _PICTURES and named.get("src"):
        return f"![{named.get('alt') or named.get('caption') or named.get('title') or ''}]({_address(named['src'])})"
    words = " ".join((*plain, *(named[key] for key in ("type", "color", "title", "name") if key in named)))
    if name in closed or name in _NOTICES:
        return f"**{(words if name in _NOTICES else '') or f'{name} {words}'.strip()}:** "
    in_address = match.string[: match.start()].endswith("](")
    return ":".join((name, *plain)).replace(" ", "%20") if in_address else f"({f'{name} {words}'.strip()})"


def _address(path: str) -> str:
    return path.strip().replace(" ", "%20")
