"""When Python looks for garbage: between keys, not in the middle of one.

Almost all that a console makes is freed as it is dropped; what is left are cycles, of screens and of errors. The
collector would look for them whenever so many objects were made, on whatever thread that was, and hold up all others
for 3 to 10 ms. It is therefore switched off (`start.py`), and asked here, once a second at most.
"""

import gc
from typing import Final

QUIET: Final = 0.5  # seconds without a key
SOME: Final = 20_000  # objects made and kept since it last looked
MANY: Final = 500_000  # then it looks though a person types
WHOLE: Final = 50  # looks at what is young, to one at everything


def tidy(quiet: float) -> None:
    """Look for garbage where there may be some, and nobody has pressed a key for `quiet` seconds."""
    young, middle, _ = gc.get_count()
    if young > (SOME if quiet > QUIET else MANY):
        gc.collect(2 if middle > WHOLE else 0)
