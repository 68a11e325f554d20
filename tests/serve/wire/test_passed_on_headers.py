"""Headers go on as they came, but for those of one connection; no secret is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.serve.wire.headers import (
    REDACTED,
    Headers,
    for_client,
    for_upstream,
    redacted,
)

HOP = [
    (b"connection", b"keep-alive, X-Mine ,close"),
    (b"keep-alive", b"timeout=5"),
    (b"proxy-connection", b"keep-alive"),
    (b"te", b"trailers"),
    (b"trailer", b"digest"),
    (b"transfer-encoding", b"chunked"),
    (b"upgrade", b"h2c"),
    (b"proxy-authenticate", b"Basic"),
    (b"proxy-authorization", b"Basic eA=="),
    (b"x-mine", b"1"),
]
REQUEST = [
    (b"x-api-key", b"sk-1"),
    (b"anthropic-beta", b"a"),
    (b"accept-encoding", b"gzip, br"),
    (b"anthropic-beta", b"b"),
    (b"content-type", b"application/json; charset=utf-8"),
    (b"x-tab-and-latin", b"a\tb\xe9"),
]
ANSWER = [
    (b"date", b"Thu, 01 Jan 1970 00:00:00 GMT"),
    (b"set-cookie", b"a=1; Path=/"),
    (b"request-id", b"req_1"),
    (b"set-cookie", b"b=2"),
    (b"server", b"cloudflare"),
    (b"retry-after", b"0"),
    (b"anthropic-ratelimit-tokens-remaining", b"5"),
]
OF_THE_BODY = [
    (b"content-length", b"12"),
    (b"content-encoding", b"gzip"),
    (b"etag", b'"x"'),
    (b"content-digest", b"sha-256=:x:"),
]

names = st.sampled_from([name for name, _ in [*HOP, *REQUEST, *ANSWER, *OF_THE_BODY]])
any_headers = st.lists(st.tuples(names, st.binary(max_size=9)), max_size=12)


def test_a_request_goes_on_without_what_belongs_to_its_connection() -> None:
    """Names and values go on in order; those of the connection and its server stay."""
    mixed = [HOP[0], *REQUEST[:3], *HOP[1:], (b"host", b"here"), *REQUEST[3:]]
    headers = [*mixed, (b"expect", b"100-continue")]
    assert for_upstream(headers, read=False, changed=False) == REQUEST


def test_the_length_of_a_body_goes_on_as_long_as_it_is_true() -> None:
    """Lengths and digests are those of the client's bytes, and of no others."""
    headers = [*REQUEST, *OF_THE_BODY]
    assert for_upstream(headers, read=False, changed=False) == headers
    assert for_upstream(headers, read=False, changed=True) == REQUEST


def test_a_length_beside_chunks_is_not_believed() -> None:
    """A request that came in chunks has no other length."""
    headers = [(b"content-length", b"5"), (b"transfer-encoding", b"chunked"), *REQUEST]
    assert for_upstream(headers, read=False, changed=False) == REQUEST


@pytest.mark.parametrize("asked", [True, False])
def test_an_answer_that_is_read_must_not_be_packed(asked: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Whatever the client takes, an answer that is read comes as it is."""
    headers = [one for one in REQUEST if asked or one[0] != b"accept-encoding"]
    sent = for_upstream(headers, read=True, changed=False)
    assert [one for one in sent if one[0] == b"accept-encoding"] == [
        (b"accept-encoding", b"identity")
    ]
    assert len(sent) == len(REQUEST)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x", b"a\r\nhost: there"),
        (b"x", b"a\nb"),
        (b"x", b"a\0"),
        (b"x", b"\x7f"),
        (b"x y", b"a"),
        (b"x\r\n", b"a"),
        (b"", b"a"),
    ],
)
def test_a_header_with_control_characters_is_refused(name: bytes, value: bytes) -> None:
    """A request is refused for what no header may have; an answer goes without it."""
    with pytest.raises(ValueError, match="has characters it must not"):
        for_upstream([*REQUEST, (name, value)], read=False, changed=False)
    assert for_client([*ANSWER, (name, value)], changed=False) == ANSWER


def test_a_refusal_does_not_tell_the_value() -> None:
    """The value of a header that is refused may be a secret."""
    with pytest.raises(ValueError, match="authorization") as raised:
        for_upstream([(b"authorization", b"sk-1\n")], read=False, changed=False)
    assert "sk-1" not in str(raised.value)


def test_an_answer_keeps_its_headers_in_order() -> None:
    """Headers that repeat stay apart, and in their order."""
    headers = [*HOP[:2], *ANSWER[:2], *OF_THE_BODY, *ANSWER[2:], *HOP[2:]]
    assert for_client(headers, changed=True) == ANSWER
    assert for_client([*ANSWER, *OF_THE_BODY], changed=False) == [
        *ANSWER,
        *OF_THE_BODY,
    ]


def test_a_connection_may_name_its_headers_anywhere() -> None:
    """What any `connection` header names is dropped, wherever it stands."""
    named: Headers = [(b"X-A", b"1"), (b"connection", b"close"), *ANSWER]
    named = [*named, (b"Connection", b"x-a,X-B"), (b"x-b", b"2")]
    assert for_client(named, changed=False) == ANSWER


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"),
        *("set-cookie", "x-goog-api-key", "x-amz-security-token", "X-Client-Secret"),
        *("x-auth-token", "cf-access-client-secret", "x-db-password"),
    ],
)
def test_a_log_has_no_secrets(name: str) -> None:
    """Whatever could let anybody in is not told, but that it was there."""
    shown = redacted([(name.encode(), b"sk-secret"), *ANSWER])
    assert shown[0] == (name.lower().encode(), REDACTED)
    assert (b"anthropic-ratelimit-tokens-remaining", b"5") in shown
    assert (b"request-id", b"req_1") in shown


@settings(deadline=None, max_examples=100)
@given(headers=any_headers, read=st.booleans(), changed=st.booleans())
def test_passing_on_twice_is_passing_on_once(
    headers: Headers,
    read: bool,  # noqa: FBT001 - a parameter of the test
    changed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """What was passed on is all passed on by the next proxy that does the same."""
    once = for_client(headers, changed=changed)
    assert for_client(once, changed=changed) == once
    sent = for_upstream(once, read=read, changed=changed)
    assert for_upstream(sent, read=read, changed=changed) == sent
