"""An XML document as JSON, so that records become tables.

Attributes and children are members of their element, elements of the same name
make a list, and an element that has text only is that text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Final

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
_EMPTY: Final = '""'
_DEEPEST: Final = 40
_NAMESPACES: Final = ("xmlns", "xsi:schemaLocation", "xsi:noNamespace", "xml:space")


@dataclass(slots=True)
class _Element:
    tag: str
    members: dict[str, str | list[str]] = field(default_factory=dict)
    """What its attributes and children are, as JSON."""
    texts: list[str] = field(default_factory=list)

    def add(self, tag: str, value: str) -> None:
        known = self.members.get(tag)
        if known is None:
            self.members[tag] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            self.members[tag] = [known, value]

    def written(self) -> str:
        """Its members as a JSON object."""
        members = (
            f"{encode_basestring(name)}:{_listed(value)}"
            for name, value in self.members.items()
        )
        return f"{{{','.join(members)}}}"

    @property
    def text(self) -> str:
        """Its own text."""
        text = "".join(self.texts).strip()
        return " ".join(text.split()) if self.tag in _PROSE else text


def _listed(value: str | list[str]) -> str:
    return f"[{','.join(value)}]" if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Tree:
    """An XML document as nested values."""

    root: str
    """The name of the outermost element."""
    json: str
    """The document as a JSON object."""
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
        self._root = _Element("")
        self._stack = [self._root]
        self._ignored = 0
        self._comments: list[str] = []
        self._mixed = 0

    def open(self, tag: str, attributes: dict[str, str], *, empty: bool) -> None:
        element = _Element(tag)
        for name, value in attributes.items():
            if not name.startswith(_NAMESPACES):
                element.members[name] = _scalar(value)
        parent = self._stack[-1]
        if parent.texts and not parent.texts[-1].isspace():
            self._mixed += 1
        if empty or len(self._stack) > _DEEPEST:
            parent.add(tag, element.written() if element.members else _EMPTY)
            self._ignored += not empty
        else:
            self._stack.append(element)

    def close(self, tag: str) -> None:
        stack = self._stack
        if len(stack) == 1:
            return
        if tag == stack[-1].tag:
            self._end()
        elif self._ignored:
            self._ignored -= 1
        elif any(element.tag == tag for element in stack[1:]):
            while stack[-1].tag != tag:
                self._end()
            self._end()

    def _end(self) -> None:
        element = self._stack.pop()
        value = _scalar(element.text) if element.texts else _EMPTY
        if element.members:
            if value != _EMPTY:
                element.add(TEXT, value)
            value = element.written()
        self._stack[-1].add(element.tag, value)

    def text(self, text: str) -> None:
        texts = self._stack[-1].texts
        if len(self._stack) > 1 and (texts or not text.isspace()):
            texts.append(text)

    def comment(self, text: str) -> None:
        self._comments.append(text)

    def finish(self) -> Tree | None:
        while len(self._stack) > 1:
            self._end()
        root = next(iter(self._root.members), None)
        if root is None:
            return None
        return Tree(root, self._root.written(), self._comments, self._mixed)


def _scalar(text: str) -> str:
    """Write a text as JSON: a number as it is, or a string.

    Of HTML inside a text, as feeds have it, the tags are left out.
    """
    if text[:1] in _NUMERIC and _NUMBER.fullmatch(text):
        return text
    if "</" in text and len(_ENDINGS.findall(text)) > 1:
        text = " ".join(resolve(_TAG.sub(" ", text)).split())
    return encode_basestring(text)
