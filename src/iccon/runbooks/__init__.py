"""Markdown runbooks: found, read."""
