"""One line of JSON for each request, by way of the standard library's logging.

The message of a record is the line; a handler with the format `%(message)s` writes it
as it is. All characters but those of ASCII are escaped, so a line stays one line.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Final

from headroom_langchain.serve.operations.entry import Entry

LOGGER: Final = logging.getLogger("headroom_langchain.serve")

_CLIENTS_FAULT: Final = range(400, 500)


def log_request(entry: Entry) -> None:
    """Log a request that is over.

    What this server or an upstream is to blame for is an error, what the client is to
    blame for a warning; that a client left is none of both.
    """
    level = _level(entry)
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, "%s", _line(entry))


def log_event(level: int, event: str, problem: str) -> None:
    """Log that something went wrong beside requests.

    Args:
        level: How bad it is.
        event: What it is, in words that do not change.
        problem: What was said about it.
    """
    LOGGER.log(level, "%s", json.dumps({"event": event, "problem": problem}))


def _level(entry: Entry) -> int:
    if entry["outcome"] == "failed":
        theirs = entry["status"] in _CLIENTS_FAULT
        return logging.WARNING if theirs else logging.ERROR
    return logging.WARNING if entry["outcome"] == "refused" else logging.INFO


def _line(entry: Entry) -> str:
    time = datetime.fromtimestamp(entry["at"], UTC).isoformat(timespec="milliseconds")
    fields: dict[str, object] = {"event": "request", "time": time}
    fields |= {
        name: value
        for name, value in entry.items()
        if name in _FIELDS and value not in _NOTHING
    }
    if entry["before"]:
        fields["tokens_before"] = entry["before"]
        fields["tokens_sent"] = entry["after"]
        fields["compressed"] = len(entry["hidden"]) + entry["more"]
    return json.dumps(fields, separators=(",", ":"))


_NOTHING: Final[tuple[object, ...]] = ("", None, [])
"""What says nothing is left out; zeros and `false` say something."""

_FIELDS: Final = frozenset(
    (
        "id",
        "method",
        "path",
        "dialect",
        "model",
        "stream",
        "status",
        "outcome",
        "problem",
        "seconds",
        "first_byte",
        "bytes_in",
        "bytes_out",
        "rounds",
        "retrievals",
        "usage",
        "notes",
    )
)
