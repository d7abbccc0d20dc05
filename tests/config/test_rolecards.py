"""Role cards: one a role, a user's in place of the bundled one, wrong ones said and not shown."""

from pathlib import Path

from iccon.config.rolecards import role_cards
from iccon.config.schema import ROLES, Folders


def at(folder: Path, **cards: str) -> Folders:
    (folder / "roles").mkdir()
    for name, text in cards.items():
        (folder / "roles" / f"{name}.toml").write_text(text)
    return Folders(folder, folder, folder, folder)


def test_every_role_has_a_card_and_the_commander_asks(tmp_path: Path) -> None:
    cards, problems = role_cards(at(tmp_path))
    assert (sorted(cards), problems) == (sorted(ROLES), [])
    assert [ask.partition(":")[0] for ask in cards["commander"].callout] == ["Conditions", "Actions", "Needs"]


def test_an_own_card_takes_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    cards, problems = role_cards(at(tmp_path, scribe='checklist = ["Write \\u001b[31mall down"]'))
    (step,) = cards["scribe"].checklist
    assert (step.startswith("Write"), "\x1b" in step, problems) == (True, False, [])


def test_wrong_cards_are_said_and_the_bundled_ones_stay(tmp_path: Path) -> None:
    places = at(tmp_path, scribe="checklist = []", deputy="checklst = 1", scrib='checklist = ["x"]', comms="=")
    cards, problems = role_cards(places)
    said = "\n".join(problem.said for problem in problems)
    for words in ("an empty list", 'did you mean "checklist"?', 'did you mean "scribe"?', "comms.toml:1"):
        assert words in said, said
    assert all(len(cards[role].checklist) > 2 for role in ROLES)
