"""What the tests of the PagerDuty adapter share."""

from collections.abc import Callable
from typing import Any

import pytest

from iccon.config import schema
from iccon.drill.pagerduty_api import PagerDutyServer
from iccon.faults import SourceFault
from iccon.pages.pagerduty import PagerDutyBackend

TOKEN = "u+secret"
HTML = b"<!doctype html><title>Sign in</title>"


def backend(
    server: PagerDutyServer, *, token: str = TOKEN, email: str = "ada@example.com", **config: Any
) -> PagerDutyBackend:
    settings = {"url": server.url, "timeout": 5.0} | config
    return PagerDutyBackend(schema.PagerDuty(token=schema.Secret(literal="unused"), **settings), token, email)


def fault_of(call: Callable[[], object]) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        call()
    return caught.value


def writes(server: PagerDutyServer) -> int:
    return sum(call.method != "GET" for call in server.calls)
