"""One of four signals is answered in every wrong way: its cells say what is wrong, the other cells go on, keys work."""

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from rawserver import Answer, RawServer, closed_port, drip, flood, hang, http, json_answer, reset, serving
from running import Running, config_of, running, setting_in

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.config.setting import Setting
from iccon.console.screens.form import Form
from iccon.console.widgets.board import BoardView

SERVICES = ("checkout", "search")
GOOD = ("traffic", "errors", "saturation")
ESCAPE = "\x1b]0;OWNED\x07"  # sets a terminal's title, where it arrives
END = threading.Event()  # never set: what hangs is freed by its own limit, long after the test

Points = list[tuple[float, str]]


def now() -> float:
    return SystemClock().now().timestamp()


def matrix(points: Points, services: tuple[str, ...] = SERVICES, **more: Any) -> bytes:
    result = [{"metric": {"service": name}, "values": points} for name in services]
    envelope = {"status": "success", "data": {"resultType": "matrix", "result": result}, **more}
    return json_answer(json.dumps(envelope).encode())


def said(status: str, *headers: str, body: str = "") -> bytes:
    return http(body.encode(), status, *headers)


def ok(body: bytes | str) -> bytes:
    return json_answer(body.encode() if isinstance(body, str) else body)


def samples(*points: tuple[float, str]) -> Callable[[socket.socket], None]:
    """Answer with values whose times are seconds from now."""
    return lambda connection: connection.sendall(matrix([(now() + after, value) for after, value in points]))


def many(series: int) -> bytes:
    each = ",".join(f'{{"metric":{{"service":"s{i}"}},"values":[[1,"1"]]}}' for i in range(series))
    return ok(f'{{"status":"success","data":{{"resultType":"matrix","result":[{each}]}}}}')


def error(words: str) -> str:
    return json.dumps({"status": "error", "errorType": "execution", "error": words})


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
LIMITED = "429 Too Many Requests"
DEEP = '{"status":"success","data":{"resultType":"matrix","result":' + "[" * 100_000
BOMB = gzip.compress(b" " * 50_000_000)

