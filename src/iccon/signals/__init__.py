"""Golden signals: better, worse or unknown."""
