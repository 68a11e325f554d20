"""The settings of a configuration file, each with the line it stands under.

YAML, TOML, INI, properties, environment files and blocks in braces are read line
by line: the indentation, the section and the mark of a list item say what a line
belongs to. No file is parsed for what it means, so that none can fail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_KEY = re.compile(
    r"(\"[^\"]*\"|'[^']*'|[^\s:=#{}\[\],\"'<>][^:=#{}\"'<>\n]{0,120}?)"
    r"[ \t]*(?::=|[:=](?=[\s\"'\[{$\d-]|$)|=(?!=))[ \t]*(.*)"
)
_BLOCK = re.compile(r"([\w.-]+(?: +[^{};]+)?) *\{$")
_DIRECTIVE = re.compile(r"([a-z_]\w+)[ \t]+([^;{}]+);$")
_SECTION = re.compile(r"\[\[?[^\[\]]+\]\]?[ \t]*(?:[#;].*)?$")
_SCALAR = re.compile(r"[|>][+\-\d]*[ \t]*(?:#.*)?$")
_NOTE = re.compile(r"[ \t](?:#|//).*$")
_COMMENTS: Final = ("#", ";", "//", "!")
_DOCUMENT: Final = ("---", "...")


class Setting(NamedTuple):
    """One line of a configuration file."""

    parent: int
    """The line it stands under, or -1."""
    depth: int
    """How far it is indented; a list item counts by what follows its mark."""
    key: str
    """Empty for a line that sets nothing by name."""
    value: str
    """Without the comment behind it."""
    is_comment: bool = False
    is_section: bool = False
    is_item: bool = False
    """It begins an item of a list."""


def read_settings(lines: Sequence[str]) -> list[Setting]:
    """Say of each line what it sets and what it stands under.

    Args:
        lines: The lines of the file.
    """
    found: list[Setting] = []
    open_: list[tuple[int, int]] = []
    scalar = -1
    for at, line in enumerate(lines):
        text = line.strip()
        indent = len(line) - len(line.lstrip(" \t"))
        if scalar >= 0 and (not text or 2 * indent > open_[-1][0]):
            found.append(Setting(scalar, indent, "", text))
            continue
        scalar = -1
        setting = _setting(text, indent)
        if setting.is_section or text in _DOCUMENT:
            open_.clear()
        rank = 2 * indent + setting.is_item - (setting.is_section or text == "---")
        while open_ and open_[-1][0] >= rank:
            open_.pop()
        parent = open_[-1][1] if open_ else -1
        found.append(Setting(parent, *setting[1:]))
        if text and not setting.is_comment:
            if setting.is_item:
                open_.append((rank, at))
                rank = 2 * setting.depth
            if setting.is_section or (setting.key and not setting.is_item):
                open_.append((rank, at))
            if _SCALAR.match(setting.value) and open_ and open_[-1][1] == at:
                scalar = at
    return found


def _setting(text: str, indent: int) -> Setting:
    if not text:
        return Setting(-1, indent, "", "")
    if text.startswith(_COMMENTS):
        return Setting(-1, indent, "", text, is_comment=True)
    if text[0] == "[" and _SECTION.match(text):
        return Setting(-1, -1, text, "", is_section=True)
    if text in _DOCUMENT:
        return Setting(-1, -1, "", "", is_section=True)
    item = text.startswith("- ") or text == "-"
    depth = indent
    while text.startswith("- "):
        rest = text[2:].lstrip()
        depth += len(text) - len(rest)
        text = rest
    key, value = _key_and_value(text)
    return Setting(-1, depth, key, value, is_item=item)


def _key_and_value(text: str) -> tuple[str, str]:
    hit = _KEY.match(text)
    if hit is None:
        block = _BLOCK.match(text)
        if block is not None:
            return block[1], ""
        hit = _DIRECTIVE.match(text)
        if hit is None:
            return "", text
    value = hit[2]
    if "#" in value or "//" in value:
        value = _NOTE.sub("", value)
    return hit[1].rstrip(), value.strip().strip("\"'")
