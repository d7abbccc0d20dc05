"""Reading the JSON of others, whatever state it is in: every helper gives a plain value, none raises on content."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from iccon.faults import SourceFault
from iccon.net import decode_json
from iccon.text import CleanText, clean

NO_TITLE = CleanText("(no title)")
_URL = re.compile(r"https?://[^\s\x00-\x20]+", re.IGNORECASE)
_URL_LIMIT = 2_000


def decode(response: Any) -> Any:
    """Return the JSON of a response. Raises SourceFault BAD_ANSWER.

    One wrong byte, a raw control character or half a surrogate pair in one title must not hide the other
    pages, so that text which is strictly no JSON is read again with tolerance.
    """
    try:
        return decode_json(response)
    except SourceFault as fault:
        try:
            return json.loads(response.content.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError):
            raise fault from None


def decode_list(response: Any, give_way: Callable[[], object]) -> Any:
    """Return the JSON of a response as `decode` does; where it is a list, calls `give_way` between its items."""
    try:
        items = []
        for raw in msgspec.json.decode(response.content, type=list[msgspec.Raw]):
            give_way()
            items.append(msgspec.json.decode(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
        return decode(response)
    return items


def record(value: Any) -> dict[str, Any]:
    """Return `value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list; anything else is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> CleanText:
    """Return a clean line; the empty text for what is neither text nor a number."""
    return clean(value) if isinstance(value, str | int | float) and value is not True else CleanText("")


def first(*values: Any) -> CleanText:
    """Return the first of `values` that has something to read."""
    return next((found for found in map(text, values) if found), CleanText(""))


def link(value: Any) -> CleanText:
    """Return `value` where it is a whole http or https address, else the empty text."""
    if not isinstance(value, str) or len(value) > _URL_LIMIT:
        return CleanText("")
    found = _URL.fullmatch(value.strip())
    return clean(found.group(), _URL_LIMIT) if found else CleanText("")


def instant(value: Any) -> datetime | None:
    """Return an ISO 8601 time as an aware UTC instant, None for anything else. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
