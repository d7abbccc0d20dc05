"""Text that an enemy, or a bad day, would send; and a server like Prometheus that sends it."""

import re
import time
from typing import Any

from iccon.drill.loopback import Answered, Asked, LoopbackServer, as_json
from ptyhelp import strange

DISK = "disk [/dev/sda1] is 95%"
CLICK = "[@click=app.quit]x[/]"
QUEUE = "queue depth[/] high"
# Each control sequence carries a word or a number of its own that may never come behind an escape byte.
HOSTILE: tuple[str, ...] = (
    DISK,
    CLICK,
    QUEUE,
    "\x1b]0;OWNED0\x07title",
    "\x1b]52;c;T1dORUQ=\x07clipboard",
    "\x1b[38;5;199mcolour\x1b[3;777H\x1b[2Jcleared",
    "\x9b38;5;198mC1\x9d0;OWNED1\x9c",
    "NUL\x00BEL\x07backspace\x08\x7f",
    "bidi \u202egnp.exe\u202c \u2066isolated\u2069",
    "zero\u200bwidth\ufeff joined\u200dword",
    "line\nbreak\r\nand\ttab\u2028end",
    "wide 漢字かな 🚨👩\u200d👩\u200d👧 e" + "\u0301" * 40,
    "\x1bPOWNED2\x1b\\device \x1b_OWNED3\x1b\\ \x1bc reset",
)
HUGE = "\x1b]0;OWNED4\x07" + "M" * 1_000_000
SEEN_AS_WRITTEN = (DISK, CLICK, QUEUE)
_OBEYED = re.compile(rb"\x1b(?:\][^\x07\x1b]*|[P_^X][^\x1b]*)OWNED|\x1b\[38;5;19[89]m|\x1b\[3;777H|T1dORUQ=\x07|\x1bc")


def obeyed(raw: bytes) -> list[bytes]:
    """Return what of `raw` a terminal would have obeyed though iccon did not mean it."""
    return strange(raw) + _OBEYED.findall(raw)


class Metrics:
    """A Prometheus in form: hostile label values, and a hostile warning, error, body, and type, by the query's name."""

    def __init__(self, labels: tuple[str, ...] = HOSTILE) -> None:
        self.labels = labels
        self.server = LoopbackServer(self._answer, "hostile-metrics")

    @property
    def url(self) -> str:
        return self.server.url

    def __enter__(self) -> "Metrics":
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def _answer(self, asked: Asked) -> Answered:
        query = asked.field("query")
        if "broken" in query:
            return as_json(400, {"status": "error", "errorType": HOSTILE[4], "error": f"{HOSTILE[3]} {DISK} {CLICK}"})
        if "html" in query:
            return as_json(502, f"<html>{HOSTILE[3]}{HOSTILE[5]}</html>")
        kind = HOSTILE[3] if "type" in query else "matrix"
        answer = {"status": "success", "data": {"resultType": kind, "result": self._series()}}
        return as_json(200, {**answer, "warnings": list(HOSTILE), "infos": list(HOSTILE)})

    def _series(self) -> list[dict[str, Any]]:
        now = time.time()  # noqa: TID251  (a server has the machine's clock)
        return [
            {"metric": {"service": label, label: label}, "values": [[now - 30, "0.1"], [now, "0.2"]]}
            for label in self.labels
        ]
