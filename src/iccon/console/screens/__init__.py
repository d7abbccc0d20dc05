"""Screens and modals, one file each."""
