"""Which values of a document tell of something that went wrong."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORDS = re.compile(
    r"(?<![\w./=-])(?:errors?|exceptions?|fatal|critical|panic(?:ked)?|traceback"
    r"|fail(?:s|ed|ing|ures?)?|denied|refused|rejected|timed[ _-]?out|timeout"
    r"|unhealthy|unreachable|unavailable|crash(?:ed|ing)?|killed|abort(?:ed)?"
    r"|corrupt(?:ed|ion)?|invalid|broken|degraded|offline|evicted|unauthorized|forbidden"
    r"|not found|missing|cannot|unable to|could not|unexpected|violations?|severe"
    r"|impaired|expired|insufficient|deadlock)(?![\w/=-]|\.\w)"
    r"|(?<=[a-z])(?:error|exception|failure|failed|killed|backoff|timeout)\b"
    r"|[✗✘❌]",
    re.IGNORECASE,
)
_STEMS: Final = (
    "error", "exception", "fatal", "critical", "panic", "traceback", "fail", "denied",
    "refused", "rejected", "timed", "timeout", "unhealthy", "unreachable",
    "unavailable", "crash", "killed", "abort", "corrupt", "invalid", "broken",
    "degraded", "offline", "evicted", "unauthorized", "forbidden", "not found",
    "missing", "cannot", "unable", "could not", "unexpected", "violation", "severe",
    "impaired", "expired", "insufficient", "deadlock", "backoff",
    "\u2717", "\u2718", "\u274c",
)  # fmt: skip
_LONG: Final = 160
_AT_ONCE: Final = 500
_HARMLESS = re.compile(
    r"(?<!\w)(?:0|no|zero|without)(?: \w+)? (?:errors?|fail(?:ures?|ed|s)?)",
    re.IGNORECASE,
)
_KEYS = re.compile(
    r"(?:^|[a-z._-])(?:error|exception|failure|fault|stderr|traceback|failed|warning"
    r"|deprecated|deprecation)s?"
    r"(?:_?(?:count|message|msg|code|reason|text|type|class|details?|info))?(?:\[\d*\])?$",
    re.IGNORECASE,
)
_NOTHING = frozenset(
    ("null", "false", "0", "0.0", '""', "[]", "{}", "none", "None", "", "N/A", '"0"')
)
_CODES = re.compile(
    r"(?:^|[._])(?:(?P<exit>(?:exit|return|exited)_?(?:code|status)|rc)"
    r"|(?:http_?)?status(?:_?code)?)$",
    re.IGNORECASE,
)
_VERDICTS = re.compile(
    r"(?:^|[._])(?:is_?)?(?:success(?:ful)?|succeeded|ok|passed|healthy|valid)$",
    re.IGNORECASE,
)
_HTTP_ERROR: Final = re.compile(r"[45]\d\d")
_NUMBER: Final = re.compile(r"-?[1-9]\d*")
_DIGITS = re.compile(r"\d+")
_KIND_WORDS = 2


@lru_cache(maxsize=4096)
def names_trouble(path: str) -> bool:
    """Tell whether a field is named after something going wrong."""
    return bool(_KEYS.search(path))


@lru_cache(maxsize=4096)
def may_tell_failure(path: str) -> bool:
    """Tell whether a value of a field can be alarming without a word of alarm."""
    return names_trouble(path) or bool(_code(path) or _VERDICTS.search(path))


def alarm_at(cell: str, path: str = "") -> int:
    """Return where in a cell the first alarming word is, or -1.

    Args:
        cell: A value as it is written.
        path: Its field; whatever an `error` field holds is alarming.
    """
    if path and names_trouble(path):
        return -1 if cell in _NOTHING else 0
    if path and _tells_failure(cell, path):
        return 0
    if len(cell) > _LONG and not may_alarm((cell,)):
        return -1
    found = _WORDS.search(cell)
    if found is None or _HARMLESS.search(cell):
        return -1
    return found.start()


def may_alarm(cells: Iterable[str]) -> bool:
    """Tell whether looking for words of alarm in cells could find one."""
    remaining = iter(cells)
    while some := "\n".join(islice(remaining, _AT_ONCE)).casefold():
        if any(stem in some for stem in _STEMS):
            return True
    return False


def _tells_failure(cell: str, path: str) -> bool:
    """Tell whether a code or verdict says that something failed."""
    if cell == "false":
        return bool(_VERDICTS.search(path))
    if not _NUMBER.fullmatch(cell):
        return False
    kind = _code(path)
    return kind == "exit" or (kind == "status" and bool(_HTTP_ERROR.fullmatch(cell)))


@lru_cache(maxsize=4096)
def _code(path: str) -> str:
    """Return which kind of code a field holds, if any."""
    found = _CODES.search(path)
    if found is None:
        return ""
    return "exit" if found["exit"] else "status"


def kind_of(cell: str) -> str:
    """Return how a cell begins, to count what is alike; it decides no repeat."""
    return " ".join(template(cell).split(None, _KIND_WORDS)[:_KIND_WORDS])


def template(cell: str) -> str:
    """Return a cell without its digits, to tell repeats from what is new."""
    return _DIGITS.sub("#", cell)
