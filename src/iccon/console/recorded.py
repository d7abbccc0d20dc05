"""What the flight recorder kept of an incident, as a board."""

import math

from msgspec.structs import replace

from iccon.background import in_thread
from iccon.deskthread import DeskThread
from iccon.journal.faults import JournalFault
from iccon.journal.flight import chunk_of
from iccon.signals.board import judge
from iccon.signals.flight import windows_of
from iccon.signals.model import Board


async def recorded(desk: DeskThread, incident: str, signal: str | None = None, span: float = math.inf) -> Board | None:
    """Return the newest `span` seconds recorded of a signal (None: of all) as a board judged at its own end.

    None where nothing was recorded, or where it cannot be read: it stands in for what is missing.
    """
    try:
        rows = await desk.call(lambda d: d.journal.flight(incident, signal, span))
        windows = await in_thread(lambda: windows_of(map(chunk_of, rows), span), "recorded samples", 30)
    except (JournalFault, ValueError, TimeoutError):
        return None
    return replace(judge(windows, windows.until), warnings=()) if windows else None
