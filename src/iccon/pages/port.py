"""The way out for page verbs: an effect goes to the backend that holds the page."""

from collections.abc import Mapping, Sequence

from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect
from iccon.net.wire import instant, record
from iccon.pages.model import Act, ManyBackend, PageBackend
from iccon.text import clean


class PagesPort:
    """Performs effects of the port "pages": `target` names the backend, `payload["page"]` the page's id there."""

    def __init__(self, backends: Mapping[str, PageBackend]) -> None:
        self._backends = dict(backends)

    def perform(self, effect: Effect) -> str:
        """Do it once and return the other side's proof. Raises SourceFault; LOST where the outcome is unknown."""
        return self._backend(effect).act(_act(effect)).receipt

    def read_back(self, effect: Effect) -> str | None:
        """Return the proof that the effect took place, None where it did not. Raises SourceFault."""
        done = self._backend(effect).read_back(_act(effect))
        return None if done is None else done.receipt

    def alike(self, effect: Effect) -> str:
        """Return what makes effects one request of their backend; "" where each goes by itself."""
        backend = self._backends.get(effect.target)
        if not isinstance(backend, ManyBackend) or effect.verb not in backend.many:
            return ""
        return f"{effect.target} {effect.verb} {sorted(record(effect.payload.get('arguments')).items())}"

    def perform_many(self, effects: Sequence[Effect]) -> tuple[str | SourceFault, ...]:
        """Do alike effects once; return the proof, or the fault, of each. Raises SourceFault: that of all."""
        told = self._many(effects[0]).act_many([*map(_act, effects)])
        return tuple(one if isinstance(one, SourceFault) else one.receipt for one in told)

    def read_back_many(self, effects: Sequence[Effect]) -> tuple[str | None, ...]:
        """Return for each the proof that it took place, None where it did not. Raises SourceFault."""
        found = self._many(effects[0]).read_back_many([*map(_act, effects)])
        return tuple(None if one is None else one.receipt for one in found)

    def _many(self, effect: Effect) -> ManyBackend:
        backend = self._backend(effect)
        if not isinstance(backend, ManyBackend):
            raise SourceFault(FaultKind.REJECTED, f"{backend.name} takes one page at a time")
        return backend

    def _backend(self, effect: Effect) -> PageBackend:
        backend = self._backends.get(effect.target)
        if backend is None:
            raise SourceFault(FaultKind.REJECTED, f"no pager {clean(effect.target, 60)!r} is configured any more")
        if effect.verb not in backend.verbs:
            can = f"it can {', '.join(backend.verbs)}" if backend.verbs else "it takes no commands"
            raise SourceFault(FaultKind.REJECTED, f"{backend.name} cannot {clean(effect.verb, 30)}: {can}")
        return backend


def _act(effect: Effect) -> Act:
    page = effect.payload.get("page")
    if not isinstance(page, str) or not page:
        raise SourceFault(FaultKind.REJECTED, "the effect does not say which page is meant")
    given = record(effect.payload.get("arguments"))
    arguments = {name: value for name, value in given.items() if isinstance(value, str)}
    return Act(effect.verb, page, arguments, instant(effect.payload.get("at")))
