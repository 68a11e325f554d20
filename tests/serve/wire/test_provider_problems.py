"""Errors are written as the provider writes them, and read whoever wrote them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.serve.wire.problems import Problem, Provider, body, problem_of

PROVIDERS: tuple[Provider, ...] = ("anthropic", "openai")
each_provider = pytest.mark.parametrize("provider", PROVIDERS)


@pytest.mark.parametrize(
    ("status", "anthropic", "openai"),
    [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "invalid_request_error"),
        (402, "billing_error", "invalid_request_error"),
        (403, "permission_error", "invalid_request_error"),
        (404, "not_found_error", "invalid_request_error"),
        (408, "timeout_error", "invalid_request_error"),
        (413, "request_too_large", "invalid_request_error"),
        (418, "invalid_request_error", "invalid_request_error"),
        (429, "rate_limit_error", "rate_limit_exceeded"),
        (500, "api_error", "server_error"),
        (502, "api_error", "server_error"),
        (503, "overloaded_error", "server_error"),
        (504, "timeout_error", "server_error"),
        (529, "overloaded_error", "server_error"),
    ],
)
def test_a_status_has_the_name_that_the_provider_gives_it(
    status: int, anthropic: str, openai: str
) -> None:
    """Clients that look at the type of an error find the one that they know."""
    problem = Problem(status=status, message="No: é")
    assert json.loads(body("anthropic", problem)) == {
        "type": "error",
        "error": {"type": anthropic, "message": "No: é"},
    }
    assert json.loads(body("openai", problem)) == {
        "error": {"type": openai, "message": "No: é", "param": None, "code": None}
    }


@each_provider
def test_a_problem_is_read_as_it_was_written(provider: Provider) -> None:
    """The type and the words of an error survive being passed on."""
    problem = Problem(status=529, message="Overloaded \ud800", type="overloaded_error")
    assert problem_of(provider, 529, body(provider, problem)) == problem


@pytest.mark.parametrize(
    ("raw", "message", "type_"),
    [
        ('{"error": {"message": "m", "type": "t", "code": 5}}', "m", "t"),
        ('{"error": {"message": "m", "type": null, "code": "c"}}', "m", "c"),
        ('{"error": {"message": "m"}}', "m", ""),
        ('{"error": "m"}', "m", ""),
        ('{"message": "m"}', "m", ""),
        ('{"detail": "m"}', "m", ""),
        ('[{"error": {"message": "m", "status": "UNAVAILABLE"}}]', "m", ""),
        ('"m"', "m", ""),
        ("upstream connect error\n", "upstream connect error", ""),
    ],
)
@each_provider
def test_the_words_of_gateways_are_found(
    provider: Provider, raw: str, message: str, type_: str
) -> None:
    """Whoever on the way wrote an error, its words are told."""
    expected = Problem(status=503, message=message, type=type_)
    assert problem_of(provider, 503, raw.encode()) == expected


@pytest.mark.parametrize(
    "raw",
    [b"", b"<html>\n", b"{}", b'{"error": {}}', b'{"error": {"message": 5}}', b"[]"],
)
def test_an_error_without_words_is_told_by_its_status(raw: bytes) -> None:
    """Where the upstream said nothing, its status says what is known."""
    said = "The openai upstream answered 502 Bad Gateway and did not say why."
    assert problem_of("openai", 502, raw) == Problem(status=502, message=said)
    assert "anthropic upstream answered 529 and" in (
        problem_of("anthropic", 529, raw).message
    )


def test_a_type_without_words_is_kept() -> None:
    """An error that has only a type keeps it."""
    problem = problem_of("openai", 503, b'{"error": {"type": "server_error"}}')
    assert problem.type == "server_error"
    assert "503" in problem.message


@settings(deadline=None, max_examples=100)
@given(raw=st.binary(max_size=40) | st.from_regex(rb'\{"error": ?[\[{"x].*'))
def test_any_body_is_read(raw: bytes) -> None:
    """Whatever an upstream sends with an error, there is something to tell."""
    problem = problem_of("anthropic", 500, raw)
    assert problem.message
    assert len(problem.message) <= 2000


def test_a_deep_body_is_read() -> None:
    """A body that is nested without end is no trouble."""
    assert problem_of("openai", 500, b"[" * 100_000).message
