"""What a signal's baseline and its ratios must hold together."""

from pathlib import Path

import pytest

from iccon.config.load import folders, load

SIGNAL = '[prometheus]\nurl = "http://p"\n[signals.latency]\nquery = "x"\n'


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('baseline = "1d"', ["baseline: no ratio"]),
        ("warn_ratio = 2", ["warn_ratio: no baseline"]),
        ('baseline = "1d"\nwarn_ratio = 0.5', ["warn_ratio: 0.5, expected above 1"]),
        ('baseline = "1d"\nbad_ratio = 2\nworse = "lower"', ["bad_ratio: 2, expected below 1"]),
        ('baseline = "1d"\nwarn_ratio = 3\nbad_ratio = 2', ["bad_ratio: 2, expected bad_ratio on the far side"]),
        ('baseline = "yesterday"\nwarn_ratio = 2', ['baseline: "yesterday"', "warn_ratio: no baseline"]),
        ('baseline = "1w"\nwarn_ratio = 0.5\nbad_ratio = 0.1\nworse = "lower"', []),
        ('baseline = "1d"\nbad_ratio = 3\nwarn = 0.5\nbad = 2', []),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_key(tmp_path: Path, rest: str, said: list[str]) -> None:
    places = folders({"ICCON_HOME": str(tmp_path)})
    places.config_file.write_text(SIGNAL + rest)
    problems = [problem.said for problem in load(None, places).problems]
    assert len(problems) == len(said)
    assert all(f" signals.latency.{words}" in problem for words, problem in zip(said, problems, strict=True))
