"""Trackers: where a task goes that outlives the incident. Each becomes one ticket there, found again by its mark."""
