"""Which commit a file of a git checkout is, read from `.git` alone: no program is run, no hook, no filter.

Objects are read loose or from packs (https://git-scm.com/docs/gitformat-pack). What cannot be read so makes the state
of the file unknown, never a guess.
"""

import hashlib
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from iccon.text import CleanText, clean

OBJECT_LIMIT = 10_000_000  # bytes of a commit or folder
CHAIN = 60  # deltas on one object, links from one ref to another
_KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
_OFFSET_DELTA, _NAME_DELTA = 6, 7


class _Unreadable(Exception):
    pass


def revision(file: Path, content: bytes) -> CleanText:
    """Return "commit 1a2b3c4d5e6f" for a file whose bytes are `content`, and what differs; "" outside of a checkout.

    `file` is its real path. Blocking; never raises.
    """
    top = next((folder for folder in file.parents if os.path.lexists(folder / ".git")), None)
    if top is None:
        return CleanText("")
    try:
        git = _Git(top)
        commit = git.head()
    except (OSError, ValueError, _Unreadable):
        return CleanText("a git checkout whose commit cannot be read")
    if not commit:
        return CleanText("a git checkout without a commit")
    return clean(f"commit {commit[:12]}{_differs(git, commit, file.relative_to(top), content)}")


def _differs(git: "_Git", commit: str, path: Path, content: bytes) -> str:
    try:
        name = git.blob(commit, path.parts)
    except (OSError, ValueError, IndexError, struct.error, zlib.error, _Unreadable):
        return ", whether the file is as committed cannot be read"
    if name is None:
        return ", which does not have this file"
    forms = (content, content.replace(b"\r\n", b"\n"))  # git may check lines out with another ending
    return "" if name in {git.name_of(b"blob", form) for form in forms} else ", changed since"


