"""A simulated production on loopback, for drills, demonstrations and tests."""
