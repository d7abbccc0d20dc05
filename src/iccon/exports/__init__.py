"""Pure renderers: entries -> documents."""
