"""The command palette over the one registry: what can be done here, by title. Titles are ours, never foreign."""

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from iccon.console.commands import APP, ConsoleCommand, of
from iccon.console.screens.base import Surface


class RegistryProvider(Provider):
    """Offers the commands of the screen below the palette, and those of everywhere."""

    def _commands(self) -> Iterator[ConsoleCommand]:
        screen = self.screen
        read_only = isinstance(screen, Surface) and screen.console.parts.setting.read_only
        if isinstance(screen, Surface):
            yield from of(*screen.SCOPES, read_only=read_only)
        yield from (command for command in of(APP) if command.id != "palette")

    async def discover(self) -> Hits:
        """Offer everything while nothing is typed."""
        for command in self._commands():
            yield DiscoveryHit(command.title, partial(self.screen.run_action, _action(command)), help=command.help)

    async def search(self, query: str) -> Hits:
        """Offer what fits the words in title or help."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = max(matcher.match(command.title), matcher.match(command.help))
            if score > 0:
                run = partial(self.screen.run_action, _action(command))
                yield Hit(score, matcher.highlight(command.title), run, help=command.help)


def _action(command: ConsoleCommand) -> str:
    return f"app.{command.action}" if command.scope == APP else command.action
