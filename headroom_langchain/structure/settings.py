"""The settings of a configuration file, each with the line it stands under.

YAML, TOML, INI, properties, environment files and blocks in braces are read line
by line: the indentation, the section and the mark of a list item say what a line
belongs to. No file is parsed for what it means, so that none can fail.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_KEY = re.compile(
    r"(\"[^\"]*\"|'[^']*'|[^\s:=#{}\[\],\"'<>][^:=#{}\"'<>\n]{0,120}?)"
    r"[ \t]*(?::=|[:=](?=[\s\"'\[{$\d-]|$)|=(?!=))[ \t]*(.*)"
)
_BLOCK = re.compile(r"([\w.-]+(?: +[^{};]+)?) *\{$")
_DIRECTIVE = re.compile(r"([a-z_]\w+)[ \t]+([^;{}]+);$")
_SECTION = re.compile(r"\[\[?[^\[\]]+\]\]?[ \t]*(?:[#;].*)?$")
_DISABLED = re.compile(r"[#;] ?([\w.-]+[\w])[ \t]?=[ \t]?(?!=)([^\s=]\S*|\"[^\"]*\"|)")
"""A setting that is there as a comment, often with its default."""
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


class Settings:
    """The settings of a file, line by line.

    There may be tens of thousands of lines, so what they set is read again from the
    line when it is asked for.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        """Read a file.

        Args:
            lines: Its lines.
        """
        self.parents = array("l")
        """The line each line stands under, or -1."""
        self.depths = array("l")
        self.keys: list[str] = []
        """The same name is the same object everywhere."""
        self.comments = bytearray()
        self.sections = bytearray()
        self.items = bytearray()
        self._lines = lines
        names: dict[str, str] = {}
        for one in _read(lines):
            self.parents.append(one.parent)
            self.depths.append(one.depth)
            self.keys.append(names.setdefault(one.key, one.key))
            self.comments.append(one.is_comment)
            self.sections.append(one.is_section)
            self.items.append(one.is_item)

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self.keys)

    def sets(self, at: int) -> bool:
        """Tell whether a line sets something by name, and not in a comment."""
        return bool(self.keys[at]) and not self.comments[at]

    def value(self, at: int) -> str:
        """Return what a line sets something to."""
        return _setting(self._lines[at].strip(), 0).value


def _read(lines: Sequence[str]) -> Iterator[Setting]:
    """Say of each line what it sets and what it stands under."""
    open_: list[tuple[int, int]] = []
    scalar = -1
    for at, line in enumerate(lines):
        text = line.strip()
        indent = len(line) - len(line.lstrip(" \t"))
        if scalar >= 0 and (not text or 2 * indent > open_[-1][0]):
            yield Setting(scalar, indent, "", text)
            continue
        scalar = -1
        setting = _setting(text, indent)
        if setting.is_section or text in _DOCUMENT:
            open_.clear()
        rank = 2 * indent + setting.is_item - (setting.is_section or text == "---")
        while open_ and open_[-1][0] >= rank:
            open_.pop()
        parent = open_[-1][1] if open_ else -1
        yield Setting(parent, *setting[1:])
        if text and not setting.is_comment:
            if setting.is_item:
                open_.append((rank, at))
                rank = 2 * setting.depth
            if setting.is_section or (setting.key and not setting.is_item):
                open_.append((rank, at))
            if _SCALAR.match(setting.value) and open_ and open_[-1][1] == at:
                scalar = at


def _setting(text: str, indent: int) -> Setting:
    if not text:
        return Setting(-1, indent, "", "")
    if text.startswith(_COMMENTS):
        disabled = _DISABLED.match(text)
        if disabled is not None:
            return Setting(-1, indent, disabled[1], disabled[2], is_comment=True)
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
