"""The command palette over the one registry: what can be done here, by title. Titles are ours, never foreign.

What the keys of a list do (fold, mark, the next one found) is offered too, from the list itself.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from msgspec import Struct
from textual.command import DiscoveryHit, Hit, Hits, Provider

from iccon.console.commands import APP, ConsoleCommand, of
from iccon.console.screens.base import Surface


class Offer(Struct, frozen=True):
    """One thing to choose."""

    title: str
    help: str
    run: Callable[[], Awaitable[object]]


class RegistryProvider(Provider):
    """Offers the commands of the screen below the palette, those of everywhere, and those of its lists."""

    def offers(self) -> Iterator[Offer]:
        """Return all there are, the registry's first."""
        for command in self._commands():
            yield Offer(command.title, command.help, partial(self.screen.run_action, _action(command)))
        yield from self._of_widgets()

    def _commands(self) -> Iterator[ConsoleCommand]:
        screen = self.screen
        read_only = isinstance(screen, Surface) and screen.console.parts.setting.read_only
        if isinstance(screen, Surface):
            yield from of(*screen.SCOPES, read_only=read_only)
        yield from (command for command in of(APP) if command.id != "palette")

    def _of_widgets(self) -> Iterator[Offer]:
        """Return what has a name of its own among the keys of each widget; what several have, of the focused one."""
        seen: set[str] = set()
        for widget in sorted(self.screen.query("*"), key=lambda each: each is not self.focused):
            for binding in (each for bound in widget._bindings.key_to_bindings.values() for each in bound):
                if binding.id and binding.id not in seen:
                    seen.add(binding.id)
                    run = partial(self.app.run_action, binding.action, widget)
                    yield Offer(binding.description, f"In the {binding.id.partition('.')[0]}", run)

    async def discover(self) -> Hits:
        """Offer everything while nothing is typed."""
        for offer in self.offers():
            yield DiscoveryHit(offer.title, offer.run, help=offer.help)

    async def search(self, query: str) -> Hits:
        """Offer what fits the words in title or help."""
        matcher = self.matcher(query)
        for offer in self.offers():
            score = max(matcher.match(offer.title), matcher.match(offer.help))
            if score > 0:
                yield Hit(score, matcher.highlight(offer.title), offer.run, help=offer.help)


def _action(command: ConsoleCommand) -> str:
    return f"app.{command.action}" if command.scope == APP else command.action