class _Git:
    """The repository of the checkout at `top`."""

    def __init__(self, top: Path) -> None:
        own = top / ".git"
        if own.is_file():  # a linked work tree, or a submodule
            own = top / _line(own).removeprefix("gitdir:").strip()
        self.own = own
        self.common = own / _line(own / "commondir") if (own / "commondir").is_file() else own
        self.stores = [self.common / "objects"]
        with suppress(OSError):
            lines = _small(self.stores[0] / "info/alternates").decode("utf-8", "replace").splitlines()
            self.stores += [self.stores[0] / line for line in lines[:10] if line]

    def head(self) -> str:
        """Return the name of the commit that is checked out, "" before the first."""
        text = _line(self.own / "HEAD")
        for _ in range(CHAIN):
            if not text.startswith("ref:"):
                if len(text) not in (40, 64):
                    raise _Unreadable
                int(text, 16)
                return text
            text = self._ref(text.removeprefix("ref:").strip())
            if not text:
                return ""
        raise _Unreadable

    def _ref(self, name: str) -> str:
        if ".." in name or name.startswith("/"):
            raise _Unreadable
        if (self.common / "reftable").is_dir():
            raise _Unreadable  # another format of refs
        for folder in (self.own, self.common):
            with suppress(FileNotFoundError, NotADirectoryError):
                return _line(folder / name)
        with suppress(FileNotFoundError):
            for line in _small(self.common / "packed-refs", OBJECT_LIMIT).decode("utf-8", "replace").splitlines():
                if line.endswith(f" {name}"):
                    return line.partition(" ")[0]
        return ""

    def blob(self, commit: str, parts: tuple[str, ...]) -> str | None:
        """Return the name of the content that `commit` has at a path, None where it has none."""
        kind, raw = self._object(commit)
        if kind != b"commit" or not raw.startswith(b"tree "):
            raise _Unreadable
        name = raw[5 : raw.index(b"\n")].decode()
        for part in parts:
            kind, raw = self._object(name)
            found = dict(_entries(raw, len(commit) // 2)).get(os.fsencode(part)) if kind == b"tree" else None
            if found is None:
                return None
            name = found
        return name

    def name_of(self, kind: bytes, content: bytes) -> str:
        """Return the name that git gives a content."""
        algorithm = hashlib.sha256 if len(self.head()) == 64 else hashlib.sha1
        return algorithm(b"%s %d\0%s" % (kind, len(content), content), usedforsecurity=False).hexdigest()

    def _object(self, name: str) -> tuple[bytes, bytes]:
        for store in self.stores:
            with suppress(FileNotFoundError):
                return _loose(_small(store / name[:2] / name[2:], OBJECT_LIMIT))
        for store in self.stores:
            for index in sorted((store / "pack").glob("*.idx")):
                at = _offset(index, bytes.fromhex(name))
                if at is not None:
                    return self._packed(index.with_suffix(".pack"), at, CHAIN)
        raise _Unreadable

    def _packed(self, pack: Path, at: int, left: int) -> tuple[bytes, bytes]:
        if not left:
            raise _Unreadable
        with _opened(pack) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            kind, begin = _header(data, at)
            if kind in _KINDS:
                return _KINDS[kind], _inflated(data, begin)
            if kind == _OFFSET_DELTA:
                back, begin = _distance(data, begin)
                base = self._packed(pack, at - back, left - 1)
            elif kind == _NAME_DELTA:
                size = len(self.head()) // 2
                base = self._object(data[begin : begin + size].hex())
                begin += size
            else:
                raise _Unreadable
            return base[0], _patched(base[1], _inflated(data, begin))


def _opened(file: Path) -> BinaryIO:
    """Open a file; a pipe that stands in its place is not waited for."""
    return os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _small(file: Path, limit: int = 65_536) -> bytes:
    with _opened(file) as opened:
        raw = opened.read(limit + 1)
    if len(raw) > limit:
        raise _Unreadable
    return raw


def _line(file: Path) -> str:
    return _small(file).decode("utf-8", "replace").strip()


def _loose(raw: bytes) -> tuple[bytes, bytes]:
    content = _inflated(raw, 0)
    head, _, body = content.partition(b"\0")
    return head.partition(b" ")[0], body


def _inflated(data: "bytes | mmap.mmap", begin: int) -> bytes:
    stream = zlib.decompressobj()
    content = stream.decompress(data[begin : begin + OBJECT_LIMIT], OBJECT_LIMIT)
    if not stream.eof:
        raise _Unreadable
    return content


def _entries(tree: bytes, size: int) -> Iterator[tuple[bytes, str]]:
    at = 0
    while at < len(tree):
        name = tree.index(b" ", at) + 1
        end = tree.index(b"\0", name)
        yield tree[name:end], tree[end + 1 : end + 1 + size].hex()
        at = end + 1 + size


def _offset(index: Path, name: bytes) -> int | None:
    """Return where the pack beside `index` (version 2) has the object, None where it has not."""
    with _opened(index) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:8] != b"\xfftOc\0\0\0\2":
            raise _Unreadable
        fan = struct.unpack_from(">256I", data, 8)
        low, high, names, size = fan[name[0] - 1] if name[0] else 0, fan[name[0]], 8 + 1024, len(name)
        while low < high:
            middle = (low + high) // 2
            found = data[names + middle * size : names + (middle + 1) * size]
            if found == name:
                return _place(data, names + fan[255] * (size + 4), middle, fan[255])
            low, high = (middle + 1, high) if found < name else (low, middle)
        return None


def _place(data: mmap.mmap, offsets: int, at: int, count: int) -> int:
    (place,) = struct.unpack_from(">I", data, offsets + at * 4)
    if place & 0x80000000:  # a pack of more than 2 GB
        (place,) = struct.unpack_from(">Q", data, offsets + count * 4 + (place & 0x7FFFFFFF) * 8)
    return int(place)


def _header(data: mmap.mmap, at: int) -> tuple[int, int]:
    """Return the type of a packed object, and where its bytes begin."""
    kind = (data[at] >> 4) & 7
    while data[at] & 0x80:
        at += 1
    return kind, at + 1


def _distance(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1


def _patched(base: bytes, delta: bytes) -> bytes:
    """Apply a delta: pieces of the base, and new bytes."""
    _, at = _number(delta, 0)
    size, at = _number(delta, at)
    made = bytearray()
    while at < len(delta):
        code = delta[at]
        at += 1
        if code & 0x80:
            values = []
            for bit in range(7):
                values.append(delta[at] if code >> bit & 1 else 0)
                at += code >> bit & 1
            start = int.from_bytes(bytes(values[:4]), "little")
            count = int.from_bytes(bytes(values[4:]), "little") or 0x10000
            made += base[start : start + count]
        else:
            made += delta[at : at + code]
            at += code
        if len(made) > OBJECT_LIMIT or not code:
            raise _Unreadable
    if len(made) != size:
        raise _Unreadable
    return bytes(made)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if not byte & 0x80:
            return value, at