WEB = http(b"<!DOCTYPE html><p>log in")
VECTOR = ok('{"status":"success","data":{"resultType":"vector","result":[]}}')
LATIN = ok('{"status": "é"}'.encode("latin-1"))
ELSEWHERE = said("302 Found", "Location: http://elsewhere.example/")
# What is answered; how the cell begins; what is said of it in full.
CASES: dict[str, tuple[Answer, str, str]] = {
    "one hundred thousand series": (
        many(100_000),
        "! too large: 100,000 serie",
        "let the query aggregate by (service)",
    ),
    "gzip bomb": (
        http(BOMB, "200 OK", "Content-Encoding: gzip"),
        "! too large: the answer",
        "is over 16 MB: ask for less",
    ),
    "endless body": (flood(HEAD, b" " * 65536, END), "! too large: the answer", "is over 16 MB: ask for less"),
    "one byte at a time": (drip(HEAD, b" ", END), "! timeout: no complete", "no complete answer within 0.3 s"),
    "no answer": (hang(END), "! timeout: no complete", "no complete answer within 0.3 s"),
    "web page": (WEB, "! bad answer: a web page", "a login page or a proxy? check the URL"),
    "nothing": (ok(""), "! bad answer: an empty", "an empty answer instead of JSON"),
    "cut off": (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "! bad answer: cut off", "cut off before its end"),
    "cut JSON": (ok('{"status": "succ'), "! bad answer: JSON cut", "JSON cut off after 16 bytes"),
    "deep JSON": (ok(DEEP), "! bad answer: JSON nested", "JSON nested too deeply"),
    "no JSON": (ok(f"hello {ESCAPE}"), "! bad answer: not JSON", "not JSON"),
    "another encoding": (LATIN, "! bad answer: JSON in an", "another encoding than UTF-8"),
    "broken gzip": (http(b"xx", "200 OK", "Content-Encoding: gzip"), "! bad answer: the compr", "compression"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "! bad answer: what answer", "what answers is not HTTP"),
    "vector": (VECTOR, "! bad answer: a vector", "a vector instead of a matrix"),
    "hostile type": (
        ok(json.dumps({"status": "success", "data": {"resultType": ESCAPE, "result": []}})),
        "! bad answer: a ␛]0;OWNED",
        "instead of a matrix",
    ),
    "no data at all": (ok('{"status":"success"}'), "! bad answer: an answer", "an answer without data"),
    "list": (ok("[1, 2]"), "! bad answer: JSON of", "JSON of another shape"),
    "words for values": (samples((0, "many")), "! bad answer: a sample", "a sample that is no number"),
    "failed query": (ok(error(f"query timed out {ESCAPE}")), "! rejected: the query", "query timed out ␛]0;OWNED"),
    "query refused": (said("400 Bad Request", body=error("parse error: x")), "! rejected: HTTP 400", "parse error: x"),
    "query unprocessable": (said("422 No", body=error("too many points")), "! rejected: HTTP 422", "too many points"),
    "unknown credential": (said("401 Unauthorized"), "! unauthorized: HTTP 401", "check the token or password"),
    "missing right": (said("403 Forbidden"), "! forbidden: HTTP 403", "check its rights"),
    "wrong path": (said("404 Not Found"), "! not found: HTTP 404", "check the URL"),
    "server error": (said("500 Oops", body=f"<html>{ESCAPE}"), "! server error: HTTP 500", "the server failed"),
    "overload": (said("503 Busy", "Retry-After: 9"), "! server error: HTTP 503", "it asks to wait 9 s"),
    "429": (said(LIMITED), "! rate limited: HTTP 429", "too many requests"),
    "429, seconds": (said(LIMITED, "Retry-After: 30"), "! rate limited: HTTP 429", "it asks to wait 30 s"),
    "429, date": (
        said(LIMITED, "Date: Tue, 24 Nov 2026 12:00:00 GMT", "Retry-After: Tue, 24 Nov 2026 12:01:30 GMT"),
        "! rate limited: HTTP 429",
        "it asks to wait 90 s",
    ),
    "429, reset": (said(LIMITED, "RateLimit-Reset: 7"), "! rate limited: HTTP 429", "it asks to wait 7 s"),
    "429, nonsense": (said(LIMITED, f"Retry-After: {ESCAPE}"), "! rate limited: HTTP 429", "too many requests"),
    "429, words": (said(LIMITED, body=error("tenant over its budget")), "! rate limited: HTTP 429", "over its budget"),
    "redirect": (ELSEWHERE, "! bad answer: HTTP 302", "redirected to elsewhere.example"),
    "redirect to itself": (said("307 Again", "Location: /"), "! bad answer: HTTP 307", "redirects are not followed"),
    "redirect nowhere": (
        said("301 Moved", f"Location: {ESCAPE}"),
        "! bad answer: HTTP 301",
        "redirects are not followed",
    ),
    "closed": (b"", "! refused: the connection", "closed before an answer came"),
    "reset": (reset, "! refused: the connection", "closed before an answer came"),
    "NaN": (samples((-1, "NaN"), (0, "NaN")), "? not a number", "not a number NaN"),
    "infinity": (samples((0, "+Inf")), "✗ bad  +Inf", "bad +Inf"),
    "minus infinity": (samples((0, "-Inf")), "? not a number", "not a number -Inf"),
    "empty matrix": (matrix([], ()), "∅ no data", "no data"),
    "empty series": (matrix([]), "∅ no data", "no data"),
    "one point": (samples((0, "0.25")), "✓ ok   250ms", "ok 250ms"),
    "unsorted": (samples((0, "0.25"), (-9, "7"), (-5, "8")), "✓ ok   250ms", "ok 250ms"),
    "old": (samples((-99, "0.25")), "◷ stale 250ms 1m old", "stale 250ms"),
    "partly future": (samples((0, "0.25"), (3600, "7")), "✓ ok   250ms", "samples lie in the future"),
    "all future": (samples((3500, "7"), (3600, "7")), "∅ no data", "samples lie in the future"),
    "warned": (matrix([], (), warnings=[f"partial {ESCAPE}"]), "∅ no data", "partial ␛]0;OWNED"),
}


def self_signed(folder: Path) -> ssl.SSLContext:
    file = folder / "server.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout {file} -out {file}"
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def world(folder: Path, good: str, bad: str, timeout: float = 0.3) -> Setting:
    signals: dict[str, Any] = {name: schema.Signal("up", "number", "good") for name in GOOD}
    signals["latency"] = schema.Signal("up", "seconds", "bad", bad=1.0)
    servers = {"good": schema.Prometheus(good, timeout=5.0), "bad": schema.Prometheus(bad, timeout=timeout)}
    board = schema.Signals(refresh=0.5, **signals)
    services = dict.fromkeys(SERVICES, schema.Service())
    return setting_in(folder, config_of(prometheus=servers, signals=board, services=services))


@contextlib.contextmanager
def counting() -> Iterator[RawServer]:
    """A server that is well; every answer has a higher value than the one before."""
    numbers = count(1)
    with serving(lambda connection: connection.sendall(matrix([(now(), str(next(numbers)))]))) as server:
        yield server


