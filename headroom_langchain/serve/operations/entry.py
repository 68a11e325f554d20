"""A request that is over: as the journal keeps it, and the page and the log show it.

There are figures and names in it, each in one line, cut when it is very long, without
signs that act on a terminal or a page. What looks like a secret is taken out: clients
write keys where they do not belong, and upstreams repeat them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

from headroom_langchain.display.legible import short
from headroom_langchain.reports.report import BlockReport, RetrievalReport
from headroom_langchain.serve.handled import Handled

_SHORT: Final = 300
"""Characters of a name; see `short`."""
_MOST: Final = 50
"""Hidden texts, retrievals and notes that are kept of one request."""

_SECRET: Final = re.compile(
    r"(?i:\bbearer\s+)(?=\S*\d)[\w.~+/=-]{8,}"
    r"|\b(?:sk|pk|rk)[-_](?=\S*\d)[\w*-]{8,}"
    r"|(?i:\b(?:api[_-]?key|token|secret|password)\b[\"']?\s?[=:]\s?)[^\s&]{6,}"
    r"|\beyJ[\w-]{8,}\.[\w.-]+|\bAIza[\w-]{20,}|\bgh[a-z]_\w{20,}"
)
"""What keys look like; it is only asked of short lines."""
_KEY: Final = re.compile(r"[0-9a-f]{24}")


class Counted(TypedDict):
    """What a provider counted; its tokens of input are told apart."""

    input: int
    """Read anew."""
    cached: int
    """Read from its prompt cache."""
    written: int
    """Written to its prompt cache."""
    output: int


class Hidden(TypedDict):
    """A text that was compressed."""

    tool: str
    kind: str
    omitted: str
    """What is not shown; empty when it was only rewritten."""
    before: int
    after: int
    key: str
    """Of the original; empty when nothing is hidden."""


class Asked(TypedDict):
    """A retrieval."""

    round: int
    keys: list[str]
    tokens: int
    error: bool


class Entry(TypedDict):
    """A request that is over."""

    id: str
    at: float
    method: str
    path: str
    dialect: str
    model: str
    stream: bool
    status: int
    outcome: str
    problem: str
    seconds: float
    first_byte: float | None
    bytes_in: int
    bytes_out: int
    rounds: int
    texts: int
    before: int
    """Tokens of all texts as the client sent them."""
    after: int
    """Tokens of texts that were sent on, over all rounds, with what was retrieved."""
    hidden: list[Hidden]
    more: int
    """Compressed texts that are not listed."""
    retrievals: int
    asked: list[Asked]
    usage: Counted | None
    notes: list[str]


def entry_of(handled: Handled) -> Entry:
    """Return what is kept of a request."""
    changed = [block for block in handled.blocks if block.skipped is None]
    first = handled.first_byte
    return {
        "id": handled.id,
        "at": round(handled.at, 3),
        "method": short(handled.method),
        "path": said(handled.path),
        "dialect": handled.dialect,
        "model": said(handled.model),
        "stream": handled.stream,
        "status": handled.status,
        "outcome": handled.outcome,
        "problem": said(handled.problem),
        "seconds": round(handled.seconds, 4),
        "first_byte": None if first is None else round(first, 4),
        "bytes_in": handled.bytes_in,
        "bytes_out": handled.bytes_out,
        "rounds": handled.rounds,
        "texts": len(handled.blocks),
        "before": handled.tokens_before,
        "after": handled.tokens_sent,
        "hidden": [_hidden(block) for block in _largest(changed)],
        "more": max(0, len(changed) - _MOST),
        "retrievals": len(handled.retrievals),
        "asked": [_asked(retrieval) for retrieval in handled.retrievals[:_MOST]],
        "usage": None if handled.usage is None else counted(handled.usage),
        "notes": [said(note) for note in handled.notes[:_MOST]],
    }


def said(text: str) -> str:
    """Return a text in one line that can only be read, without secrets."""
    if not text:
        return text
    if len(text) > _SHORT or not text.isprintable():
        text = short(text)
    return _SECRET.sub("[secret]", text)


def counted(usage: Mapping[str, Any]) -> Counted:
    """Return what a provider counted, whichever protocol it speaks."""
    written = _number(usage, "cache_creation_input_tokens")
    cached = _number(usage, "cache_read_input_tokens")
    fresh = _number(usage, "input_tokens") or _number(usage, "prompt_tokens")
    for name in ("input_tokens_details", "prompt_tokens_details"):
        # Here the cached tokens are part of the input.
        details = usage.get(name)
        if isinstance(details, Mapping):
            cached = _number(details, "cached_tokens")
            fresh = max(0, fresh - cached)
    return {
        "input": fresh,
        "cached": cached,
        "written": written,
        "output": _number(usage, "output_tokens")
        or _number(usage, "completion_tokens"),
    }


def _largest(changed: Sequence[BlockReport]) -> Sequence[BlockReport]:
    """Return as many as are listed, those that saved most, in their order."""
    if len(changed) <= _MOST:
        return changed
    saved = sorted(changed, key=lambda one: one.tokens_after - one.tokens_before)
    listed = {id(block) for block in saved[:_MOST]}
    return [block for block in changed if id(block) in listed]


def _hidden(block: BlockReport) -> Hidden:
    return {
        "tool": said(block.tool or block.role),
        "kind": said(block.kind or ""),
        "omitted": said(block.omitted),
        "before": block.tokens_before,
        "after": block.tokens_after,
        "key": block.key or "",
    }


def _asked(retrieval: RetrievalReport) -> Asked:
    """Return what was asked for; the words of the model are left out."""
    try:
        arguments = json.loads(retrieval.arguments)
    except (ValueError, RecursionError):
        arguments = None
    named = arguments.get("hash") if isinstance(arguments, dict) else None
    return {
        "round": retrieval.round,
        "keys": _KEY.findall(named)[:_MOST] if isinstance(named, str) else [],
        "tokens": retrieval.tokens,
        "error": retrieval.error,
    }


def _number(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) and value > 0 else 0
