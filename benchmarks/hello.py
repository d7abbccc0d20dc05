"""Textual's hello world: what the console's start and idling are compared with."""

from textual.app import App, ComposeResult
from textual.widgets import Static  # noqa: TID251  (this is the plain Textual program)


class Hello(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """Show it."""
        yield Static("Hello, World!")


if __name__ == "__main__":
    Hello().run()
