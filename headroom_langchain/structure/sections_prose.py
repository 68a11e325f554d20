"""Sections of texts with headings: Markdown, reStructuredText, HTML, log banners."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .sections import Heading

_HASHES = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_TAG = re.compile(r"<(?:h([1-6])|title)\b[^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>")
_BANNER = re.compile(r"==> (\S.*) <==|-\[ (\S.*) \]-+")
"""What `head` prints above each file, and `psql` above each record."""
_FENCES = ("```", "~~~")
_RULES = frozenset("=-~^\"'*+_#")
_LONGEST = 160
_SHORTEST_RULE = 4


def find_headings(texts: Sequence[str]) -> list[Heading]:
    """Return the headings of a text, of whatever kind most of them are.

    Args:
        texts: The lines of the text.
    """
    found = [
        list(_hashes(texts)),
        list(_tags(texts)),
        list(_ruled(texts)),
    ]
    return max(found, key=len)


def is_markdown(texts: Sequence[str]) -> bool:
    """Tell whether a text has headings that are not just comments of a program."""
    headings = list(_hashes(texts))
    deeper = any(heading.level > 1 for heading in headings)
    fenced = any(text.lstrip().startswith(_FENCES) for text in texts)
    return len(headings) > 1 and (deeper or fenced)


def _hashes(texts: Sequence[str]) -> Iterator[Heading]:
    fenced = False
    for at, text in enumerate(texts):
        if text.lstrip().startswith(_FENCES):
            fenced = not fenced
        if fenced or not text.startswith("#"):
            continue
        match = _HASHES.match(text)
        if match and (at == 0 or not texts[at - 1].strip() or len(match[1]) > 1):
            yield Heading(at, len(match[1]), match[2].strip(" #\r\n")[:_LONGEST])


def _tags(texts: Sequence[str]) -> Iterator[Heading]:
    for at, text in enumerate(texts):
        match = _TAG.search(text) if "<" in text else None
        if match:
            rest = text[match.end() :] + " ".join(texts[at + 1 : at + 2])
            title = " ".join(_ANY_TAG.sub(" ", rest).split())
            yield Heading(at, int(match[1] or 1), title[:_LONGEST])


def _ruled(texts: Sequence[str]) -> Iterator[Heading]:
    """Find titles with a line of one character under them or around them."""
    levels: dict[str, int] = {}
    for at, text in enumerate(texts):
        body = text.strip()
        mark = body[:1]
        if mark not in _RULES or not mark or len(body) > 2 * _LONGEST:
            continue
        banner = _BANNER.fullmatch(body)
        title = banner[banner.lastindex or 0] if banner else body.strip(mark).strip()
        is_ruled = _is_rule(body, mark) and body.endswith(mark * _SHORTEST_RULE)
        is_banner = _says(title) and (is_ruled or banner is not None)
        above = texts[at - 1].strip() if at else ""
        if is_banner:
            yield Heading(at, levels.setdefault(mark * 2, len(levels) + 1), title)
        elif not title and above and _is_rule(body, mark) and _fits(above, body):
            yield Heading(at - 1, levels.setdefault(mark, len(levels) + 1), above)


def _is_rule(body: str, mark: str) -> bool:
    return body.startswith(mark * _SHORTEST_RULE)


def _fits(title: str, rule: str) -> bool:
    is_title = title[0] not in _RULES and title[0] not in "|+"
    return is_title and len(title) <= min(_LONGEST, len(rule) + 2)


def _says(title: str) -> bool:
    return any(map(str.isalnum, title))
