"""Runbook drafts as files for their owner only: made from the record, so that one that is lost is made again."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePosixPath

from msgspec import Struct

from iccon.files import write_owner_only
from iccon.incident.bookdrafts import BookDraft
from iccon.incident.commands import AddToDraft
from iccon.incident.entries import Entry, StepRun
from iccon.incident.ids import short
from iccon.incident.state import State
from iccon.incident.timeline import Item
from iccon.runbooks.folder import FolderSource
from iccon.runbooks.library import Library
from iccon.runbooks.model import Document, RunbookFault
from iccon.runbooks.patches import patch
from iccon.text import clean, clean_block

_UNFIT = re.compile(r"[^\w.-]+")


class Source(Struct, frozen=True):
    """What a proposal is made from: words to begin with, code that goes with them, the entry they come from."""

    words: str = ""
    code: str = ""
    entry: str = ""


def source_of(item: Item, entry: Entry) -> Source:
    """Return what an entry of the timeline gives: a command as it was run, of others their text."""
    if isinstance(entry.body, StepRun):
        return Source(code=fenced(entry.body.code, entry.body.language), entry=item.id)
    return Source(words=item.own or item.text, entry=item.id)


def fenced(code: str, language: str) -> str:
    """Return code between marks that are longer than any in it."""
    marks = "`" * max(3, *(len(found) + 1 for found in ("", *re.findall("`+", code))))
    return f"{marks}{language}\n{code.rstrip()}\n{marks}"


def written(words: str, code: str) -> str:
    """Return what is proposed: words, and code below them; words that begin with `$ ` are a command."""
    words = clean_block(words).strip()
    said = fenced(words[2:], "sh") if words.startswith("$ ") else words
    return "\n\n".join(filter(None, (said, code)))


class Base(Struct, frozen=True):
    """The file that proposals are for: its content, and its path as a patch names it."""

    content: bytes
    place: str
    sha256: str  # of what the runbook was read from


def base_of(library: Library, document: Document) -> Base:
    """Return the file of a runbook; a page that is no file is taken as the Markdown it is shown as. Blocking.

    Raises RunbookFault.
    """
    book = document.runbook
    source = next((each for each in library.sources if each.name == book.source), None)
    if not isinstance(source, FolderSource):
        name = _UNFIT.sub("-", clean(book.title, 80)).strip("-.") or "runbook"
        return Base(document.text.encode("utf-8", "replace"), f"{name}.md", document.digest)
    content = source.read(book.path).content
    if b"\0" in content:
        raise RunbookFault("it is no UTF-8 text, and no patch of it can be read: write a note instead")
    return Base(content, _in_checkout(source.folder, book.path), hashlib.sha256(content).hexdigest())


def _in_checkout(folder: Path, path: str) -> str:
    """Return a path as it is from the top of the git checkout, else from the runbook folder."""
    top = folder.resolve()
    checkout = next((each for each in (top, *top.parents) if (each / ".git").exists()), top)
    return (PurePosixPath(top.relative_to(checkout).as_posix()) / path).as_posix()


def text_of(state: State, name: str, base: bytes, stamp: Callable[[datetime], str]) -> bytes:
    """Return the draft for the runbook `name` as a patch of the file `base`; `stamp` writes an instant."""
    draft = state.drafts[name]
    about = [
        clean(f"Draft for the runbook {draft.title}, from incident {short(state.incident)} ({state.title})", 300),
        f"For the file with SHA-256 {draft.sha256}",
        "At the top of its checkout: git apply THIS_FILE, or patch -p1 < THIS_FILE",
        *(clean(f"{stamp(p.at)} {p.person}{f', under {p.heading}' if p.heading else ''}", 300) for p in draft.pieces),
    ]
    return patch(base, draft.place, draft.pieces, about)


def command_of(document: Document, base: Base, number: int | None, text: str, target: str = "") -> AddToDraft:
    """Return the command that proposes `text` under heading `number` of the document; None is at the end."""
    found = [str(each.text) for each in document.headings]
    heading = "" if number is None else found[number]
    return AddToDraft(
        path=document.runbook.name,
        title=document.runbook.title,
        heading=heading,
        nth=found[: number or 0].count(heading),
        text=text,
        base=base.content,
        place=base.place,
        target=target,
    )


def file_of(folder: Path, incident: str, name: str, draft: BookDraft) -> Path:
    """Return where the draft for the runbook `name` is, below the folder of drafts."""
    readable = _UNFIT.sub("-", PurePosixPath(draft.place).with_suffix("").as_posix()).strip("-.")[:60]
    return folder / incident / f"{readable or 'runbook'}-{hashlib.sha256(name.encode()).hexdigest()[:6]}.patch"


def write(path: Path, content: bytes) -> None:
    """Write a draft for its owner only; one that reads so already is left alone. Blocking. Raises OSError."""
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        write_owner_only(path, content)
