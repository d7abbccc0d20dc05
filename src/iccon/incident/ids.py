"""UUIDv7: ids whose text order is their time order (RFC 9562, section 5.7)."""

from datetime import UTC, datetime

SHORT = 6  # characters of a short id as people type it


def uuid7(milliseconds: int, entropy: bytes) -> str:
    """Return the UUIDv7 of `milliseconds` since 1970 UTC and ten bytes of `entropy`, in lower case with hyphens."""
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(entropy[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def milliseconds_of(ident: str) -> int:
    """Return the milliseconds since 1970 UTC that a UUIDv7 carries; raise ValueError for anything else."""
    return int(ident[:8] + ident[9:13], 16)


def instant_of(ident: str) -> datetime:
    """Return the instant a UUIDv7 carries, UTC."""
    return datetime.fromtimestamp(milliseconds_of(ident) / 1000, UTC)


def after(ident: str, entropy: bytes, milliseconds: int) -> str:
    """Return a UUIDv7 for `milliseconds` that sorts after `ident` ("" for none), one millisecond later if it must."""
    if ident:
        milliseconds = max(milliseconds, milliseconds_of(ident) + 1)
    return uuid7(milliseconds, entropy)


def short(ident: str) -> str:
    """Return the last six characters: the short id shown to people."""
    return ident[-SHORT:]
