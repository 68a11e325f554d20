"""Choose the lines of a configuration file that an excerpt shows.

What differs from comparable settings comes first, then warnings, then each setting
once with its first value. Every line is shown with the lines it stands under.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.choice import (
    Choice,
    evenly,
    evenly_in_runs,
    token_costs,
)
from headroom_langchain.compression.config.differing import differing
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.structure.settings import Settings
from headroom_langchain.structure.statements import Weight, weigh
from headroom_langchain.structure.stems import Lowered

_HEAD: Final = 0.04
_TAIL: Final = 0.02
_ASKED: Final = 0.3
_MENTIONED: Final = 2
_REPEATING: Final = 0.5
_REST: Final = 0.2
"""Where half of the settings come again, a sample of the rest tells enough."""
_LEVELS: Final = 24
_RUN: Final = 3
_NAMES: Final = frozenset(("name", "id", "kind", "image", "version", "title", "host"))
_RISKY: Final = (
    "privileged|:latest|hostnetwork|hostpid|host_network|insecure|disabled|disable_"
    "|todo|fixme|hack|xxx|password|secret|passwd|api_key|apikey|token|0.0.0.0|debug"
    "|skip|allow_all|verify|runasuser: 0|root|broken|unsafe|experimental|workaround"
    "|work around|***|known issue|not available|unavailable|bug|because|pinned"
    "|temporar|do not"
).split("|")
_TELLING = re.compile(
    r"version|require|timeout|limit|min_?|max|port|replica|image|skip|exclu|enable"
    r"|disable|host|url|mode|level|memory|cpu|size|days|bits|ttl|retr|strict|secur|allow"
    r"|deny|auth|user|type|policy|strategy|engine|driver|database|schedule|interval",
    re.IGNORECASE,
)
"""Names of settings that somebody who reads a configuration looks for."""
_ANCHOR = re.compile(r"[^#]*(?:[:\-] ?&\w|<<:)|include |@import|extends:")


def choose(lines: Sequence[str], budget: int, interest: Interest) -> bytearray:
    """Choose what to show.

    Args:
        lines: The lines of the file, or pieces of over-long ones.
        budget: Estimated tokens.
        interest: What the agent was looking for.

    Returns:
        One byte per line, 1 for shown.
    """
    settings = Settings(lines)
    lowered = Lowered(lines)
    weights = weigh(lowered, len(lines))
    choice = Choice(lines, costs=token_costs(lines))
    size = len(lines)
    choice.add_each(range(size), _HEAD * budget)
    choice.add_each(range(size - 1, -1, -1), choice.spent + _TAIL * budget)
    few = max(3, size // 20)
    first = _first_of_each(settings)
    named = sum(1 for at in range(size) if settings.sets(at))
    rest = _REST if len(first) < _REPEATING * named else 1.0
    risky = sorted(set(lowered.having(_RISKY)))
    for wanted, share in (
        (lines_with(lines, interest.arguments, few=few), _ASKED),
        (evenly(_sections(settings)), 0.35),
        (differing(settings), 0.5),
        (evenly(_once(lines, _of(weights, Weight.WARNING))), 0.5),
        (evenly(_once(lines, risky)), 0.5),
        ([at for at, line in enumerate(lines) if _ANCHOR.match(line)], 0.3),
        (evenly([at for at in first if _TELLING.search(settings.keys[at])]), 0.5),
        (evenly_in_runs(first, _RUN), 0.65),
        (evenly(_once(lines, _of(weights, Weight.LIMIT))), 0.5),
        (evenly(_scalars(settings)), 0.4),
        (evenly_in_runs(_disabled(settings), _RUN), 0.4),
        (lines_with(lines, interest.question, few=_MENTIONED), 0.5),
        (evenly(_once(lines, _of(weights, Weight.RULE))), 0.3),
        (evenly(_named(settings)), 0.5),
        (evenly(_first_comments(settings)), 0.5),
        (evenly_in_runs(_settled(settings), _RUN), rest),
    ):
        limit = choice.spent + share * (budget - choice.spent)
        choice.add_each(_with_parents(settings, wanted), limit)
    choice.close_gaps()
    return choice.shown


def _with_parents(settings: Settings, wanted: Iterable[int]) -> Iterator[int]:
    for at in wanted:
        above: list[int] = []
        parent = settings.parents[at]
        while parent >= 0 and len(above) < _LEVELS:
            above.append(parent)
            parent = settings.parents[parent]
        yield from reversed(above)
        yield at


def _of(weights: Sequence[Weight], weight: Weight) -> list[int]:
    return [at for at, known in enumerate(weights) if known == weight]


def _once(lines: Sequence[str], wanted: Sequence[int]) -> list[int]:
    """Leave out lines that say the same as one before, or remark the same."""
    first: dict[str, int] = {}
    for at in wanted:
        setting, _, remark = lines[at].partition(" #")
        remarked = bool(remark) and any(stem in remark.lower() for stem in _RISKY)
        first.setdefault((remark if remarked else setting).strip(), at)
    return list(first.values())


def _sections(settings: Settings) -> list[int]:
    """Sections, and names that stand under nothing and have others under them."""
    parents = set(settings.parents)
    return [
        at
        for at, parent in enumerate(settings.parents)
        if (settings.sections[at] and settings.keys[at])
        or (parent < 0 and at in parents)
    ]


def _first_of_each(settings: Settings) -> list[int]:
    """The first line of each name and indentation, with its value."""
    first: dict[tuple[int, str], int] = {}
    for at, key in enumerate(settings.keys):
        if settings.sets(at):
            first.setdefault((settings.depths[at], key), at)
    return list(first.values())


def _disabled(settings: Settings) -> list[int]:
    """Settings that are there as comments."""
    keys, comments = settings.keys, settings.comments
    return [at for at, key in enumerate(keys) if key and comments[at]]


def _scalars(settings: Settings) -> list[int]:
    """The first line of each text that runs over lines, such as a script."""
    return [
        at
        for at, parent in enumerate(settings.parents)
        if at
        and parent == at - 1
        and not (settings.keys[at] or settings.comments[at] or settings.items[at])
    ]


def _settled(settings: Settings) -> list[int]:
    """Lines that are no comments."""
    return [at for at, remark in enumerate(settings.comments) if not remark]


def _named(settings: Settings) -> list[int]:
    return [at for at, key in enumerate(settings.keys) if key.lower() in _NAMES]


def _first_comments(settings: Settings) -> list[int]:
    """The first line of each run of comments."""
    comments = settings.comments
    return [
        at
        for at, remark in enumerate(comments)
        if remark and not (at and comments[at - 1])
    ]
