"""Polling without a screen: due times, deadlines, back-off, latest-value slots."""
