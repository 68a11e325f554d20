"""One line of JSON for each request."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watched import block, handled, retrieval, tell

from headroom_langchain.serve.handled import Handled, Outcome
from headroom_langchain.serve.operations.entry import entry_of
from headroom_langchain.serve.operations.operations import Operations

SECRETS = (
    "sk-ant-api03-AbCdEf123456",
    "sk-proj-1234567890abcdef",
    "Bearer abcdef0123456789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "AIzaSyA1234567890abcdefghijklmnopqrstu",
    "ghp_abcdefghijklmnopqrst1234",
    "api_key=hunter2hunter2",
)


class _Kept(logging.Handler):
    """Keeps records."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


def logged(caplog: pytest.LogCaptureFixture, *requests: Handled) -> list[Any]:
    with caplog.at_level(logging.INFO, "headroom_langchain.serve"):
        tell(Operations(metrics=False, page=False), *requests)
    return [json.loads(record.getMessage()) for record in caplog.records]


def test_a_line_has_the_figures_of_a_request(caplog: pytest.LogCaptureFixture) -> None:
    """A line tells what came, what went, and how long it took."""
    (line,) = logged(
        caplog,
        handled(
            at=1_790_000_000.5,
            blocks=(block(), block(skipped="small", tokens_before=5, tokens_after=5)),
            retrievals=(retrieval(),),
            rounds=2,
            usage={"input_tokens": 3, "output_tokens": 4},
            notes=("the store was slow",),
        ),
    )
    assert line == {
        "event": "request",
        "time": "2026-09-21T14:13:20.500+00:00",
        "id": f"{1:032x}",
        "method": "POST",
        "path": "/v1/messages",
        "dialect": "messages",
        "model": "claude-sonnet-4-5",
        "stream": True,
        "status": 200,
        "outcome": "ok",
        "seconds": 1.25,
        "first_byte": 0.25,
        "bytes_in": 1200,
        "bytes_out": 3400,
        "rounds": 2,
        "retrievals": 1,
        "usage": {"input": 3, "cached": 0, "written": 0, "output": 4},
        "notes": ["the store was slow"],
        "tokens_before": 9005,
        "tokens_sent": 2 * 905 + 812,
        "compressed": 1,
    }


@pytest.mark.parametrize(
    ("outcome", "status", "level"),
    [
        ("ok", 200, "INFO"),
        ("left", 200, "INFO"),
        ("left", 0, "INFO"),
        ("refused", 413, "WARNING"),
        ("failed", 429, "WARNING"),
        ("failed", 529, "ERROR"),
        ("failed", 200, "ERROR"),
    ],
)
def test_the_level_tells_who_is_to_blame(
    caplog: pytest.LogCaptureFixture, outcome: Outcome, status: int, level: str
) -> None:
    """Errors are the server's and its upstream's, warnings the client's."""
    logged(caplog, handled(outcome=outcome, status=status))
    assert [record.levelname for record in caplog.records] == [level]


def test_nothing_is_logged_below_the_level(caplog: pytest.LogCaptureFixture) -> None:
    """A logger that is set to warnings gets no line of a request that went well."""
    with caplog.at_level(logging.WARNING, "headroom_langchain.serve"):
        tell(Operations(metrics=False, page=False), handled())
    assert caplog.records == []


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("field", ["path", "model", "problem", "notes", "tool"])
def test_secrets_are_taken_out(secret: str, field: str) -> None:
    """What looks like a key is in no entry, wherever a client or upstream wrote it."""
    said = f"key {secret} is wrong"
    special: dict[str, dict[str, Any]] = {
        "notes": {"notes": (said,)},
        "tool": {"blocks": (block(tool=said),)},
    }
    told = json.dumps(entry_of(handled(**special.get(field, {field: said}))))
    assert "[secret]" in told
    assert secret not in told


@pytest.mark.parametrize(
    "name",
    [
        "claude-sonnet-4-5-20250929",
        "/v1/messages/count_tokens",
        "token_classifier-large",
        "Bearer authentication is required",
        "risk-assessment-2025",
        "us.anthropic.claude-opus-4-1-20250805-v1:0",
    ],
)
def test_names_stay_as_they_are(name: str) -> None:
    """What only begins like a key is no secret."""
    assert entry_of(handled(model=name))["model"] == name


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=400), st.text(max_size=400))
def test_a_line_is_one_line(model: str, problem: str) -> None:
    """Whatever a request says, its line is ASCII without control characters."""
    records: list[logging.LogRecord] = []
    handler = _Kept(records)
    logger = logging.getLogger("headroom_langchain.serve")
    logger.addHandler(handler)
    try:
        request = handled(model=model, problem=problem, outcome="failed")
        tell(Operations(metrics=False, page=False), request)
    finally:
        logger.removeHandler(handler)
    line = records[0].getMessage()
    assert line.isascii()
    assert line.isprintable()
    assert len(json.loads(line).get("model", "")) <= 3100


def test_words_of_the_model_are_not_kept() -> None:
    """Of a retrieval the key is kept, not what the model was looking for."""
    entry = entry_of(handled(retrievals=(retrieval(), retrieval(arguments="{"))))
    assert "words of the model" not in json.dumps(entry)
    assert [asked["keys"] for asked in entry["asked"]] == [[block().key], []]


def test_of_very_many_texts_those_that_saved_most_are_kept() -> None:
    """An entry is bounded, and says how many it does not list."""
    blocks = tuple(
        block(key=f"{number:024x}", tokens_after=number) for number in range(120)
    )
    entry = entry_of(handled(blocks=blocks))
    assert [hidden["after"] for hidden in entry["hidden"]] == list(range(50))
    assert entry["more"] == 70
    assert entry["before"] == 120 * 9000
