"""An XML document as nested values, so that records become tables.

Attributes and children are members of their element, elements of the same name
make a list, and an element that has text only is that text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from headroom_langchain.structure.json_text import JsonValue, Number
from headroom_langchain.structure.tags import resolve, scan

TEXT: Final = "text"
"""The member that holds the text of an element that has attributes or children."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_ENDINGS = re.compile(r"</(?:p|div|a|li|ul|b|i|strong|em|span|h\d|td|code|pre)>|<br")
_NUMERIC: Final = frozenset("-0123456789")
_PROSE: Final = frozenset(
    "abstract comment description doc:para p para subtitle summary title".split()
)
"""Elements in which line breaks say nothing."""
_DEEPEST: Final = 40
_NAMESPACES: Final = ("xmlns", "xsi:schemaLocation", "xsi:noNamespace", "xml:space")


@dataclass(slots=True)
class _Element:
    tag: str
    members: dict[str, JsonValue]
    texts: list[str] = field(default_factory=list)
    several: set[str] = field(default_factory=set)
    """Names of members that are lists because there are several."""

    def add(self, tag: str, value: JsonValue) -> None:
        known = self.members.get(tag)
        if tag not in self.members:
            self.members[tag] = value
        elif tag in self.several and isinstance(known, list):
            known.append(value)
        else:
            self.members[tag] = [known, value]
            self.several.add(tag)

    @property
    def text(self) -> str:
        """Its own text."""
        text = "".join(self.texts).strip()
        return " ".join(text.split()) if self.tag in _PROSE else text


@dataclass(frozen=True, slots=True)
class Tree:
    """An XML document as nested values."""

    root: str
    """The name of the outermost element."""
    value: dict[str, JsonValue]
    comments: list[str]
    """Its comments, in their order."""
    mixed: int
    """How many elements have text between others."""


def read_tree(text: str) -> Tree | None:
    """Read an XML document.

    Args:
        text: Any text; elements that are not closed end with the document, and
            what nests deeper than 40 levels is taken to be one level.

    Returns:
        The tree, or `None` when there is no element.
    """
    reader = _TreeReader()
    scan(text, reader, html=False)
    return reader.finish()


class _TreeReader:
    def __init__(self) -> None:
        self._root = _Element("", {})
        self._stack = [self._root]
        self._ignored = 0
        self._comments: list[str] = []
        self._mixed = 0
        self._numbers: dict[str, Number] = {}

    def open(self, tag: str, attributes: dict[str, str], *, empty: bool) -> None:
        members: dict[str, JsonValue] = {
            name: self._scalar(value)
            for name, value in attributes.items()
            if not name.startswith(_NAMESPACES)
        }
        parent = self._stack[-1]
        if parent.texts and not parent.texts[-1].isspace():
            self._mixed += 1
        if empty or len(self._stack) > _DEEPEST:
            parent.add(tag, members or "")
            self._ignored += not empty
        else:
            self._stack.append(_Element(tag, members))

    def close(self, tag: str) -> None:
        stack = self._stack
        if self._ignored and tag != stack[-1].tag:
            self._ignored -= 1
            return
        if len(stack) > 1 and any(element.tag == tag for element in stack[1:]):
            while True:
                name = stack[-1].tag
                self._end()
                if name == tag:
                    return

    def _end(self) -> None:
        element = self._stack.pop()
        value: JsonValue = element.members
        text = self._scalar(element.text)
        if not element.members:
            value = text
        elif text:
            element.add(TEXT, text)
        self._stack[-1].add(element.tag, value)

    def _scalar(self, text: str) -> JsonValue:
        """Return what a text is: a number as it is written, or the text.

        Of HTML inside a text, as feeds have it, the tags are left out.
        """
        if text[:1] in _NUMERIC and _NUMBER.fullmatch(text):
            # Equal numbers are one object: documents have the same ones many times.
            return self._numbers.setdefault(text, Number(text))
        if "</" in text and len(_ENDINGS.findall(text)) > 1:
            return " ".join(resolve(_TAG.sub(" ", text)).split())
        return text

    def text(self, text: str) -> None:
        if len(self._stack) > 1:
            self._stack[-1].texts.append(text)

    def comment(self, text: str) -> None:
        self._comments.append(text)

    def finish(self) -> Tree | None:
        while len(self._stack) > 1:
            self._end()
        members = self._root.members
        if not members:
            return None
        root = next(iter(members))
        return Tree(root, members, self._comments, self._mixed)
