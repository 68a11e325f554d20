"""Terms of a text that stand in for a word of a query that is not in it.

A path may be asked for without the folder that all paths begin with, a verb in
another form, a name with a slip. Only words that occur nowhere are looked for this
way: one that does occur is meant as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_SHORTEST: Final = 4
_STEM: Final = 4
_ENDINGS: Final = frozenset(
    ["", *"s es d ed r er e ing ion ions or ive able ment ments al ly y ies".split()]
)
_LONGEST_ENDING: Final = max(map(len, _ENDINGS))
_MOST: Final = 6
_PATH: Final = 1.0
_FORM: Final = 0.6
_SLIP: Final = 0.4


def similar_terms(term: str, vocabulary: Iterable[str]) -> dict[str, float]:
    """Return the terms that a term which does not occur may mean.

    Args:
        term: A term of a query.
        vocabulary: The terms of the text.

    Returns:
        Up to six terms, and the share of its weight that each has: paths that end
        with it, else words with the same stem, else words with one letter wrong.
    """
    if len(term) < _SHORTEST or not term[0].isalnum():
        return {}
    if "/" in term or "." in term:
        return dict.fromkeys(_paths_to(term, vocabulary), _PATH)
    if not term.isalpha():
        return {}
    sizes = range(len(term) - _LONGEST_ENDING, len(term) + _LONGEST_ENDING + 1)
    first = term[0]
    near = [word for word in vocabulary if word[0] == first and len(word) in sizes]
    forms = sorted(word for word in near if _is_form(term, word))
    if forms:
        forms.sort(key=lambda word: abs(len(word) - len(term)))
        return dict.fromkeys(forms[:_MOST], _FORM)
    slips = sorted(word for word in near if _is_slip(term, word))
    return dict.fromkeys(slips[:_MOST], _SLIP)


def _paths_to(term: str, vocabulary: Iterable[str]) -> list[str]:
    """Return the shortest paths that end with a term, and not with each other."""
    ends = (f"/{term}", f".{term}")
    found: list[str] = []
    for path in sorted((word for word in vocabulary if word.endswith(ends)), key=len):
        if not any(path.endswith((f"/{kept}", f".{kept}")) for kept in found):
            found.append(path)
        if len(found) == _MOST:
            break
    return found


def _is_form(term: str, word: str) -> bool:
    """Tell whether two words differ in their endings only, as send and sending do."""
    stem = _shared(term, word)
    return stem >= _STEM and term[stem:] in _ENDINGS and word[stem:] in _ENDINGS


def _is_slip(term: str, word: str) -> bool:
    """Tell whether one letter of a longer word is wrong, missing or too much."""
    shorter, longer = sorted((len(term), len(word)))
    if shorter <= _SHORTEST or longer - shorter > 1:
        return False
    start = _shared(term, word)
    behind = min(_shared(term[::-1], word[::-1]), shorter - start)
    return start + behind >= longer - 1


def _shared(one: str, two: str) -> int:
    """Return how many characters two words have in common before they differ."""
    pairs = enumerate(zip(one, two, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(two)))
