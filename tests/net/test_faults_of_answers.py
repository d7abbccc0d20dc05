"""What statuses, Retry-After and bodies mean, without a network."""

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from iccon.faults import FaultKind, SourceFault
from iccon.net import decode_json, fault_of, host_of, retry_after


class Given:
    """An answer as requests gives it: a status, lower-case headers, a body."""

    def __init__(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.status_code = status
        self.content = body
        self.headers = {name.replace("_", "-"): text for name, text in headers.items()}


NOW = "Tue, 10 Nov 2026 10:00:00 GMT"
KINDS = [
    (401, FaultKind.UNAUTHORIZED),
    (402, FaultKind.FORBIDDEN),
    (403, FaultKind.FORBIDDEN),
    (404, FaultKind.NOT_FOUND),
    (408, FaultKind.TIMEOUT),
    (420, FaultKind.RATE_LIMITED),
    (422, FaultKind.REJECTED),
    (429, FaultKind.RATE_LIMITED),
    (500, FaultKind.SERVER),
    (503, FaultKind.SERVER),
    (302, FaultKind.BAD_ANSWER),
]
WAITS = [
    ({"retry_after": "30"}, 30.0),
    ({"retry_after": "1.5"}, 1.5),
    ({"retry_after": "-5"}, 0.0),
    ({"retry_after": "Tue, 10 Nov 2026 10:01:00 GMT"}, 60.0),
    ({"retry_after": "Tue, 10 Nov 2026 09:00:00 GMT"}, 0.0),
    ({"retry_after": "Tue, 99 Nov 2026 10:01:00 GMT"}, None),
    ({"retry_after": "soon"}, None),
    ({"retry_after": "nan"}, None),
    ({"retry_after": "inf"}, None),
    ({"retry_after": ""}, None),
    ({"retry_after": "9" * 500}, None),
    ({"ratelimit_reset": "12"}, 12.0),
    ({"retry_after": "soon", "ratelimit_reset": "12"}, 12.0),
    ({"x_ratelimit_reset": "1794304830"}, 30.0),
    ({}, None),
]


@pytest.mark.parametrize(("status", "kind"), KINDS)
def test_each_status_has_its_kind(status: int, kind: FaultKind) -> None:
    fault = fault_of(Given(status))
    assert fault is not None
    assert fault.kind is kind
    assert str(status) in fault.reason


def test_success_is_no_fault() -> None:
    assert fault_of(Given(204)) is None


@pytest.mark.parametrize(
    ("status", "kind"), [(500, "LOST"), (502, "LOST"), (504, "LOST"), (503, "SERVER"), (400, "REJECTED")]
)
def test_a_write_that_met_a_server_error_may_have_taken_effect(status: int, kind: str) -> None:
    fault = fault_of(Given(status), write=True)
    assert fault is not None
    assert fault.kind is FaultKind[kind]


@pytest.mark.parametrize(("headers", "seconds"), WAITS)
def test_every_form_of_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    fault = fault_of(Given(429, date=NOW, **headers))
    assert fault is not None
    assert fault.retry_after == (None if seconds is None else pytest.approx(seconds))


@given(st.text())
def test_no_retry_after_breaks_anything(text: str) -> None:
    wait = retry_after({"retry-after": text})
    assert wait is None or (wait >= 0 and math.isfinite(wait))


WORDS = [
    (
        b'{"status":"error","errorType":"bad_data","error":"parse error: unexpected end"}',
        "parse error: unexpected end",
    ),
    (
        b'{"error":{"message":"Invalid Input","code":2001,"errors":["From is required."]}}',
        "Invalid Input: From is required.",
    ),
    (b'"silence not found"', "silence not found"),
    (b'{"code":602,"message":"path not found"}', "path not found"),
    (b"upstream\x1b]0;gone\x07 away", "upstream␛]0;gone␇ away"),
]


@pytest.mark.parametrize(("body", "words"), WORDS)
def test_the_servers_own_words_are_kept_clean(body: bytes, words: str) -> None:
    fault = fault_of(Given(400, body))
    assert fault is not None
    assert words in fault.reason


@pytest.mark.parametrize(
    "body", [b"<html><h1>502</h1>", b"\xff" * 100_000, b"[" * 60_000, b"\x00", b"[]", b"{}", b"null"]
)
def test_a_body_that_says_nothing_does_no_harm(body: bytes) -> None:
    fault = fault_of(Given(502, body))
    assert fault is not None
    assert "the server failed" in fault.reason


def test_a_redirect_names_its_target_host_only() -> None:
    fault = fault_of(Given(302, location="https://user:secret@login.example.com/in?token=abc"))
    assert fault is not None
    assert "login.example.com" in fault.reason
    assert "secret" not in fault.reason
    assert "abc" not in fault.reason


BAD = [
    (b"", "empty"),
    (b"  <!DOCTYPE html><title>Log in</title>", "web page"),
    (b'{"data": [1, 2', "cut off after 14 bytes"),
    (b'{"a": "\xe9"}', "another encoding"),
    ('{"a": 1}'.encode("utf-16"), "another encoding"),
    (b"[" * 100_000, "deep"),
    (b"data", "not JSON"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_what_is_not_json_is_said_plainly(body: bytes, words: str) -> None:
    with pytest.raises(SourceFault) as caught:
        decode_json(Given(200, body))
    assert caught.value.kind is FaultKind.BAD_ANSWER
    assert words in caught.value.reason


def test_another_shape_than_promised_is_said() -> None:
    with pytest.raises(SourceFault, match="another shape"):
        decode_json(Given(200, b"[1]"), dict[str, int])


def test_json_comes_back_also_behind_a_byte_order_mark() -> None:
    assert decode_json(Given(200, b'\xef\xbb\xbf{"a": 1}')) == {"a": 1}


@pytest.mark.parametrize("url", ["http://[", "http://h:99999999", "", "x" * 10_000])
def test_no_address_breaks_a_message(url: str) -> None:
    assert len(host_of(url)) <= 100
