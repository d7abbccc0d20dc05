"""Proposals for a runbook as a unified diff of its file, byte for byte: `git apply` and `patch` take it. Pure."""

import re
from collections.abc import Sequence

from iccon.incident.bookdrafts import Piece
from iccon.runbooks import frontmatter
from iccon.runbooks.sections import headings

AROUND = 3  # lines of the file shown before and after what is added
NO_NEWLINE = b"\\ No newline at end of file\n"
_QUOTED = re.compile(r'[\x00-\x1f\x7f"\\]')


def patch(base: bytes, place: str, pieces: Sequence[Piece], about: Sequence[str] = ()) -> bytes:
    """Return a patch that adds `pieces` to the file `base`, each at the end of what stands under its heading.

    `place` is the file's path as the patch names it. The lines of `about` stand above, where programs pass over them.
    What has no heading, or one that the file does not have, is added at its end.
    """
    lines = _lines(base)
    ending = b"\r\n" if base.count(b"\r\n") * 2 > len(lines) else b"\n"
    added: dict[int, list[bytes]] = {}
    for piece in pieces:
        at = _place_of(lines, piece)
        block = [line.encode("utf-8", "replace") + ending for line in piece.text.split("\n")]
        added.setdefault(at, []).extend([ending, *block] if added.get(at) or _text_at(lines, at - 1) else block)
    for at, block in added.items():
        if _text_at(lines, at):
            block.append(ending)
    head = [f"# {line}\n".encode("utf-8", "replace") for line in about]
    names = [f"--- {_name('a/' + place)}\n".encode(), f"+++ {_name('b/' + place)}\n".encode()]
    return b"".join((*head, *names, *_hunks(lines, added)))


def _lines(base: bytes) -> list[bytes]:
    parts = base.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]


def _text_at(lines: list[bytes], at: int) -> bool:
    return 0 <= at < len(lines) and bool(lines[at].strip())


def _place_of(lines: list[bytes], piece: Piece) -> int:
    """Return before which line a piece is added: behind the last words under its heading."""
    text = "".join(line.decode("utf-8", "replace").rstrip("\r\n") + "\n" for line in lines).removeprefix("\ufeff")
    header = frontmatter.parse(text).lines
    found = headings("\n" * header + text.split("\n", header)[header]) if header else headings(text)
    named = [number for number, heading in enumerate(found) if heading.text == piece.heading]
    begin, end = header, len(lines)
    if named:
        number = named[min(piece.nth, len(named) - 1)]
        begin = found[number].line + 1
        end = found[number + 1].line if number + 1 < len(found) else len(lines)
    while end > begin and not lines[end - 1].strip():
        end -= 1
    return end


def _hunks(lines: list[bytes], added: dict[int, list[bytes]]) -> list[bytes]:
    spans: list[list[int]] = []
    for at in sorted(added):
        first, last = max(at - AROUND, 0), min(at + AROUND, len(lines))
        if spans and first <= spans[-1][1]:
            spans[-1][1] = last
        else:
            spans.append([first, last])
    out: list[bytes] = []
    shift = 0
    for first, last in spans:
        body = _body(lines, added, first, last)
        more = sum(len(block) for at, block in added.items() if first <= at <= last)
        old, new = last - first, last - first + more
        out.append(f"@@ -{first + (old > 0)},{old} +{first + shift + (new > 0)},{new} @@\n".encode())
        out += body
        shift += more
    return out


def _body(lines: list[bytes], added: dict[int, list[bytes]], first: int, last: int) -> list[bytes]:
    """Return the lines of a hunk; a last line of the file without an end gets one where something follows it."""
    out: list[bytes] = []
    for at in range(first, last + 1):
        follows = at + 1 in added and at + 1 == len(lines)
        out += (b"+" + line for line in added.get(at, ()))
        if at == last:
            continue
        if lines[at].endswith(b"\n"):
            out.append(b" " + lines[at])
        elif follows:
            out += (b"-" + lines[at] + b"\n", NO_NEWLINE, b"+" + lines[at] + b"\n")
        else:
            out += (b" " + lines[at] + b"\n", NO_NEWLINE)
    return out


def _name(path: str) -> str:
    """Return a path as patches write it: quoted as in C where it must be; a tab ends one that has spaces."""
    if _QUOTED.search(path):
        body = "".join(_escaped(char) for char in path)
        return f'"{body}"'
    return f"{path}\t" if " " in path else path


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return f"\\{ord(char):03o}" if _QUOTED.match(char) else char
