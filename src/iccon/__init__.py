"""iccon: the incident-command console."""

__version__ = "0.1.0"
