"""Where requests go."""

from __future__ import annotations

import pytest

from headroom_langchain.serve.routing import route
from headroom_langchain.serve.wire.target import joined

VERSIONED = [(b"anthropic-version", b"2023-06-01")]


@pytest.mark.parametrize(
    ("path", "dialect", "provider"),
    [
        ("/v1/messages", "messages", "anthropic"),
        ("/anthropic/v1/messages", "messages", "anthropic"),
        ("/v1/chat/completions", "chat", "openai"),
        ("/chat/completions", "chat", "openai"),
        ("/openai/deployments/x/chat/completions", "chat", "openai"),
        ("/v1/responses", "responses", "openai"),
        ("/responses", "responses", "openai"),
    ],
)
def test_a_protocol_is_known_by_the_end_of_its_path(
    path: str, dialect: str, provider: str
) -> None:
    """Gateways put more in front of it."""
    found = route("POST", path, [])
    assert found.dialect is not None
    assert (found.dialect.name, found.provider) == (dialect, provider)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/responses"),
        ("POST", "/v1/messages/count_tokens"),
        ("POST", "/v1/threads/thread_1/messages"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("POST", "/v1/embeddings"),
        ("GET", "/v1/models"),
    ],
)
def test_everything_else_is_passed_on_unread(method: str, path: str) -> None:
    """Only requests for answers of models are read."""
    assert route(method, path, []).dialect is None


def test_what_both_providers_have_goes_by_the_header_that_one_of_them_wants() -> None:
    """Paths that both have are Anthropic's for Anthropic's clients."""
    assert route("GET", "/v1/models", VERSIONED).provider == "anthropic"
    assert route("GET", "/v1/models", []).provider == "openai"
    assert route("POST", "/v1/messages/batches", []).provider == "anthropic"


@pytest.mark.parametrize(
    ("base", "target", "expected"),
    [
        ("", b"/v1/messages?beta=true", b"/v1/messages?beta=true"),
        ("/v1", b"/v1/chat/completions", b"/v1/chat/completions"),
        ("/v1", b"/chat/completions", b"/v1/chat/completions"),
        ("/api/v1", b"/v1/models", b"/api/v1/models"),
        ("/gateway", b"/v1/models", b"/gateway/v1/models"),
        ("", b"/v1/files/a%2Fb?x=%20", b"/v1/files/a%2Fb?x=%20"),
    ],
)
def test_a_target_stands_below_the_address_of_the_upstream(
    base: str, target: bytes, expected: bytes
) -> None:
    """An address that ends in /v1 takes the place of the request's own."""
    assert joined(base, target) == expected


@pytest.mark.parametrize(
    "target",
    [
        b"/v1/../admin",
        b"/v1/%2e%2e/admin",
        b"/v1/..%2fadmin",
        b"/v1/..\\admin",
        b"/v1/./models",
        b"http://elsewhere/v1/models",
        b"elsewhere",
        b"",
        b"/v1/models\r\nx: y",
        b"/v1/mo dels",
    ],
)
def test_no_target_leads_out_of_the_upstream(target: bytes) -> None:
    """Paths that could lead elsewhere are refused."""
    with pytest.raises(ValueError, match="a path must"):
        joined("/v1", target)
