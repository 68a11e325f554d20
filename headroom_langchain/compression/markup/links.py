"""Where the links of a page lead to, as far as there is room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from headroom_langchain.compression.markup.page_lines import PageLine
from headroom_langchain.tokens import estimate_tokens

_SHARE: Final = 0.25
_LEAST: Final = 60
_WIDEST: Final = 120
_MOST: Final = 6
_FEWEST_SHARED: Final = 3


def with_links(lines: Sequence[PageLine], budget: int) -> list[str]:
    """Return the lines, those first in the page with the targets of their links.

    Args:
        lines: The lines of a page, all of them shown.
        budget: Estimated tokens for everything; targets may take a quarter of
            what the text has.
    """
    spent = sum(estimate_tokens(line.text) + 1 for line in lines)
    room = min(budget - spent, max(_LEAST, _SHARE * spent))
    shared = _shared_beginning(lines)
    texts: list[str] = []
    for line in lines:
        told = _targets(line, shared) if line.links and room > 0 else ""
        room -= estimate_tokens(told) if told else 0
        texts.append(line.text + told if room > 0 else line.text)
    if shared and texts:
        texts.insert(0, f"[links that begin with / begin with {shared}]")
    return texts


def _targets(line: PageLine, shared: str) -> str:
    told: list[str] = []
    for text, target in line.links[:_MOST]:
        short = target.removeprefix(shared) if shared else target
        if len(short) > _WIDEST or short.strip("/") in {text, ""}:
            continue
        alone = len(line.links) == 1 or 2 * len(text) > len(line.text)
        told.append(short if alone else f"{text} → {short}")
    if not told:
        return ""
    joined = "; ".join(told)
    return f" [→ {joined}]" if len(line.links) == 1 else f" [{joined}]"


def _shared_beginning(lines: Sequence[PageLine]) -> str:
    """Return the scheme and host that most targets have, if several have it."""
    hosts: Counter[str] = Counter()
    relative = 0
    for line in lines:
        for _, target in line.links:
            scheme, mark, rest = target.partition("://")
            if mark:
                hosts[f"{scheme}://{rest.partition('/')[0]}"] += 1
            elif target.startswith("/"):
                relative += 1
    if not hosts or relative:
        return ""
    host, uses = hosts.most_common(1)[0]
    return host if uses >= _FEWEST_SHARED else ""
