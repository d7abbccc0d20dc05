"""The bytes of a runbook as clean text: encodings repaired, endless lines cut. Pure; never raises."""

import codecs

LINE_LIMIT = 20_000  # characters of one line


def decoded(raw: bytes) -> str:
    """Decode: UTF-8 (with or without its mark), UTF-16 with its mark; stray bytes are read as Windows-1252."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", "replace")
    else:
        text = raw.decode("utf-8-sig", _STRAY)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _stray(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_STRAY = "iccon-stray-bytes"
codecs.register_error(_STRAY, _stray)


def bounded(text: str) -> str:
    """Cut lines that no screen could show."""
    if len(text) <= LINE_LIMIT:
        return text
    return "\n".join(x if len(x) <= LINE_LIMIT else x[:LINE_LIMIT] + " … (line cut)" for x in text.split("\n"))
