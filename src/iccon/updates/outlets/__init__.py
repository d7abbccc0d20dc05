"""Outlets: one module a channel."""
