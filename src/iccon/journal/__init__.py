"""The append-only journal: SQLite, chains, codec."""
