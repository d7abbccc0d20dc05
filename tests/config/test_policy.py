"""The policy of the configuration: key by key over the default, and wrong ones said whole."""

from pathlib import Path

from iccon.bootstrap import policy
from iccon.config.load import load
from iccon.config.places import folders
from iccon.config.policy import WORKED_OUT
from iccon.config.schema import ROLES, Loaded
from iccon.config.setting import Setting
from iccon.incident import exit_criteria
from iccon.incident.roles import Role
from iccon.incident.severity import DEFAULT_POLICY, Policy, Severity


def loaded(folder: Path, text: str) -> Loaded:
    file = folder / "config.toml"
    file.write_text(text)
    return load(file, folders({"HOME": str(folder)}))


def policy_of(folder: Path, text: str) -> Policy:
    read = loaded(folder, text)
    assert not read.problems
    return policy(Setting(read.config, folders({"HOME": str(folder)})))


def test_without_a_word_it_is_the_default(tmp_path: Path) -> None:
    assert policy_of(tmp_path, "") == DEFAULT_POLICY


def test_a_key_that_is_given_changes_that_key_alone(tmp_path: Path) -> None:
    made = policy_of(
        tmp_path,
        '[policy]\nfirst_post = 7\n[policy.SEV2]\npublic_cadence = 0\nroles = ["scribe"]\n'
        'exit = ["impact", "We agree"]\n',
    )
    level, usual = made.levels[Severity.SEV2], DEFAULT_POLICY.levels[Severity.SEV2]
    assert (made.first_post, level.public_cadence, level.roles) == (7, None, (Role.SCRIBE,))
    assert level.exit == ("impact", "We agree")
    assert (level.meaning, level.internal_cadence, level.callout) == (
        usual.meaning,
        usual.internal_cadence,
        usual.callout,
    )
    assert made.levels[Severity.SEV1] == DEFAULT_POLICY.levels[Severity.SEV1]


def test_every_mistake_is_said_with_its_place(tmp_path: Path) -> None:
    text = (
        '[policy.SEV1]\nroles = ["comander", "scribe", "scribe"]\nexit = ["signal", "impact"]\ncallout = -1\n'
        "[policy.SEV6]\nmeaning = ''\n"
    )
    said = [problem.said for problem in loaded(tmp_path, text).problems]
    for number, words in (
        (2, 'did you mean "commander"?'),
        (2, '"scribe" twice'),
        (3, 'did you mean "signals"?'),
        (4, "a whole number, at least 0"),
        (5, "SEV6"),
    ):
        assert any(f"config.toml:{number}:" in line and words in line for line in said), (words, said)


def test_the_words_of_the_configuration_are_those_of_the_core() -> None:
    assert [*Role] == ROLES
    assert WORKED_OUT == exit_criteria.WORKED_OUT
