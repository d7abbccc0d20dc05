"""Status updates: templates and outlets."""
