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

    Clients may give a list of blocks for a round that called a tool and a text for
    one that did not. A round that shows nothing has no say in the form.

    Returns:
        A text if all of them are texts, else the blocks of all of them.
    """
    filled = [content for content in contents if content] or list(contents[-1:])
    if all(isinstance(content, str) for content in filled):
        text = ""
        for content in filled:
            text += separated(text, str(content))
        return text
    blocks: list[str | dict[str, Any]] = []
    before = ""
    for content in filled:
        fresh = True
        for block in _blocks(content):
            text = _text(block)
            joined = block
            if text and fresh:
                joined, fresh = {**block, "text": separated(before, text)}, False
            before = text or before
            blocks.append(joined)
    return blocks


def _blocks(content: Content) -> list[dict[str, Any]]:
    """Return a content as blocks; texts become blocks, empty ones vanish."""
    listed = [content] if isinstance(content, str) else content
    return [
        {"type": "text", "text": block} if isinstance(block, str) else block
        for block in listed
        if block
    ]


def joined_extra(extras: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Join additional arguments: texts run on, of all else the last counts."""
    joined: dict[str, Any] = {}
    for extra in extras:
        for key, value in extra.items():
            earlier = joined.get(key)
            both = isinstance(earlier, str) and isinstance(value, str)
            joined[key] = earlier + value if both else value
    return joined


def _text(block: dict[str, Any]) -> str:
    text = block.get("text") if block.get("type") == "text" else None
    return text if isinstance(text, str) else ""
