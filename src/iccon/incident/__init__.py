"""The pure core: what an incident is, what may be decided about it, and what its entries add up to."""
