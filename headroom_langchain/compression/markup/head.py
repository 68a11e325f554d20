"""What a page says to programs: its title, its description, embedded data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.markup.page_lines import PageLine, Part
from headroom_langchain.structure.json_text import JsonValue, parse_json

_NAMES: Final = frozenset(
    "description og:description og:title robots refresh generator author date version"
    " article:published_time article:modified_time last-modified product:price:amount"
    " product:price:currency product:availability csrf-token".split()
)
_LINKS: Final = frozenset("canonical next prev".split())
_ASSIGNED = re.compile(r"(?:(?:var|let|const) )?[\w.\[\]\"'$]{1,60}\s*=\s*(?=[{\[])")
_WIDEST: Final = 400
_MOST_LINES: Final = 40
_MOST_MEMBERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class State:
    """Data that a page carries for programs."""

    name: str
    value: JsonValue


class Head:
    """Gathers what stands in the head of a page, or belongs there."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.lines: list[PageLine] = []
        self.states: list[State] = []
        self._script = ""
        self._told: set[str] = set()

    def line(self, name: str, content: str) -> None:
        """Take one fact, unless an earlier line tells it."""
        content = " ".join(content.split())[:_WIDEST]
        if content and content not in self._told and len(self._told) < _MOST_LINES:
            self._told.add(content)
            text = f"{name}: {content}" if name else content
            self.lines.append(PageLine(text, Part.HEAD, 0))

    def meta(self, attributes: dict[str, str]) -> None:
        """Take a `meta` element."""
        name = attributes.get("name") or attributes.get("property")
        name = name or attributes.get("http-equiv", "")
        if name.lower() in _NAMES:
            self.line(name, attributes.get("content", ""))

    def link(self, attributes: dict[str, str]) -> None:
        """Take a `link` element."""
        relation = attributes.get("rel", "")
        if relation in _LINKS:
            self.line(relation, attributes.get("href", ""))

    def script(self, attributes: dict[str, str]) -> None:
        """Take the beginning of a script."""
        self._script = attributes.get("id") or attributes.get("type") or "script"

    def script_text(self, text: str) -> None:
        """Take the text of the script that began last; of data, keep the value."""
        name, self._script = self._script, ""
        body = text.strip()
        assigned = _ASSIGNED.match(body)
        if assigned is not None:
            name = body[: assigned.end()].partition("=")[0].strip()
            body = body[assigned.end() :].rstrip("; \n")
        if name and body[:1] in {"{", "["} and body.count(":") < _MOST_MEMBERS:
            value = parse_json(body)
            if value:
                self.states.append(State(name, value))
