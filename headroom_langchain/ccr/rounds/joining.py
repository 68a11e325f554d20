"""The contents of several rounds as one content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Content: TypeAlias = str | list[str | dict[str, Any]]

SEPARATOR = "\n\n"
"""Stands between the texts of two rounds that would otherwise run together."""


def separated(before: str, text: str) -> str:
    """Return a text with a separator in front if it would run into another.

    Args:
        before: What stands before it; only its last character matters.
        text: The text of a later round.
    """
    glued = before and text and not before[-1].isspace() and not text[0].isspace()
    return SEPARATOR + text if glued else text


def joined_content(contents: Sequence[Content]) -> Content:
    """Join the visible contents of rounds that were not streamed.

    Returns:
        A text if all of them are texts, else the blocks of all of them.
    """
    if all(isinstance(content, str) for content in contents):
        text = ""
        for content in contents:
            text += separated(text, str(content))
        return text
    blocks: list[str | dict[str, Any]] = []
    before = ""
    for content in contents:
        fresh = True
        for block in [content] if isinstance(content, str) else content:
            text = _text(block)
            if text and fresh:
                block, fresh = _with_text(block, separated(before, text)), False  # noqa: PLW2901 - the block goes on as its changed copy
            before = text or before
            if block != "":
                blocks.append(block)
    return blocks


def joined_extra(extras: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Join additional arguments: texts run on, of all else the last counts."""
    joined: dict[str, Any] = {}
    for extra in extras:
        for key, value in extra.items():
            earlier = joined.get(key)
            both = isinstance(earlier, str) and isinstance(value, str)
            joined[key] = earlier + value if both else value
    return joined


def _text(block: str | dict[str, Any]) -> str:
    if isinstance(block, str):
        return block
    text = block.get("text") if block.get("type") == "text" else None
    return text if isinstance(text, str) else ""


def _with_text(block: str | dict[str, Any], text: str) -> str | dict[str, Any]:
    return text if isinstance(block, str) else {**block, "text": text}
