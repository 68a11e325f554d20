"""A web page as lines of text.

Headings, lists, tables, form fields and code come out as in Markdown; what has no
text (scripts, styles, drawings) does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from headroom_langchain.compression.markup.fields import Options, describe_field
from headroom_langchain.compression.markup.head import Head, State
from headroom_langchain.compression.markup.page_lines import PageLine, PageLines, Part
from headroom_langchain.compression.markup.zones import CODE, SKIPPED, zone_of
from headroom_langchain.structure.tags import scan

_VOID: Final = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()
)
_INLINE: Final = frozenset(
    "abbr b bdi big cite code em font i kbd mark q s samp small span strong sub sup tt"
    " u var".split()
)
_CELLS: Final = frozenset(("td", "th"))
_BLOCKS: Final = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt"
    " fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header"
    " hgroup html label legend li main menu nav noscript ol p pre section summary"
    " table tbody td textarea tfoot th thead title tr ul option select".split()
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_RUNS_ON: Final = frozenset(("label", "option", "select", "title"))
"""Blocks after which the line goes on."""
_UNBROKEN: Final = frozenset(("option", "select", "title"))
_CLOSED_BY: Final = {
    "li": ("li", "p"),
    "p": ("p",),
    "dt": ("dt", "dd", "p"),
    "dd": ("dt", "dd", "p"),
    "tr": ("td", "th", "tr", "p"),
    "td": ("td", "th", "p"),
    "th": ("td", "th", "p"),
    "option": ("option",),
}
_LEAVES_CELL: Final = frozenset("tr table tbody thead tfoot body html".split())
_DEEPEST: Final = 400
_DEEPEST_LIST: Final = 6
_LOOK_BACK: Final = 30
_DATA: Final = frozenset(
    "data-price data-stock data-sku data-currency data-amount data-rating"
    " data-available data-availability data-status data-state data-error"
    " data-severity data-version data-qty data-quantity data-total data-count".split()
)
_YEAR = re.compile(r"\d{4}")
_ANCHOR_MARKS: Final = frozenset("# ¶ § 🔗 [src] [-] [+] [\u2212] Copy".split())
_WIDEST_LABEL: Final = 200
_SHORTEST_ALT: Final = 3


@dataclass(frozen=True, slots=True)
class Page:
    """A page taken apart."""

    lines: list[PageLine]
    states: list[State]


class _Frame(NamedTuple):
    """An element that is open."""

    tag: str
    outside: int
    """The zone around it."""
    mark: int
    label: str
    """What it is called where it has no text."""
    target: str
    """Where a link leads to, or what a time is to a program."""


def read_page(text: str) -> Page:
    """Take a page apart."""
    reader = _PageReader()
    scan(text, reader, html=True)
    return Page([*reader.head.lines, *reader.out.finish()], reader.head.states)


class _PageReader:
    def __init__(self) -> None:
        self.head = Head()
        self.out = PageLines()
        self._frames: list[_Frame] = []
        self._zone = 0
        self._counters: list[int] = []
        self._options: Options | None = None

    def open(self, tag: str, attributes: dict[str, str], *, empty: bool) -> None:
        if tag in _INLINE and (not attributes or self._zone & CODE):
            return
        if tag in _VOID:
            if not self._zone & SKIPPED:
                self._void(tag, attributes)
            return
        if self._frames and tag in _CLOSED_BY:
            while self._frames and self._frames[-1].tag in _CLOSED_BY[tag]:
                self._leave()
        inside = self._zone | zone_of(tag, attributes)
        if tag == "script":
            self.head.script(attributes)
        elif not self._zone & SKIPPED:
            self._begin(tag, attributes)
        if len(self._frames) < _DEEPEST and not (empty and inside & SKIPPED):
            label = target = ""
            if attributes:
                label = attributes.get("aria-label") or attributes.get("title") or ""
                target = attributes.get(_TARGETS.get(tag, ""), "")
            frame = _Frame(tag, self._zone, self.out.mark, label, target)
            self._frames.append(frame)
            self._zone = inside

    def close(self, tag: str) -> None:
        if tag == "br":
            self._break()
        frames = self._frames
        if tag in _INLINE and frames and frames[-1].tag in _BLOCKS:
            return
        lowest = max(0, len(frames) - _LOOK_BACK)
        for at in range(len(frames) - 1, lowest - 1, -1):
            name = frames[at].tag
            if name == tag:
                while len(frames) > at:
                    self._leave()
                return
            blocked = name in _CELLS and tag not in {"tr", "table", "tbody", "body"}
            if blocked or (tag not in _BLOCKS and name in _BLOCKS):
                return

    def text(self, text: str) -> None:
        if self._zone & SKIPPED:
            self.head.script_text(text)
        elif self._options is not None:
            self._options.add(text)
        else:
            self.out.add(text)

    def comment(self, text: str) -> None:
        """Comments are for whoever wrote the page."""

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element that has text."""
        out = self.out
        if tag in _BLOCKS or "-" in tag:
            if tag in _CELLS:
                out.end(self._zone)
                out.open_cell(head=tag == "th")
            elif tag not in _UNBROKEN:
                self._break()
            self.out.heading = _HEADINGS.get(tag, self.out.heading)
        elif tag == "span":
            out.separate()
        begin = _BEGIN.get(tag)
        if begin is not None:
            begin(self, attributes)
        if not _DATA.isdisjoint(attributes):
            told = (name for name in attributes if name in _DATA and attributes[name])
            for name in told:
                out.add(f"[{name[5:]}={attributes[name][:80]}] ")

    def _leave(self) -> None:
        """End the innermost element."""
        frame = self._frames.pop()
        tag = frame.tag
        if not frame.outside & SKIPPED:
            if frame.label and not self.out.since(frame.mark).strip():
                self._label(frame)
            end = _END.get(tag)
            if end is not None:
                end(self, frame)
            if (tag in _BLOCKS and tag not in _RUNS_ON) or "-" in tag:
                self._break()
                if tag in _HEADINGS:
                    self.out.heading = 0
        self._zone = frame.outside

    def _break(self) -> None:
        self.out.end(self._zone)

    def _label(self, frame: _Frame) -> None:
        """Name what has no text, such as a sign that stands for a state."""
        if frame.tag not in _BLOCKS and frame.mark <= self.out.mark:
            self.out.add(f" [{frame.label[:_WIDEST_LABEL]}] ")

    def _void(self, tag: str, attributes: dict[str, str]) -> None:
        out = self.out
        if tag in {"br", "hr"}:
            if self._zone & CODE:
                out.add("\n")
            elif self.out.in_cell:
                out.add(" ")
            else:
                self._break()
        elif tag == "img":
            alt = attributes.get("alt", "")
            if len(alt) >= _SHORTEST_ALT:
                out.add(f" [image: {alt}] ")
        elif tag == "input":
            out.add(f" [{describe_field(tag, attributes)}] ")
            out.has_field = True
        elif tag == "link":
            self.head.link(attributes)
        elif tag == "meta":
            self.head.meta(attributes)
            if attributes.get("itemprop") and attributes.get("content"):
                out.add(f" [{attributes['itemprop']}={attributes['content'][:80]}] ")

    def _list_of_points(self, _attributes: dict[str, str]) -> None:
        self._counters.append(-1)

    def _list_of_numbers(self, attributes: dict[str, str]) -> None:
        start = attributes.get("start", "")
        decimal = start.isdecimal() and len(start) < _DEEPEST_LIST
        self._counters.append(int(start) - 1 if decimal else 0)

    def _row(self, _attributes: dict[str, str]) -> None:
        self.out.open_row()

    def _item(self, attributes: dict[str, str]) -> None:
        depth = min(len(self._counters), _DEEPEST_LIST)
        mark = "-"
        if self._counters and self._counters[-1] >= 0:
            value = attributes.get("value", "")
            self._counters[-1] += 1
            mark = f"{value or self._counters[-1]}."
        self.out.prefix = f"{'  ' * (depth - 1)}{mark} "

    def _form(self, attributes: dict[str, str]) -> None:
        action = attributes.get("action", "")
        method = attributes.get("method", "get").upper()
        self.out.put(PageLine(f"[form {method} {action}]", Part.FIELD, self._zone))

    def _choose(self, attributes: dict[str, str]) -> None:
        self._options = Options(describe_field("select", attributes))

    def _option(self, attributes: dict[str, str]) -> None:
        if self._options is not None:
            self._options.begin(attributes)

    def _area(self, attributes: dict[str, str]) -> None:
        line = f"[{describe_field('textarea', attributes)}]"
        self.out.put(PageLine(line, Part.FIELD, self._zone & ~CODE))

    def _end_choice(self, _frame: _Frame) -> None:
        if self._options is not None:
            self.out.add(f" [{self._options.describe()}] ")
            self.out.has_field = True
            self._options = None

    def _end_title(self, frame: _Frame) -> None:
        self.head.line("", self.out.drop_since(frame.mark))

    def _end_list(self, _frame: _Frame) -> None:
        self._break()
        if self._counters:
            self._counters.pop()
        self.out.prefix = ""

    def _end_link(self, frame: _Frame) -> None:
        text = " ".join(self.out.since(frame.mark).split())
        if text in _ANCHOR_MARKS:
            self.out.drop_since(frame.mark)
        elif frame.target and not frame.target.startswith(("#", "javascript:")):
            self.out.link(text, frame.target)

    def _end_time(self, frame: _Frame) -> None:
        text = self.out.since(frame.mark)
        if frame.target and not _YEAR.search(text):
            self.out.add(f" [{frame.target}]")

    def _end_button(self, frame: _Frame) -> None:
        text = " ".join(self.out.drop_since(frame.mark).split())
        if text and text not in _ANCHOR_MARKS:
            self.out.add(f" [{text}] ")

    def _end_row(self, _frame: _Frame) -> None:
        self._break()
        self.out.close_row()


_TARGETS: Final = {"a": "href", "time": "datetime"}
_Begin: TypeAlias = Callable[[_PageReader, dict[str, str]], None]
_End: TypeAlias = Callable[[_PageReader, _Frame], None]
_BEGIN: Final[dict[str, _Begin]] = {
    "form": _PageReader._form,
    "li": _PageReader._item,
    "ol": _PageReader._list_of_numbers,
    "option": _PageReader._option,
    "select": _PageReader._choose,
    "textarea": _PageReader._area,
    "tr": _PageReader._row,
    "ul": _PageReader._list_of_points,
}
_END: Final[dict[str, _End]] = {
    "a": _PageReader._end_link,
    "button": _PageReader._end_button,
    "ol": _PageReader._end_list,
    "select": _PageReader._end_choice,
    "time": _PageReader._end_time,
    "title": _PageReader._end_title,
    "tr": _PageReader._end_row,
    "ul": _PageReader._end_list,
}
