"""Carrying out what a command queued in the outbox, now, and saying how each write ended."""

from collections import Counter
from typing import TYPE_CHECKING

from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import FAULT, OK
from iccon.cli.session import Session
from iccon.incident.effects import Effect, EffectState
from iccon.incident.ids import short

if TYPE_CHECKING:
    from iccon.desk import Receipt
    from iccon.effects import Fate

TAKEN = "another process has it"


def perform(opened: Session, receipt: "Receipt") -> int:
    """Carry out the effects of `receipt`, print each outcome, and return 0 only where all were sent."""
    from iccon.bootstrap import effect_ports
    from iccon.effects import owner_token, run_all

    fates = run_all(opened.desk, effect_ports(opened.setting), receipt.effects, owner_token())
    rows = (opened.desk.effect(ident) for ident in receipt.effects)
    ended = [(row.effect, fates.get(row.effect.id)) for row in rows if row is not None]
    return say_fates(opened, ended, receipt)


def say_fates(opened: Session, ended: "list[tuple[Effect, Fate | None]]", receipt: "Receipt | None" = None) -> int:
    """Print how each effect ended; return 0 only where all were sent."""
    if opened.args.json:
        from iccon.cli import facts

        written = facts.receipt(receipt.incident, receipt.entries, receipt.effects) if receipt else {}
        say_json({**written, "outcomes": [_facts(effect, fate) for effect, fate in ended], "counts": _counts(ended)})
    else:
        table((effect.target, f"{effect.verb} {_about(effect)}", *_words(fate)) for effect, fate in ended)
        if len(ended) > 1:
            say(", ".join(f"{count} {state}" for state, count in _counts(ended).items()))
    sent = all(fate is not None and fate.state is EffectState.SENT for _, fate in ended)
    return OK if sent else FAULT


def _about(effect: Effect) -> str:
    """Return the id of the page, or the end of the id of the task, it is about; "" where it is about neither."""
    return str(effect.payload.get("page") or short(str(effect.payload.get("task", ""))))


def _counts(ended: "list[tuple[Effect, Fate | None]]") -> dict[str, int]:
    return dict(Counter(_words(fate)[0] for _, fate in ended))


def _facts(effect: Effect, fate: "Fate | None") -> dict[str, str]:
    state, detail = _words(fate)
    receipt = fate.receipt if fate else ""
    found = {"effect": effect.id, "target": effect.target, "state": state, "detail": detail, "receipt": receipt}
    return found | {name: str(about) for name in ("page", "task") if (about := effect.payload.get(name))}


def _words(fate: "Fate | None") -> tuple[str, str]:
    if fate is None:
        return "sending", TAKEN
    return str(fate.state), fate.detail or fate.receipt
