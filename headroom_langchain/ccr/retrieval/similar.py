"""Terms of a text that stand in for a word of a query that is not in it.

A path may be asked for without the folder that all paths begin with, a verb in
another form, a name with a slip. Only words that occur nowhere are looked for this
way: one that does occur is meant as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Final

_SHORTEST: Final = 4
_STEM: Final = 4
_ENDINGS: Final = frozenset(
    ["", *"s es d ed r er e ing ion ions or ive able ment ments al ly y ies".split()]
)
_MOST: Final = 6
_PATH: Final = 1.0
_FORM: Final = 0.6
_SLIP: Final = 0.4


class Vocabulary:
    """The terms of a text, in the groups in which similar ones are looked for."""

    def __init__(self, terms: Collection[str]) -> None:
        """Hold terms.

        Args:
            terms: What occurs; nothing is copied before something is looked for.
        """
        self._terms = terms

    def __contains__(self, term: object) -> bool:
        """Tell whether a term occurs."""
        return term in self._terms

    @cached_property
    def paths(self) -> list[str]:
        """The terms that have steps, as `src/app.py` has."""
        return [term for term in self._terms if "/" in term or "." in term]

    @cached_property
    def by_letter(self) -> Mapping[str, list[str]]:
        """The terms by their first character."""
        found: dict[str, list[str]] = {}
        for term in self._terms:
            found.setdefault(term[0], []).append(term)
        return found


def similar_terms(term: str, vocabulary: Vocabulary) -> dict[str, float]:
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
        return dict.fromkeys(_paths_to(term, vocabulary.paths), _PATH)
    if not term.isalpha():
        return {}
    near = vocabulary.by_letter.get(term[0], ())
    stem = term[:_STEM]
    forms = sorted(w for w in near if w.startswith(stem) and _is_form(term, w))
    if forms:
        forms.sort(key=lambda word: abs(len(word) - len(term)))
        return dict.fromkeys(forms[:_MOST], _FORM)
    sizes = range(len(term) - 1, len(term) + 2)
    slips = sorted(w for w in near if len(w) in sizes and _is_slip(term, w))
    return dict.fromkeys(slips[:_MOST], _SLIP)


def _paths_to(term: str, paths: Iterable[str]) -> list[str]:
    """Return the shortest paths that end with a term, and not with each other."""
    ends = (f"/{term}", f".{term}")
    found: list[str] = []
    for path in sorted((path for path in paths if path.endswith(ends)), key=len):
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
