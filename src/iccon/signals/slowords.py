"""How burn rates and budgets are written, in few cells and in words. Pure."""

from iccon.signals.slo import Burn, Spent, Standing, span_name
from iccon.text import CleanText, clean

EXHAUSTED = "budget EXHAUSTED"


def burn_text(burn: float | None) -> str:
    """Return a burn rate, such as 14.4x; "?" where it is not known."""
    if burn is None:
        return "?"
    if 0 < burn < 0.05:
        return "<0.1x"
    return f"{burn:.0f}x" if burn >= 99.95 else f"{burn:.1f}".removesuffix(".0") + "x"


def share_text(share: float | None) -> str:
    """Return a share of the budget in percent, with a decimal where it is small; "?" where it is not known."""
    if share is None:
        return "?"
    percent = round(share * 100, 1 if abs(share) < 0.0995 else 0) + 0.0  # no -0
    return f"{percent:.0f}%" if percent == round(percent) else f"{percent:.1f}%"


def left_text(standing: Standing) -> str:
    """Return what is left of the budget; that it is exhausted is said in words."""
    if standing.left is None:
        return "budget left not known"
    if standing.left < 0:
        return f"{EXHAUSTED} ({share_text(1 - standing.left)} spent)"
    return f"{share_text(standing.left)} of budget left"


def rule_text(burn: Burn) -> str:
    """Return one rule as it stands: `1h 31x, 5m 44x (limit 14.4x)`."""
    long, short = span_name(burn.rule.long), span_name(burn.rule.short)
    return f"{long} {burn_text(burn.long)}, {short} {burn_text(burn.short)} (limit {burn_text(burn.limit)})"


def spent_text(spent: Spent, minutes: float) -> CleanText:
    """Return what an incident spent of a budget of `minutes`; a lower bound says so, and what is known of it."""
    if spent.minutes is None:
        return clean(f"incident spent: {spent.why}")
    least = "at least " if spent.covered < 0.995 else ""
    known = f", {spent.covered * 100:.0f}% of its time known" if least else ""
    amount = f"{_minutes(spent.minutes)} of {_minutes(minutes)} min ({share_text(spent.share)})"
    return clean(f"incident spent {least}{amount}{known}")


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f}" if minutes >= 99.95 else f"{minutes:.1f}"
