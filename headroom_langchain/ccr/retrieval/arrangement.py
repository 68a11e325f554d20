"""The order in which matches are shown that match about as well as each other.

A query of few words matches many lines alike, and small differences between their
scores mean nothing. What can be shown of them should then tell as much as possible:
a line that was not shown yet before one that says the same, definitions, failures
and settings before comments and brackets, outer values of JSON before inner ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from headroom_langchain.structure.line_sense import Sense, sense
from headroom_langchain.structure.log_levels import Level, judge

if TYPE_CHECKING:
    from headroom_langchain.ccr.retrieval.search import Hit
    from headroom_langchain.structure.passages import Document

_MOST: Final = 600
_MOST_JUDGED: Final = 200
"""Of messages, which take longer to judge than lines of code."""
_STEPS: Final = 30
"""How many scores are told apart between nothing and the best."""
_MESSAGES: Final = frozenset({"lines", "prose", "table"})
_LEAST: Final = 1e-9
_REPEATED: Final = 0.75
_EMPTY: Final = 0.6
_DEEPER: Final = 0.005
_OF_SENSE: Final[Mapping[Sense, float]] = {
    Sense.DEFINITION: 1.06,
    Sense.ALARM: 1.03,
    Sense.SETTING: 1.02,
    Sense.PLAIN: 1.0,
    Sense.COMMENT: 0.98,
    Sense.IMPORT: 0.96,
    Sense.NOTHING: _EMPTY,
}
_OF_LEVEL: Final[Mapping[Level, float]] = {Level.ERROR: 1.04, Level.WARNING: 1.02}


def arranged(document: Document, hits: Sequence[Hit]) -> list[Hit]:
    """Return the best matches, 600 at most, in the order in which to show them.

    Args:
        document: The text, as it was read.
        hits: What was found, best first.
    """
    best = hits[: _MOST_JUDGED if document.form in _MESSAGES else _MOST]
    worth_of = _worth_of(document)
    seen: set[str] = set()
    worths: list[float] = []
    top = max([_LEAST, *(hit.score for hit in best[:1])])
    for hit in best:
        line = document.line(hit.line)
        worth = round(_STEPS * hit.score / top) * worth_of(hit.line, line)
        said = line.strip()
        worths.append(worth * _REPEATED if said in seen else worth)
        seen.add(said)
    order = sorted(range(len(best)), key=lambda at: (-worths[at], best[at].line))
    return [best[at] for at in order]


def _worth_of(document: Document) -> Callable[[int, str], float]:
    """Return what tells how much a line is worth showing, by what the text is."""
    if document.form == "json":
        return partial(_of_value, document)
    if document.form == "code":
        return _of_code
    return _of_change if document.form == "diff" else _of_message


def _of_value(document: Document, at: int, _line: str) -> float:
    depth = sum(1 for _ in document.places(document.owners[at]))
    return 1 - _DEEPER * depth


def _of_code(_at: int, line: str) -> float:
    return _OF_SENSE[sense(line)]


def _of_change(_at: int, line: str) -> float:
    return _OF_SENSE[sense(line[1:])]


def _of_message(_at: int, line: str) -> float:
    if not any(map(str.isalnum, line)):
        return _EMPTY
    return _OF_LEVEL.get(judge(line)[0], 1.0)
