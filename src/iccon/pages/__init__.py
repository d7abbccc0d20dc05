"""Active pages: who was paged for what, and the verbs on them."""
