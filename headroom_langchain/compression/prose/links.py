"""Addresses that a document repeats, cut to what differs.

A changelog links every entry to the same site. The first such address is shown in
full, of the others what follows the site, or nothing where that is long.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_ADDRESS = re.compile(r"(https?://(?:[^\s/()<>\[\]\"'`]+/){1,3})([^\s()<>\[\]\"'`]*)")
_OFTEN: Final = 5
_LONG: Final = 24


class Links:
    """Which addresses of a document begin alike."""

    def __init__(self, text: str) -> None:
        """Count how addresses begin.

        Args:
            text: The document.
        """
        counts: Counter[str] = Counter()
        if "://" in text:
            counts.update(hit[1] for hit in _ADDRESS.finditer(text))
        self._roots = {root for root, count in counts.items() if count >= _OFTEN}

    def cheaper(self, costs: list[int], texts: Sequence[str]) -> list[int]:
        """Reduce what parts of the document cost by the addresses that are cut.

        Args:
            costs: The tokens of each part.
            texts: The parts.
        """
        if self._roots:
            for at, text in enumerate(texts):
                if "://" in text:
                    costs[at] = round(costs[at] * len(self._cut(text)) / len(text))
        return costs

    def cut_but_first(self, text: str) -> str:
        """Cut the addresses in all that is shown, but the first of each beginning.

        Args:
            text: What is shown of the document.

        Returns:
            The text with `…` for what was cut.
        """
        told: set[str] = set()

        def shorter(hit: re.Match[str]) -> str:
            if hit[1] in told:
                return self._shorter(hit)
            told.add(hit[1])
            return hit[0]

        return _ADDRESS.sub(shorter, text) if self._roots else text

    def _cut(self, text: str) -> str:
        return _ADDRESS.sub(self._shorter, text)

    def _shorter(self, hit: re.Match[str]) -> str:
        if hit[1] not in self._roots:
            return hit[0]
        return "…" if len(hit[2]) > _LONG else f"…/{hit[2]}"
