"""The way from the outbox to the outlets: an effect of the port "updates" becomes a message for one outlet."""

from collections.abc import Collection, Mapping

from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect
from iccon.text import clean, clean_block
from iccon.updates.model import Message, Outlet

DRILL = "DRILL"


class UpdatesPort:
    """Performs and reads back effects by the outlets, which are named as in the configuration. Blocking.

    `audiences` says for whom an outlet is; one that is not named there is for all.
    """

    def __init__(
        self,
        outlets: Mapping[str, Outlet],
        drill: bool = False,
        audiences: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.outlets = dict(outlets)
        self.drill = drill
        self.audiences = audiences or {}

    def perform(self, effect: Effect) -> str:
        """Send and return the receipt. Raises SourceFault; LOST where the outcome is unknown."""
        outlet, message = self._outlet(effect), message_of(effect, self.drill)
        meant = self.audiences.get(effect.target)
        if meant is not None and message.audience not in meant:
            words = f"{effect.target} is for {', '.join(meant)}, this is for {message.audience}: not sent"
            raise SourceFault(FaultKind.REJECTED, words)
        return outlet.send(message).receipt

    def read_back(self, effect: Effect) -> str | None:
        """Return the receipt of a message that is there, None where it is not. Raises SourceFault."""
        outlet, message = self._outlet(effect), message_of(effect, self.drill)
        posted = outlet.read_back(message)
        return None if posted is None else posted.receipt

    def _outlet(self, effect: Effect) -> Outlet:
        outlet = self.outlets.get(effect.target)
        if outlet is None:
            known = ", ".join(sorted(self.outlets)) or "none"
            raise SourceFault(FaultKind.REJECTED, f"no outlet {effect.target} is configured (there is: {known})")
        if effect.verb != "send":
            raise SourceFault(FaultKind.REJECTED, f"an outlet cannot {effect.verb}")
        return outlet


def message_of(effect: Effect, drill: bool = False) -> Message:
    """Return the message of an effect; its id is the effect's. What a drill sends says so in its first word."""
    payload = effect.payload
    drill = drill or bool(payload.get("drill", False))
    text = clean_block(payload.get("text", ""))
    if drill and not text.startswith(DRILL):
        text = clean_block(f"{DRILL} - {text}")
    return Message(
        id=effect.id,
        text=text,
        audience=clean(payload.get("audience", "")),
        title=clean(payload.get("title", "")),
        severity=clean(payload.get("severity", "")),
        drill=drill,
        incident=effect.incident,
        phase=clean(payload.get("phase", "")),
        services=tuple(clean(service, 100) for service in payload.get("services", ())),
        thread=clean(payload.get("thread", "")),
    )
