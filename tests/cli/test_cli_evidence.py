"""evidence: listed and redrawn from the journal alone."""

from pathlib import Path

from journalkit import measurement, opened

from conftest import Run
from iccon.incident.commands import TakeEvidence
from iccon.incident.evidence import Series

NAN = float("nan")


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
