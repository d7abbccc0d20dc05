"""Writes to the outside as plain data: what is to be done, where, and how it ended."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class EffectState(StrEnum):
    """queued -> sending -> sent | failed | unknown. `unknown` is read back before anything else happens."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Effect(Struct, frozen=True):
    """One write to the outside, as `decide` asks for it.

    `port` names the room that performs it ("pages", "updates"), `target` the configured backend or outlet,
    `verb` what to do, `payload` the data it needs (JSON types only).
    """

    id: str
    incident: str
    port: str
    target: str
    verb: str
    payload: dict[str, Any]


class OutboxRow(Struct, frozen=True):
    """An effect with its fate so far."""

    effect: Effect
    state: EffectState
    queued_at: datetime
    changed_at: datetime
    owner: str  # the process that is sending it, "" while queued
    detail: str = ""
    receipt: str = ""
