"""HTML: a page, or a part of one, shown as its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.gaps import show_spans
from headroom_langchain.compression.json.blocks import TITLE
from headroom_langchain.compression.json.reading import JsonReading
from headroom_langchain.compression.markup.choosing import (
    PagePieces,
    choose,
    omitted_pieces,
)
from headroom_langchain.compression.markup.links import with_links
from headroom_langchain.compression.markup.page import Page, read_page
from headroom_langchain.compression.markup.page_lines import PageLine, Part
from headroom_langchain.compression.markup.zones import ALERT, ASIDE
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.alarms import find_alarms
from headroom_langchain.structure.statements import Weight, weigh
from headroom_langchain.structure.stems import Lowered
from headroom_langchain.tokens import estimate_tokens

_FACTOR: Final = 2.3
_POWER: Final = 0.8
_CERTAIN: Final = 0.9
_PROBABLE: Final = 0.65
_REACH: Final = 6_000
_DOCUMENT = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"<(?:head|body|div|table|section|article|main|nav|ul|ol|form|p|h[1-6]|span|header"
    r"|dl|pre|fieldset|center|link|meta|title|blockquote|a|figure)[\s>]",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"</(?:head|body|div|table|section|article|main|nav|ul|ol|form|p|h[1-6]|span"
    r"|header|dl|pre|fieldset|center|title|blockquote|a|figure|li|td|html)>",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{%|<\?php|<%|\{\{ ?[#/@]|\$\{|v-if=|\*ngIf|=\{")
_MOST_TEMPLATE_MARKS: Final = 6
_LEAST_TAGS: Final = 6
_STATE_SHARE: Final = 0.2
_STATE_ALONE: Final = 0.8
_LEAST_STATE: Final = 60
_LITTLE_TEXT: Final = 200
_FEW: Final = 4
_FRAME_TIMES: Final = 12
_FRAME_SHARE: Final = 0.15
_WIDEST_NAME: Final = 60
_FEWEST_PER_TAG: Final = 9
_SHORTEST_WORD: Final = 4
_MANY_TAGS: Final = 30_000


class Html:
    """Compresses web pages to their text."""

    @property
    def kind(self) -> str:
        """The name `html`."""
        return "html"

    def likeness(self, sample: Sample) -> float:
        """Return 0.9 for a document, 0.65 for a part of one, 0 for a template."""
        beginning = sample.beginning
        if beginning.lstrip()[:1] != "<" and not beginning.startswith("HTTP/"):
            return 0.0
        marks = _TEMPLATE.findall(beginning)
        if len(marks) > _MOST_TEMPLATE_MARKS and not sample.named(".html", ".htm"):
            return 0.0
        if _begins_as_document(beginning):
            return _CERTAIN
        if not _FRAGMENT.match(beginning):
            return 0.0
        tags = len(_ENDING.findall(beginning[:_REACH]))
        return _PROBABLE if tags >= _LEAST_TAGS else 0.0

    def read(self, text: str, _sample: Sample) -> HtmlReading | None:
        """Read a page; `None` when nothing of it would be seen.

        Where nearly all is tags, hardly anything would be left to choose from.
        """
        tags = text.count("<")
        if tags > _MANY_TAGS and tags * _FEWEST_PER_TAG > len(text):
            return None
        page = read_page(text)
        return HtmlReading(page) if page.lines or page.states else None

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


def _begins_as_document(beginning: str) -> bool:
    """Tell whether a page begins here, perhaps after the headers of a response."""
    found = _DOCUMENT.search(beginning, 0, _REACH)
    if found is None:
        return False
    before = beginning[: found.start()]
    if before.lstrip()[:1] in {"", "<"}:
        return True
    return before.startswith("HTTP/") and before.endswith("\n")


@dataclass(frozen=True, slots=True)
class HtmlReading:
    """One page."""

    page: Page

    def lossless(self) -> str | None:
        """Return `None`: text is not all that a page is."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show the text of the page, all of it if it fits.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        lines, frame = _content(self.page.lines, interest)
        lines = [*self._state_lines(lines, budget, interest), *lines]
        pieces = PagePieces(lines)
        shown = choose(pieces, budget, interest)
        missing = ["markup"]
        names: list[str] = []
        if all(shown):
            text = "\n".join(with_links(lines, budget)).strip("\n")
            room = min(budget - estimate_tokens(text), round(_FRAME_SHARE * budget))
            names = _names(frame, room)
            if names:
                text = f"{text}\n[around it: {', '.join(names)}]"
        else:
            text = show_spans(pieces.text, pieces.spans, shown)
            missing.append(omitted_pieces(pieces.spans, shown))
        if left := len(frame) - len(names):
            missing.append(f"{left:,} lines of navigation")
        return Excerpt(
            text=text.strip("\n"),
            omitted=", ".join(missing),
            legible=_legible(pieces, shown, frame),
        )

    def _state_lines(
        self, lines: list[PageLine], budget: int, interest: Interest
    ) -> list[PageLine]:
        """Write the data that the page carries, shortened to its share."""
        states = self.page.states
        if not states:
            return []
        size = sum(len(line.text) for line in lines)
        share = _STATE_SHARE if size > _LITTLE_TEXT else _STATE_ALONE
        room = max(_LEAST_STATE, int(share * budget / len(states)))
        found: list[PageLine] = []
        for state in states:
            reading = JsonReading.of(state.value)
            text = reading.excerpt(budget=room, interest=interest).text
            text = text.removeprefix(f"{TITLE}\n")
            found.append(PageLine(f"[data {state.name}]", Part.HEAD, 0))
            found += [PageLine(line, Part.HEAD, 0) for line in text.split("\n")]
        return found


def _legible(pieces: PagePieces, shown: bytearray, frame: list[PageLine]) -> str:
    """Return the text in which words may be that nobody sees."""
    around = [line.text for line in frame]
    return "\n".join(around if all(shown) else [pieces.text, *around])


def _names(frame: list[PageLine], room: int) -> list[str]:
    """Return the first lines of what frames the content, as far as there is room."""
    names: list[str] = []
    for line in frame:
        name = line.text.strip("- ")[:_WIDEST_NAME]
        room -= estimate_tokens(name) + 1
        if room < 0:
            break
        names.append(name)
    return names


def _content(
    lines: list[PageLine], interest: Interest
) -> tuple[list[PageLine], list[PageLine]]:
    """Return the lines of the content, and those that frame it.

    What was asked for, and errors, are content wherever they stand. A page of
    which nearly everything seems to be frame has been misjudged.
    """
    around = [line for line in lines if line.zone & ASIDE and not line.zone & ALERT]
    told = set(_telling(around, interest))
    frame = [line for at, line in enumerate(around) if at not in told]
    outside = set(map(id, frame))
    content = [line for line in lines if id(line) not in outside]
    inside = sum(len(line.text) for line in content)
    if sum(len(line.text) for line in frame) > _FRAME_TIMES * inside:
        return lines, []
    return content, frame


def _telling(around: list[PageLine], interest: Interest) -> list[int]:
    """Lines around the content that were asked for, and failures and warnings.

    Where many lines of navigation have such words, they are names of pages.
    """
    texts = [line.text for line in around]
    lowered = Lowered(texts)
    words = [word for word in interest.arguments if len(word) >= _SHORTEST_WORD]
    weights = weigh(lowered, len(texts))
    warnings = [at for at, weight in enumerate(weights) if weight == Weight.WARNING]
    groups = (warnings, list(find_alarms(texts, lowered)))
    few = [at for group in groups if len(group) <= _FEW for at in group]
    return [*few, *lowered.having(words)]
