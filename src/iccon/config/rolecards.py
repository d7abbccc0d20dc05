"""Role cards: what each role does, as a checklist. One TOML file a role; a user's takes the bundled one's place."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from iccon import resources
from iccon.config.checked import Checker, did_you_mean, one_of, read_toml, shown
from iccon.config.schema import ROLES, Folders, Problem, Text
from iccon.config.theme import toml_files
from iccon.text import clean


class RoleCard(Struct, frozen=True):
    """The keys of a role card: what to do, a line each, and what a call-out asks (the commander's)."""

    checklist: Annotated[tuple[Text, ...], Meta(min_length=1)]
    callout: tuple[Text, ...] = ()


def role_cards(folders: Folders) -> tuple[dict[str, RoleCard], list[Problem]]:
    """Return the card of each role, and every problem of the user's; the bundled one stands in. Reads files."""
    found: dict[str, RoleCard] = {}
    problems: list[Problem] = []
    for path in (*toml_files(resources.role_cards_dir()), *toml_files(folders.role_cards)):
        card, faults = load_card(path)
        problems += faults
        if card is not None:
            found[path.stem] = card
    return found, problems


def load_card(path: Path) -> tuple[RoleCard | None, list[Problem]]:
    """Return the card of one file, or None and every problem it has."""
    if path.stem not in ROLES:
        hint = did_you_mean(path.stem, ROLES)
        return None, [Problem(clean(path, 300), "", f"a card called {shown(path.stem)}", one_of(ROLES), hint)]
    data, source, fault = read_toml(path)
    if fault is not None:
        return None, [fault]
    check = Checker(str(path), source)
    card = check.struct(RoleCard, data, ())
    if card is None or check.problems:
        return None, check.problems
    cleaned = (tuple(clean(step, 200) for step in steps) for steps in (card.checklist, card.callout))
    return RoleCard(*cleaned), []
