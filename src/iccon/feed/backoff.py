"""When a source that failed is asked again. Pure."""

CAP = 30.0  # seconds: one request in half a minute burdens nobody, and recovery is seen soon
LONGEST_WAIT = 900.0  # seconds: a server's Retry-After beyond this is not taken at its word


def delay(every: float, failures: int, retry_after: float | None, jitter: float) -> float:
    """Return seconds until the next try after `failures` failures in a row (at least 1).

    Doubles from `every` up to CAP, or stays at `every` where that is longer; never before `retry_after`, as far as
    that is sane. `jitter` in 0..1 adds up to a fifth, so that several consoles do not come back together.
    """
    grown = min(every * 2.0 ** min(failures - 1, 20), max(every, CAP))
    asked = min(max(retry_after or 0.0, 0.0), LONGEST_WAIT)
    return max(grown, asked) * (1.0 + 0.2 * jitter)
