"""evidence: listed and redrawn from the journal alone."""

from pathlib import Path

from journalkit import measurement, opened

from conftest import Run
from iccon.incident.commands import TakeEvidence
from iccon.incident.evidence import Series
from iccon.journal.flight import Chunk, Stretch, row

NAN = float("nan")
KEPT = Stretch.of((1793534100.0, 1793534115.0), {"checkout": [0.25, NAN], "cart": [0.1, 0.2]})


def keep(home: Path, incident: str) -> None:
    journal = next(home.rglob("*.db"))
    measured = measurement(unit="ratio")
    start = measured.start.timestamp()
    series = (Series("checkout", tuple(start + 15 * i for i in range(20)), (*(i / 100 for i in range(19)), NAN)),)
    desk = opened(journal)
    desk.do(TakeEvidence(title="checkout errors", measured=measured, series=series), incident)
    desk.journal.close()


def test_none_was_kept(iccon: Run, incident: str) -> None:
    assert iccon("evidence").out == "no evidence was kept\n"
    assert iccon("evidence", "show", "abcdef").code == 3
    assert iccon("evidence", "show").code == 2


def test_it_is_listed_redrawn_and_given_as_json(iccon: Run, home: Path, incident: str) -> None:
    keep(home, incident)
    listed = iccon("evidence", "--json").json
    assert [(e["title"], e["points"], e["bad"], e["step_seconds"]) for e in listed] == [
        ("checkout errors", 20, 0.05, 15)
    ]
    ident = listed[0]["short"]
    assert ident in iccon("evidence", "list", "--incident", incident).out
    shown = iccon("evidence", "show", ident, "--ascii")
    assert shown.out.isascii()
    assert "*" in shown.out
    assert "checkout  NaN at" in shown.out
    assert "bad 5%" in shown.out
    assert f"SHA-256  {listed[0]['sha256']}" in shown.out
    assert 'query    rate(errors{service="checkout"}[1m])' in shown.out
    (name, points), *_ = iccon("evidence", "show", ident, "--json").json["series"]
    assert (name, len(points), points[1][1], points[-1][1]) == ("checkout", 20, 0.01, "NaN")
    iccon("strike", ident, "wrong service")
    assert "[struck: wrong service]" in iccon("evidence").out


def test_what_the_flight_recorder_kept_is_listed_and_drawn(iccon: Run, home: Path, incident: str) -> None:
    assert iccon("evidence", "recorded").out == "nothing was recorded\n"
    assert iccon("evidence", "recorded", "checkout", "latency").code == 3
    assert iccon("evidence", "recorded", "checkout").code == 2
    desk = opened(next(home.rglob("*.db")))
    desk.journal.record_flight(incident, [row(Chunk("latency", "seconds", "q", "main", 15, 0.5, 1, "higher", (KEPT,)))])
    desk.journal.close()
    facts = iccon("evidence", "recorded", "--json").json
    assert [(f["signal"], f["services"], f["step_seconds"]) for f in facts] == [("latency", ["cart", "checkout"], 15)]
    assert "latency" in iccon("evidence", "recorded").out
    drawn = iccon("evidence", "recorded", "checkout", "latency", "--ascii").out
    assert "checkout  NaN at" in drawn and "bad 1s" in drawn and "*" in drawn
    series = iccon("evidence", "recorded", "checkout", "latency", "--json").json["series"]
    assert series == [["checkout", [[1793534100.0, 0.25], [1793534115.0, "NaN"]]]]
    assert iccon("evidence", "recorded", "search", "latency").code == 3