def cells(console: Running, service: str) -> list[str]:
    """Return what the screen shows of a service, by signal."""
    view = console.one(BoardView)
    header = view.line(0).text
    row = next(line for y in range(view.area.height) if service in (line := view.line(y).text)[1:12])
    starts = [header.index(name) for name in ("latency", *GOOD)]
    return [row[start:end].strip() for start, end in zip(starts, [*starts[1:], len(row)], strict=True)]


def last_values(console: Running) -> list[int]:
    """Return the newest numbers of the signals that are well, both services'."""
    texts = [cell for service in SERVICES for cell in cells(console, service)[1:]]
    return [int(text.split()[2]) if text.startswith("✓ ok") else 0 for text in texts]


async def shown_wrong(console: Running, cell: str, words: str) -> None:
    """The bad signal says what is wrong in each of its cells, and in full where the cursor is; the others go on."""
    board = console.one(BoardView)
    await console.until(lambda: board.board and min(last_values(console)) > 0)
    assert [cells(console, service)[0][: len(cell)] for service in SERVICES] == [cell, cell]
    first = last_values(console)
    board.focus()
    await console.press("down")
    assert words in "\n".join(board.line(y).text for y in range(board.area.height - 2, board.area.height))
    await console.press("ctrl+r")
    await console.until(lambda: all(new > old for new, old in zip(last_values(console), first, strict=True)))
    await console.press("d")
    await console.until_modal(Form)
    assert not [char for char in console.shown() if char < " " and char != "\n"]


@pytest.mark.parametrize("case", CASES)
async def test_one_bad_signal_of_four(case: str, tmp_path: Path) -> None:
    answer, cell, words = CASES[case]
    with counting() as good, serving(answer) as bad:
        async with running(world(tmp_path, good.url, bad.url), (240, 40)) as console:
            await shown_wrong(console, cell, words)


async def test_nobody_listens(tmp_path: Path) -> None:
    with counting() as good:
        async with running(world(tmp_path, good.url, f"http://127.0.0.1:{closed_port()}"), (240, 40)) as console:
            await shown_wrong(console, "! refused: nothing listens", "connection refused")


async def test_bad_tls(tmp_path: Path) -> None:
    """A certificate that nobody vouches for; and no TLS at all where it is asked for."""
    for tls, cell, words in (
        (self_signed(tmp_path), "! tls: certificate not acc", "self-signed certificate"),
        (None, "! tls: no TLS connection", "is this an https address?"),
    ):
        with counting() as good, serving(ok("{}"), tls=tls) as bad:
            setting = world(tmp_path, good.url, bad.url.replace("http:", "https:"))
            async with running(setting, (240, 40)) as console:
                await shown_wrong(console, cell, words)


@pytest.mark.parametrize(("width", "cell"), [(80, "! rate limited"), (120, "! rate limi…")])
async def test_a_narrow_cell_says_the_kind_of_fault_first(width: int, cell: str, tmp_path: Path) -> None:
    with counting() as good, serving(said(LIMITED)) as bad:
        async with running(world(tmp_path, good.url, bad.url), (width, 36)) as console:
            await console.until(lambda: console.one(BoardView).board)
            assert cells(console, "checkout")[0].startswith(cell)


MEMORY = """
import asyncio, resource, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:4]
from rawserver import serving
from running import running
from test_hostile_answers import CASES, counting, world
from iccon.console.widgets.board import BoardView

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

async def polls(folder, answer, times):
    with counting() as good, serving(answer) as bad:
        async with running(world(folder, good.url, bad.url, 10.0), (240, 40)) as console:
            view = console.one(BoardView)
            for _ in range(times):
                before = view.board
                console.app.parts.feed.refresh()
                await console.until(lambda: view.board is not before, 20)

async def main():
    for case in ("empty matrix", "endless body", "gzip bomb", "one hundred thousand series"):
        await polls(Path(sys.argv[1]), CASES[case][0], 3)
        print(peak())

asyncio.run(main())
"""


async def test_memory_stays_bounded(tmp_path: Path) -> None:
    """An answer costs at most its byte limit twice: while its pieces are joined."""
    here = Path(__file__).parent
    args = ("-c", MEMORY, str(tmp_path), str(here), str(here.parent / "support"))
    pipe = asyncio.subprocess.PIPE
    ended = await asyncio.create_subprocess_exec(sys.executable, *args, stdout=pipe, stderr=pipe)
    out, err = await ended.communicate()
    assert ended.returncode == 0, err.decode()[-2000:]
    calm, *peaks = map(int, out.split())
    assert max(peaks) - calm < 40  # MB
