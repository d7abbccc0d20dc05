"""What the simulated services measure: a pure function of the scenario, a seed, and scenario time.

There is no state and no random generator behind a value, so every query for the same instant gives the same
sample, whatever was asked before. A mitigation changes only what comes after it.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from iccon.drill.scenario import Fault, GoldenSignal, Scenario, Service, Shape

DAY = 86_400.0  # seconds
NOISE: dict[GoldenSignal, float] = {  # how far a value strays from its course, as a share of it
    GoldenSignal.LATENCY: 0.12,
    GoldenSignal.TRAFFIC: 0.06,
    GoldenSignal.ERRORS: 0.35,
    GoldenSignal.SATURATION: 0.05,
}
SHARES = frozenset({GoldenSignal.ERRORS, GoldenSignal.SATURATION})
WAVE = 0.18  # how far traffic swings within a day, as a share of its mean
_OCTAVES = ((11.0, 0.35), (47.0, 0.65))  # (seconds between the noise's own points, weight)
_MASK = (1 << 64) - 1


def value(
    scenario: Scenario,
    seed: int,
    service: str,
    signal: GoldenSignal,
    t: float,
    mitigated_at: float | None = None,
) -> float | None:
    """Return the signal at scenario second `t`, or None where the service does not have it.

    `mitigated_at` is when the right mitigation took effect, in scenario seconds; None when it has not.
    Seconds, requests a second or a share, by signal. `t` may be negative: the time before the drill.
    """
    found = scenario.service(service)
    if found is None or found.baseline(signal) is None:
        return None
    return series(scenario, seed, found, signal, (t,), mitigated_at)[0]


def series(
    scenario: Scenario,
    seed: int,
    service: Service,
    signal: GoldenSignal,
    times: Sequence[float],
    mitigated_at: float | None = None,
) -> list[float]:
    """Return the signal at each of `times`; the service must have it. See `value`."""
    base = service.baseline(signal)
    assert base is not None
    faults = [f for f in scenario.faults if f.service == service.name and f.signal == signal]
    recovery, key = scenario.mitigation.recovery, _key(seed, service.name, signal)
    strength = NOISE[signal]
    found = []
    for t in times:
        level = base * _wave(t) if signal is GoldenSignal.TRAFFIC else base
        for fault in faults:
            level += (fault.to - level) * severity(fault, t, mitigated_at, recovery)
        found.append(_bounded(level * math.exp(strength * noise(key, t)), signal))
    return found


def severity(fault: Fault, t: float, mitigated_at: float | None, recovery: float) -> float:
    """Return how much of the fault is felt at `t`, 0 to 1: it ramps up, and down again once mitigated."""
    if mitigated_at is None or t <= mitigated_at:
        return _ramp(t - fault.at, fault.ramp, fault.shape)
    reached = _ramp(mitigated_at - fault.at, fault.ramp, fault.shape)
    return reached * (1.0 - _ramp(t - mitigated_at, recovery, Shape.SMOOTH))


def noise(key: int, t: float) -> float:
    """Return smooth noise between -1 and 1: neighbouring instants have neighbouring values."""
    total = 0.0
    for octave, (every, weight) in enumerate(_OCTAVES):
        place = t / every
        left = math.floor(place)
        a, b = _point(key + octave, left), _point(key + octave, left + 1)
        total += weight * (a + (b - a) * _smooth(place - left))
    return total


def _ramp(since: float, duration: float, shape: Shape) -> float:
    if since < 0:
        return 0.0
    if since >= duration or shape is Shape.STEP:
        return 1.0
    share = since / duration
    return share if shape is Shape.LINEAR else _smooth(share)


def _smooth(share: float) -> float:
    return share * share * (3.0 - 2.0 * share)


def _wave(t: float) -> float:
    """Traffic over the day: a drill begins on the rising side of it."""
    return 1.0 + WAVE * math.sin(2.0 * math.pi * (t / DAY))


def _bounded(level: float, signal: GoldenSignal) -> float:
    top = 1.0 if signal in SHARES else math.inf
    return float(f"{min(max(level, 0.0), top):.6g}")


@lru_cache(maxsize=4096)
def _key(seed: int, service: str, signal: GoldenSignal) -> int:
    digest = blake2b(f"{seed}/{service}/{signal}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


@lru_cache(maxsize=65_536)
def _point(key: int, place: int) -> float:
    """Return the noise's own value at a whole place: splitmix64 of key and place, scaled to -1..1."""
    mixed = (key + place * 0x9E3779B97F4A7C15) & _MASK
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
    return (mixed ^ mixed >> 31) / 2**63 - 1.0
