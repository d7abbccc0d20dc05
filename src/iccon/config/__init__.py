"""Configuration: schema, loading, secrets, themes, layouts, keys. Plain data."""
