"""What goes to stderr while a server runs."""

from __future__ import annotations

import json
import logging

import pytest

from headroom_langchain.serve.handled import Handled
from headroom_langchain.serve.operations.entry import entry_of
from headroom_langchain.serve.operations.request_log import log_request
from headroom_langchain.serve.server.logs import logged_to_stderr
from headroom_langchain.serve.server.settings import LogFormat

LOGGER = logging.getLogger("headroom_langchain.serve")
FORMATS: list[LogFormat] = ["json", "text"]


def _handled(**given: object) -> Handled:
    fields = {"id": "a1", "at": 0.0, "method": "POST", "path": "/v1/messages"}
    return Handled(dialect="messages", **{**fields, **given})  # type: ignore[arg-type] # the test's own


def test_each_request_is_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With `json` the lines are those that programs read, and there is nothing else."""
    with logged_to_stderr("json"):
        log_request(entry_of(_handled(status=200)))
        LOGGER.warning("odd\nthing")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["status"], first["id"]) == ("request", 200, "a1")
    assert (second["event"], second["problem"]) == ("warning", "odd thing")


def test_each_request_is_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """With `text` a line has status, path, model and time, and what went wrong."""
    with logged_to_stderr("text"):
        log_request(entry_of(_handled(status=200, model="claude-x", seconds=1.5)))
        log_request(entry_of(_handled(outcome="left")))
        failed = _handled(status=502, outcome="failed", problem="Nobody is there.")
        log_request(entry_of(failed))
    lines = [line[9:] for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "200 POST /v1/messages claude-x 1.50 s",
        "--- POST /v1/messages 0.00 s client left",
        "502 POST /v1/messages 0.00 s Nobody is there.",
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_what_exceptions_say_is_not_told(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception may quote a request: its kind and place are told, not its words."""
    with logged_to_stderr(form):
        try:
            _fail()
        except ValueError:
            LOGGER.exception("a request failed")
    told = capsys.readouterr().err
    assert "a request failed" in told
    assert "ValueError" in told
    assert "_fail" in told
    assert "salary" not in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_keys_are_not_told(form: LogFormat, capsys: pytest.CaptureFixture[str]) -> None:
    """A key in a message of whomever is taken out."""
    with logged_to_stderr(form):
        LOGGER.warning("it said: Bearer sk-ant-api03-0123456789abcdef")
    assert "0123456789abcdef" not in capsys.readouterr().err


def test_without_a_format_nothing_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    """A command whose terminal is another's writes nothing to it."""
    with logged_to_stderr(None):
        LOGGER.error("bad")
        logging.getLogger("uvicorn.error").error("worse")
    assert capfd.readouterr().err == ""


def test_colors_are_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    """Only where it is asked for, a line is colored, and a failure in red."""
    with logged_to_stderr("text", color=True):
        LOGGER.error("bad")
    assert "\x1b[31m" in capsys.readouterr().err


def test_logging_is_afterwards_as_it_was() -> None:
    """Whoever runs a server inside a program has their logging back."""
    logger = logging.getLogger("headroom_langchain")
    before = (logger.handlers, logger.level, logger.propagate)
    with logged_to_stderr("json"):
        assert (logger.handlers, logger.level, logger.propagate) != before
    assert (logger.handlers, logger.level, logger.propagate) == before


def _fail() -> None:
    msg = "the salary of everybody"
    raise ValueError(msg)
