"""The sources of changes on this machine and in a metrics server: a file, and the values of a query."""

import json
import math
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rawserver import json_answer, serving

from iccon.changes.file import FileChanges
from iccon.changes.model import Change, Found
from iccon.changes.prometheus import FIRST, STEP, PrometheusChanges
from iccon.config.schema import ChangeFeed, Prometheus
from iccon.faults import FaultKind, SourceFault
from iccon.signals.prometheus import PrometheusBackend

UNTIL = datetime(2026, 11, 24, 14, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=24)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "deploys.log"


def read(log: Path, text: str | bytes, **config: Any) -> Found:
    log.write_bytes(text if isinstance(text, bytes) else text.encode())
    return FileChanges("ci", ChangeFeed("file", path=str(log), **config)).changes(SINCE, UNTIL)


def test_both_kinds_of_lines_are_read(log: Path) -> None:
    row = {"time": "2026-11-24T13:00:00+01:00", "message": "flag on", "services": ["a", "b"], "who": "ann", "key": "k1"}
    found = read(log, f"# deploys\n\n2026-11-24T12:30:00Z v2 of checkout\r\n{json.dumps(row)}\n", service="checkout")
    plain, flag = found.items
    assert (plain.at, plain.text, plain.services) == (UNTIL - timedelta(minutes=90), "v2 of checkout", ("checkout",))
    assert flag == Change("ci:k1", UNTIL - timedelta(hours=2), "flag on", ("a", "b"), "ci", "ann", "")
    assert found.notices == ()


def test_bad_lines_are_said_with_their_numbers_and_the_rest_is_read(log: Path) -> None:
    bad = ["no time at all", '{"at": 3}', "2026-11-24T12:30:00 zoneless", '{"at": "2026-11-24T12:30:00Z"}', "{", "99"]
    found = read(log, "\n".join(["2026-11-24T12:30:00Z good", *bad]))
    assert [change.text for change in found.items] == ["good"]
    (notice,) = found.notices
    assert notice.startswith("line 2: no time such as 2026-11-24T14:05:00Z; line 3: ")
    assert "line 4: a time without its zone" in notice
    assert notice.endswith("(and 3 more)")


def test_hostile_bytes_are_harmless(log: Path) -> None:
    found = read(log, b"2026-11-24T12:30:00Z v2 \x1b]0;x\x07\xff\xfe\x9b31m\n\x00\x00\n{" + b"[" * 100_000)
    assert len(found.items) == 1
    assert not set(found.items[0].text + found.notices[0]) & {"\x1b", "\x07", "\x9b", "\x00"}


def test_the_file_is_read_again_only_when_it_was_written_to(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write_text("2026-11-24T12:30:00Z one\n")
    source = FileChanges("ci", ChangeFeed("file", path=str(log)))
    source.changes(SINCE, UNTIL)
    monkeypatch.setattr(Path, "read_bytes", None)
    assert [change.text for change in source.changes(SINCE, UNTIL).items] == ["one"]
    assert source.changes(UNTIL, UNTIL).items == ()
    monkeypatch.undo()
    with log.open("a") as more:
        more.write("2026-11-24T12:31:00Z two\n")
    assert [change.text for change in source.changes(SINCE, UNTIL).items] == ["one", "two"]


def test_what_is_no_readable_file_is_a_fault_and_a_pipe_is_not_waited_for(log: Path, tmp_path: Path) -> None:
    def kind(path: Path) -> FaultKind:
        with pytest.raises(SourceFault) as caught:
            FileChanges("ci", ChangeFeed("file", path=str(path))).changes(SINCE, UNTIL)
        return caught.value.kind

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 9 * 1024 * 1024)
    assert kind(log) is FaultKind.NOT_FOUND
    assert kind(tmp_path) is FaultKind.REJECTED
    assert kind(tmp_path / "pipe") is FaultKind.REJECTED
    assert kind(tmp_path / "huge") is FaultKind.TOO_LARGE


class Server:
    """A query's values by time, and the spans asked for."""

    def __init__(self, *series: tuple[dict[str, str], dict[float, float]]) -> None:
        self.series = list(series)
        self.asked: list[tuple[float, float]] = []

    def ask(self, query: str, label: str, start: float, end: float, step: float) -> Sequence[Any]:
        self.asked.append((start, end))
        given = [
            {"metric": labels, "values": [[at, str(v)] for at, v in sorted(values.items()) if start <= at <= end]}
            for labels, values in self.series
        ]
        data = {"status": "success", "data": {"resultType": "matrix", "result": [g for g in given if g["values"]]}}
        with serving(json_answer(json.dumps(data).encode())) as server:
            return PrometheusBackend("main", Prometheus(server.url)).series(query, label, start, end, step)


def made(server: Server) -> PrometheusChanges:
    return PrometheusChanges("k8s", ChangeFeed("prometheus", query="x", label="deployment"), server.ask, 5.0)


END = (UNTIL.timestamp() - 15) // STEP * STEP


def test_a_change_of_value_is_a_change_with_its_time_and_labels() -> None:
    labels = {"__name__": "generation", "deployment": "checkout", "namespace": "shop", "instance": "10.0.0.1"}
    values = {END - 180: 4.0, END - 120: 4.0, END - 60: math.nan, END: 5.0}
    (change,) = made(Server((labels, values))).changes(SINCE, UNTIL).items
    assert change.text == "generation 4 -> 5 (namespace=shop)"
    assert (change.services, change.at.timestamp()) == (("checkout",), END)


def test_only_what_is_newer_is_asked_for_and_every_change_comes_once() -> None:
    server = Server(({"deployment": "a"}, {END - 60: 1.0, END: 2.0, END + 60: 2.0, END + 180: 1.0}))
    source = made(server)
    first = source.changes(SINCE, UNTIL)
    again = source.changes(SINCE, UNTIL + timedelta(seconds=10))
    later = source.changes(SINCE, UNTIL + timedelta(minutes=3))
    assert [len(found.items) for found in (first, again, later)] == [1, 1, 2]
    assert len({change.key for change in later.items}) == 2
    assert server.asked == [(END - FIRST, END), (END + STEP, END + 3 * STEP)]


def test_a_series_that_was_away_and_comes_back_changed_is_a_change() -> None:
    server = Server(({"deployment": "a"}, {END: 1.0}))
    source = made(server)
    source.changes(SINCE, UNTIL)
    server.series = [({"deployment": "a"}, {END + 600: 2.0})]
    assert [c.text for c in source.changes(SINCE, UNTIL + timedelta(minutes=15)).items] == ["value 1 -> 2"]


def test_two_consoles_name_the_same_change_alike() -> None:
    server = Server(({"deployment": "a"}, {END - 60: 1.0, END: 2.0}))
    one, other = made(server), made(server)
    assert one.changes(SINCE, UNTIL) == other.changes(SINCE, UNTIL + timedelta(seconds=40))
