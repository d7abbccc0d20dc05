"""What an objective of the configuration must hold beyond the types of its keys; nothing is asked."""

from iccon.config.checked import Checker
from iccon.config.lines import KeyPath
from iccon.config.schema import BURNS, Burn, Slo
from iccon.text import clean

PLACEHOLDER = "$window"


def check_slo(check: Checker, path: KeyPath, slo: Slo) -> None:
    """Note what is wrong with an objective's query and with its spans."""
    _check_query(check, (*path, "query"), slo.query)
    for index, burn in enumerate(slo.burn):
        _check_burn(check, (*path, "burn", index), burn, slo)


def _check_query(check: Checker, path: KeyPath, query: str) -> None:
    import promql_parser  # only an objective needs it

    try:
        promql_parser.parse(query.replace(PLACEHOLDER, "5m"))
    except ValueError as error:
        check.problem(path, clean(error, 120), "a PromQL query", f"{PLACEHOLDER} is filled in, nothing else")


def _check_burn(check: Checker, path: KeyPath, burn: Burn, slo: Slo) -> None:
    window = slo.days * 86_400
    if burn.short >= burn.long:
        check.problem((*path, "short"), f"{burn.short}", f"less than long, {burn.long} seconds")
    if burn.long > window:
        hint = f"give burn, as the usual ones reach back {burn.long:g} seconds" if burn in BURNS else ""
        check.problem((*path, "long"), f"{burn.long}", f"at most the objective's days, {window:g} seconds", hint)
    elif burn not in BURNS and burn.budget * window * (1 - slo.target) >= burn.long:
        most = burn.long / (window * (1 - slo.target))
        hint = f"within {burn.long} s no more can be spent, even when everything fails"
        check.problem((*path, "budget"), f"{burn.budget:g}", f"below {most:.2g}", hint)
