"""HTML and XML cut into tags, text and comments, whatever state they are in.

Nothing is validated and nothing is fetched: a declared entity stays as it is
written, so that a short text cannot become a long one. Work is linear in the
text, also where no tag is ever closed.
"""

from __future__ import annotations

import re
from html import unescape
from itertools import islice
from operator import methodcaller
from typing import Final, Protocol

_START = re.compile(r"<(?=[/!?]|[^\W\d])")
_NAME = re.compile(r"[^\W\d][^\s/><\"']*")
# Every part is possessive, and no part goes beyond the next `<`: linear.
_TEXT_AND_TAG = re.compile(
    r"""([^<]*+)<(/?)([^\W\d][^\s/><"']*+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>"""
)
_ATTRIBUTE = re.compile(
    r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?"""
)
_groups: Final = methodcaller("groups", "")
# None of them becomes a part of another reference.
_FREQUENT: Final = (
    ("&nbsp;", "\xa0"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
)
_RAW: Final = ("script", "style", "textarea", "title", "xmp")
_NONE: Final[dict[str, str]] = {}
_LONGEST_TAG: Final = 40_000
_MOST_KNOWN: Final = 500
_MOST_ATTRIBUTES: Final = 2000
_SHORT: Final = 80


class TagHandler(Protocol):
    """What is told of each part of a document, in order."""

    def open(self, tag: str, attributes: dict[str, str], /, *, empty: bool) -> None:
        """Take a start tag; `empty` says that it ends with a slash.

        The attributes may be those of an earlier tag and must stay as they are.
        """
        ...

    def close(self, tag: str, /) -> None:
        """Take an end tag."""
        ...

    def text(self, text: str, /) -> None:
        """Take text, its character references resolved."""
        ...

    def comment(self, text: str, /) -> None:
        """Take a comment, without its marks."""
        ...


def scan(text: str, handler: TagHandler, *, html: bool) -> None:
    """Tell a handler all parts of a document.

    Args:
        text: Any text.
        handler: It is told the parts; it never gets an empty text.
        html: Whether names are written lower case and scripts have no tags.
    """
    _Scanner(text, handler, html=html).run()


def resolve(text: str) -> str:
    """Resolve the character references of HTML; declared entities stay."""
    if "&" not in text:
        return text
    for reference, character in _FREQUENT:
        text = text.replace(reference, character)
    if "&" not in text:
        return text
    try:
        return unescape(text)
    except ValueError:  # a number of more digits than Python converts
        return text


class _Scanner:
    def __init__(self, text: str, handler: TagHandler, *, html: bool) -> None:
        self._text = text
        self._handler = handler
        self._html = html
        self._absent: set[str] = set()
        self._known: dict[str, dict[str, str]] = {}

    def run(self) -> None:
        text, handler, html = self._text, self._handler, self._html
        at, size = 0, len(text)
        while at < size:
            usual = _TEXT_AND_TAG.match(text, at)
            if usual is None:
                at = self._unusual(at)
                continue
            before, slash, name, body = usual.groups()
            if before:
                handler.text(resolve(before))
            at = usual.end()
            if slash:
                handler.close(name.lower() if html else name)
            else:
                at = self._open(name, body, at)

    def _unusual(self, at: int) -> int:
        """Take text and what is no simple tag behind it, and return where it ends."""
        text = self._text
        start = _START.search(text, at)
        mark = start.start() if start else len(text)
        if mark > at:
            self._handler.text(resolve(text[at:mark]))
        return mark if start is None else self._markup(mark)

    def _find(self, wanted: str, start: int) -> int:
        """Find a string; one that is missing once is not looked for again."""
        if wanted in self._absent:
            return -1
        at = self._text.find(wanted, start)
        if at < 0:
            self._absent.add(wanted)
        return at

    def _markup(self, at: int) -> int:
        """Take markup that is no simple tag, and return where it ends."""
        text = self._text
        if text[at + 1] in "!?":
            return self._declaration(at)
        closing = text[at + 1] == "/"
        found = _NAME.match(text, at + 1 + closing)
        stop = self._end_of_tag(found.end()) if found else -1
        if found is None or stop < 0:
            # What looks like a tag and never ends is text, all of it.
            stop = len(text) if found and ">" in self._absent else at + 1
            self._handler.text(resolve(text[at:stop]))
            return stop
        if closing:
            name = found.group()
            self._handler.close(name.lower() if self._html else name)
            return stop + 1
        return self._open(found.group(), text[found.end() : stop], stop + 1)

    def _open(self, name: str, body: str, stop: int) -> int:
        """Tell of a start tag, and return where what belongs to it ends."""
        tag = name.lower() if self._html else name
        attributes = self._attributes(body) if body else _NONE
        self._handler.open(tag, attributes, empty=body.endswith("/"))
        raw = self._html and tag in _RAW
        return self._raw_text(tag, stop) if raw else stop

    def _attributes(self, body: str) -> dict[str, str]:
        """Read the attributes of a tag, of very many the first ones.

        Tags of a document are much alike.
        """
        known = self._known.get(body)
        if known is None:
            found = (
                _ATTRIBUTE.findall(body)
                if len(body) < _LONGEST_TAG
                else islice(map(_groups, _ATTRIBUTE.finditer(body)), _MOST_ATTRIBUTES)
            )
            known = {
                (name.lower() if self._html else name): resolve(
                    double or single or bare
                )
                for name, double, single, bare in found
            }
            if len(self._known) < _MOST_KNOWN and len(body) < _SHORT:
                self._known[body] = known
        return known

    def _end_of_tag(self, start: int) -> int:
        """Return where the `>` is that ends a tag, or -1; values may have one too."""
        stop = first = self._find(">", start)
        seen = start
        quote = ""
        while stop >= 0 and stop - start < _LONGEST_TAG:
            quote = _open_quote(self._text, seen, stop, quote)
            if not quote:
                return stop
            seen = self._find(quote, stop)
            if seen < 0:
                return first
            seen, quote = seen + 1, ""
            stop = self._find(">", seen)
        return first

    def _raw_text(self, tag: str, start: int) -> int:
        ending = f"</{tag}"
        stop = self._find(ending, start)
        if stop < 0:
            stop = self._find(ending.upper(), start)
        if stop < 0:
            return start
        if stop > start:
            raw = self._text[start:stop]
            self._handler.text(raw if tag in _RAW[:2] else resolve(raw))
        return stop

    def _declaration(self, at: int) -> int:
        """Pass over a comment, a section, a document type or an instruction."""
        text = self._text
        if text.startswith("<!--", at):
            stop = self._find("-->", at + 4)
            if stop < 0:
                return at + 4
            self._handler.comment(text[at + 4 : stop])
            return stop + 3
        if text.startswith("<![CDATA[", at):
            stop = self._find("]]>", at + 9)
            if stop > at + 9:
                self._handler.text(text[at + 9 : stop])
            return stop + 3 if stop >= 0 else at + 9
        ending = "?>" if text[at + 1] == "?" else ">"
        stop = self._find(ending, at)
        subset = text.find("[", at, stop) if stop >= 0 and ending == ">" else -1
        if subset >= 0:
            stop = max(stop, self._find("]>", subset))
        return stop + len(ending) if stop >= 0 else at + 2


def _open_quote(text: str, start: int, stop: int, quote: str) -> str:
    """Return the quote that is still open at `stop`, if one is."""
    at = start
    while at < stop:
        if not quote:
            double, single = text.find('"', at, stop), text.find("'", at, stop)
            found = [place for place in (double, single) if place >= 0]
            if not found:
                return ""
            quote = text[min(found)]
            at = min(found) + 1
        closing = text.find(quote, at, stop)
        if closing < 0:
            return quote
        at, quote = closing + 1, ""
    return quote
