"""What goes to stderr while a server runs: a line for each request, and what fails.

Of exceptions it is told what and where, and not what they say: that may be a text of a
request.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from headroom_langchain.serve.operations.entry import said
from headroom_langchain.serve.server.settings import LogFormat

_LEVELS: Final = {"headroom_langchain": logging.INFO, "uvicorn": logging.WARNING}
"""What is logged, by logger."""
_FRAMES: Final = 3
"""Places of a traceback that are told, the innermost."""

_RED, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


@contextmanager
def logged_to_stderr(form: LogFormat | None, *, color: bool = False) -> Iterator[None]:
    """Write what this process logs to stderr, until the end of the block.

    Args:
        form: How; `None` for nothing at all.
        color: Color lines for people.
    """
    handler: logging.Handler = logging.NullHandler()
    if form is not None:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Json() if form == "json" else _Text(color=color))
    with ExitStack() as stack:
        for name, level in _LEVELS.items():
            logger = logging.getLogger(name)
            stack.callback(
                _set_up, logger, logger.handlers, logger.level, logger.propagate
            )
            _set_up(logger, [handler], level, propagate=False)
        yield


def _set_up(
    logger: logging.Logger,
    handlers: list[logging.Handler],
    level: int,
    propagate: bool,  # noqa: FBT001 - the fields of a logger, in their order
) -> None:
    logger.handlers = handlers
    logger.setLevel(level)
    logger.propagate = propagate


class _Json(logging.Formatter):
    """A line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(record), separators=(",", ":"))


class _Text(logging.Formatter):
    """A line for people for each record."""

    def __init__(self, *, color: bool) -> None:
        super().__init__()
        self._color = color

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        now = time.strftime("%H:%M:%S", time.localtime(record.created))
        told = _request(fields) if fields["event"] == "request" else _event(fields)
        if not self._color:
            return f"{now} {told}"
        bad, odd = record.levelno >= logging.ERROR, record.levelno >= logging.WARNING
        sign = _RED if bad else _YELLOW if odd else ""
        return f"{_DIM}{now}{_PLAIN} {sign}{told}{_PLAIN if sign else ''}"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record says; lines of requests are JSON already."""
    message = record.getMessage()
    if message.startswith("{"):
        try:
            fields = json.loads(message)
        except ValueError:
            pass
        else:
            if isinstance(fields, dict) and "event" in fields:
                return fields
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields = {"event": record.levelname.lower(), "time": at, "problem": said(message)}
    if record.exc_info and record.exc_info[0] is not None:
        kind, _, trace = record.exc_info
        fields["exception"] = kind.__name__
        fields["at"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(trace)[-_FRAMES:]
        ]
    return fields


def _event(fields: Mapping[str, Any]) -> str:
    parts = [str(fields["event"]), str(fields.get("problem", ""))]
    if "exception" in fields:
        parts.append(f"({fields['exception']} at {'; '.join(fields['at'])})")
    return " ".join(part for part in parts if part)


def _request(fields: Mapping[str, Any]) -> str:
    """Return the line of a request."""
    parts = [
        str(fields.get("status", 0) or "---"),
        f"{fields.get('method')} {fields.get('path')}",
        str(fields.get("model", "")),
        f"{fields.get('seconds', 0.0):.2f} s",
    ]
    if fields.get("compressed"):
        before, after = fields["tokens_before"], fields["tokens_sent"]
        parts.append(f"{before:,} -> {after:,} tokens")
    if retrievals := fields.get("retrievals"):
        parts.append(f"{retrievals} retrieved")
    if fields.get("outcome") == "left":
        parts.append("client left")
    parts.append(str(fields.get("problem", "")))
    return " ".join(part for part in parts if part)
