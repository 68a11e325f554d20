"""What a model may ask of `headroom_retrieve`, read from its arguments.

A model makes mistakes with arguments. None of them raises: a request that cannot
be understood becomes a refusal, a sentence that says what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headroom_langchain.ccr.retrieval.json_query import JsonPath, parse_json_path
from headroom_langchain.ccr.retrieval.measure import beginning
from headroom_langchain.ccr.store.base import KEY_LENGTH
from headroom_langchain.structure.patterns import SafePattern, compile_pattern

MOST_KEYS: Final = 5
"""How many originals one call may ask for."""

_LONGEST_QUERY: Final = 2000
_LONGEST_ECHO: Final = 60
_DEAREST_ECHO: Final = 35
"""Tokens, of which letters that are rare take several each."""
_MOST_ENDS: Final = 2
_HASH = re.compile(r"[0-9a-f]+")
_AROUND: Final = "\"'`<>#*()[]{}.… "
_WHOLE_HASH = re.compile(rf"(?<![0-9A-Za-z])[0-9A-Fa-f]{{{KEY_LENGTH}}}(?![0-9A-Za-z])")
_NUMBER: Final = r"#?(?:l|lines?\b)?[\s:]*(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})"
_LINES = re.compile(
    rf"{_NUMBER}(?P<to>\s*(?:-|\.\.|[\u2010-\u2015\u2212]|:|to)\s*(?:{_NUMBER}|end)?)?"
)
_NOT_GIVEN: Final = frozenset({"", "null", "none"})
_REGEX = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
_FLAGS: Final = frozenset("imsgu")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRange:
    """Lines by number, both ends included."""

    first: int
    last: int | None = None
    """The last line, or `None` for the end of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalRequest:
    """A request that can be answered."""

    keys: tuple[str, ...]
    """The hashes of the originals, in the order in which they were asked for."""
    left_over: int = 0
    """How many hashes were named beyond those that one call may ask for."""
    query: str | SafePattern | JsonPath | None = None
    """Words, a regular expression or a JSON path."""
    lines: LineRange | None = None
    """Which lines to return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that cannot be answered."""

    reason: str
    """What is wrong and what to write instead, for the model."""
    needs_hash: bool = False
    """Whether it is the hash that is wrong, so that naming some would help."""


def parse_request(arguments: Mapping[str, object]) -> RetrievalRequest | Refusal:
    """Read the arguments of a call; takes any arguments and never raises.

    Args:
        arguments: `hash`, and if the model likes `query` and `lines`.

    Returns:
        The request, or what to tell the model when it makes no sense.
    """
    named = _named(arguments.get("hash"))
    if isinstance(named, Refusal):
        return named
    query = _query(arguments.get("query"))
    if isinstance(query, Refusal):
        return query
    lines = _line_range(arguments.get("lines"))
    if isinstance(lines, Refusal):
        return lines
    return RetrievalRequest(
        keys=named[:MOST_KEYS],
        left_over=max(0, len(named) - MOST_KEYS),
        query=query,
        lines=lines,
    )


def echo(value: object) -> str:
    """Return what a model wrote, quoted and cut short, to name it in an answer."""
    whole = repr(value)
    shown = whole[:_LONGEST_ECHO]
    return beginning(shown if shown == whole else f"{shown}…", _DEAREST_ECHO)


def _named(value: object) -> tuple[str, ...] | Refusal:
    """Return the hashes that are named, each once."""
    if isinstance(value, (list, tuple, dict)):
        value = ",".join(_WHOLE_HASH.findall(str(value))) or value
    if not isinstance(value, str) or not value.strip():
        given = "is missing" if value is None or value == "" else f"was {echo(value)}"
        return Refusal(
            reason=f"`hash` {given}. Write the {KEY_LENGTH} hex digits that stand in "
            'the marker: hash="<hash>".',
            needs_hash=True,
        )
    found = [key.strip(_AROUND).lower() for key in re.split(r"[,;\s]+", value)]
    keys = [key for key in found if key]
    if not all(_HASH.fullmatch(key) for key in keys):
        # The words of the marker around a hash do no harm.
        keys = [key.lower() for key in _WHOLE_HASH.findall(value)]
    if not keys:
        return Refusal(
            reason=f"`hash` was {echo(value)}, which is not a hash. Write the "
            f"{KEY_LENGTH} hex digits that stand in the marker; what to look for "
            "goes into `query`.",
            needs_hash=True,
        )
    return tuple(dict.fromkeys(keys))


def _query(value: object) -> str | SafePattern | JsonPath | Refusal | None:
    if value is None:
        return None
    if isinstance(value, (int, float)):
        value = str(value)
    if not isinstance(value, str):
        return Refusal(
            reason=f"`query` was {echo(value)}. Write words, `/regex/`, or a JSON "
            "path that starts with `$`, as one string."
        )
    query = value.strip()[:_LONGEST_QUERY]
    regex = _REGEX.fullmatch(query)
    if regex and set(regex[2]) <= _FLAGS:
        pattern = compile_pattern(regex[1])
        return Refusal(reason=pattern) if isinstance(pattern, str) else pattern
    if query.startswith(("$.", "$[")) or query == "$":
        path = parse_json_path(query)
        return Refusal(reason=path) if isinstance(path, str) else path
    return query or None


def _line_range(value: object) -> LineRange | Refusal | None:
    if value is None:
        return None
    numbers = value if isinstance(value, (list, tuple)) else [value]
    if 0 < len(numbers) <= _MOST_ENDS and all(type(end) is int for end in numbers):
        value = "-".join(map(str, numbers))
    written = value.strip().lower() if isinstance(value, str) else ""
    if isinstance(value, str) and written in _NOT_GIVEN:
        return None
    match = _LINES.fullmatch(written)
    # Where there is but one number, a comma may stand between two.
    if match is None or (match["to"] is None and "," in written):
        return Refusal(
            reason=f'`lines` was {echo(value)}. Write `"120-180"`, `"120-"` or `"120"`.'
        )
    first, end = (int((match[n] or "0").replace(",", "")) for n in (1, 3))
    first = max(1, first)
    last = first if match["to"] is None else end if match[3] else None
    if last is not None and last < first:
        return Refusal(
            reason=f"`lines` was {echo(value)}, which ends before it starts. Write "
            f'`"{last or 1}-{first}"`.'
        )
    return LineRange(first=first, last=last)
