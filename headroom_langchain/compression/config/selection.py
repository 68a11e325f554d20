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
from headroom_langchain.structure.settings import Setting, read_settings
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
    settings = read_settings(lines)
    lowered = Lowered(lines)
    weights = weigh(lowered, len(lines))
    choice = Choice(lines, costs=token_costs(lines))
    size = len(lines)
    choice.add_each(range(size), _HEAD * budget)
    choice.add_each(range(size - 1, -1, -1), choice.spent + _TAIL * budget)
    few = max(3, size // 20)
    first = _first_of_each(settings)
    named = sum(1 for setting in settings if setting.key)
    rest = _REST if len(first) < _REPEATING * named else 1.0
    risky = sorted(set(lowered.having(_RISKY)))
    for wanted, share in (
        (lines_with(lines, interest.arguments, few=few), _ASKED),
        (evenly(_sections(settings)), 0.35),
        (differing(settings), 0.5),
        (evenly(_once(lines, _of(weights, Weight.WARNING))), 0.5),
        (evenly(_once(lines, risky)), 0.5),
        ([at for at, line in enumerate(lines) if _ANCHOR.match(line)], 0.3),
        (evenly([at for at in first if _TELLING.search(settings[at].key)]), 0.5),
        (evenly_in_runs(first, _RUN), 0.65),
        (evenly(_once(lines, _of(weights, Weight.LIMIT))), 0.5),
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


def _with_parents(settings: Sequence[Setting], wanted: Iterable[int]) -> Iterator[int]:
    for at in wanted:
        above: list[int] = []
        parent = settings[at].parent
        while parent >= 0 and len(above) < _LEVELS:
            above.append(parent)
            parent = settings[parent].parent
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


def _sections(settings: Sequence[Setting]) -> list[int]:
    """Sections, and names that stand under nothing and have others under them."""
    parents = {setting.parent for setting in settings}
    return [
        at
        for at, one in enumerate(settings)
        if (one.is_section and one.key) or (one.parent < 0 and at in parents)
    ]


def _first_of_each(settings: Sequence[Setting]) -> list[int]:
    """The first line of each name and indentation, with its value."""
    first: dict[tuple[int, str], int] = {}
    for at, setting in enumerate(settings):
        if setting.key:
            first.setdefault((setting.depth, setting.key), at)
    return list(first.values())


def _settled(settings: Sequence[Setting]) -> list[int]:
    """Lines that are no comments."""
    return [at for at, setting in enumerate(settings) if not setting.is_comment]


def _named(settings: Sequence[Setting]) -> list[int]:
    return [at for at, one in enumerate(settings) if one.key.lower() in _NAMES]


def _first_comments(settings: Sequence[Setting]) -> list[int]:
    """The first line of each run of comments."""
    return [
        at
        for at, one in enumerate(settings)
        if one.is_comment and not (at and settings[at - 1].is_comment)
    ]
