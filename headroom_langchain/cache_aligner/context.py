"""What stands around a value, and says whether the author or a program wrote it.

A value is volatile when a program filled it in. The words beside it tell: a label
such as `Current date:` names the moment of the call, while `e.g.`, a comparison, a
pin or a permanent link belong to what somebody wrote once and for all.

All looks go at most `REACH` characters to either side, so the work stays linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

REACH = 96
"""How many characters to either side are looked at."""

_EXAMPLES = (
    "e.g",
    "example of",
    "for example",
    "for instance",
    "such as",
    "look like",
    "looks like",
    "sample",
    "placeholder",
)
_EXAMPLE = re.compile(
    r"\bformat\b(?!:| is)|\blike:? [\"'`]?\Z|(?<!\.)\bexamples?(?: \w{1,12}){0,2} ?:"
)
_IN_EXAMPLE = ("format", "like", "example")
_BLOCK = 400
"""How many characters an example may go on below the line that announces it."""
_EXAMPLE_ABOVE = re.compile(r"(?i)\bexamples?\b[^\n.]{0,40}:[ `\w]*\n")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_FORMAT_AFTER = re.compile(
    r"[^\w\n]{0,24}(?:\w{1,12} ){0,3}(?:format|is optional|example)\b"
)
_IN_FORMAT_AFTER = ("format", "optional", "example")
_LITERAL = re.compile(
    r"""(?:\([bru]?["']|[\w@]\(|\w\([^()]{0,80},\s["']|\breturn ["']"""
    r"""|[<>=!]= ?["']?|[<>]["']|#define \w{1,40}\s{1,9}"?"""
    r"""|\b[A-Z][A-Z0-9_]{3,40} = ["'])\Z"""
)
_COMPARISONS = frozenset({">=", "<=", "==", "!="})
_ASSET = re.compile(r"[^\s\"'<>)]*\.(?:png|jpe?g|gif|svg|webp|ico|pdf|css|m?js)\b")
_FILE = re.compile(r"\.(?:[ot]tf|woff2?|png|svg|jpe?g|gif)\b")
_KEYWORD = re.compile(r"\$[A-Z][\w ]*: [^$]*\Z")


class Surroundings(NamedTuple):
    """The rest of the line before and after a value."""

    before: str
    after: str

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Surroundings:
        """Look around a span of a text.

        Args:
            text: The whole text.
            start: Where the value begins, in characters.
            end: Where it ends.
        """
        before = text[max(0, start - REACH) : start].rpartition("\n")[2]
        return cls(before, text[end : end + REACH].partition("\n")[0])

    @property
    def example(self) -> bool:
        """Whether the value shows what such a value looks like."""
        return "format" in self.before or "Format" in self.before or self.announced

    @property
    def announced(self) -> bool:
        """Whether words around the value call it an example."""
        before = self.before.lower()
        return bool(
            holds(before, _EXAMPLES)
            or (holds(before, _IN_EXAMPLE) and _EXAMPLE.search(before))
            or self.explained
        )

    @property
    def explained(self) -> bool:
        """Whether words behind the value call it an example."""
        after = self.after
        return holds(after, _IN_FORMAT_AFTER) and bool(_FORMAT_AFTER.match(after))

    @property
    def literal(self) -> bool:
        """Whether the value is a constant of program code."""
        if self.before.endswith(("'", '"', "(")):
            return bool(_LITERAL.search(self.before))
        return self.before.rstrip(" ")[-2:] in _COMPARISONS

    @property
    def link(self) -> str | None:
        """The web address that the value is part of, up to the value."""
        word = self.before[self.before.rfind(" ") + 1 :]
        at = word.find("://")
        return None if at < 0 or '"' in word[at:] or ">" in word[at:] else word[at:]

    @property
    def asset(self) -> bool:
        """Whether the value is part of the address of a file that stays."""
        link = self.link
        return link is not None and bool(
            "/assets/" in link or "//github.com/" in link or _ASSET.match(self.after)
        )

    @property
    def file(self) -> bool:
        """Whether the value is the name of a file in a folder."""
        return self.before.endswith("/") and bool(_FILE.match(self.after))

    @property
    def resource(self) -> bool:
        """Whether the value is part of the name of a resource that stays."""
        return "arn:" in self.before[self.before.rfind(" ") + 1 :]

    @property
    def keyword(self) -> bool:
        """Whether the value was filled in by a version control system, once."""
        return "$" in self.after and bool(_KEYWORD.search(self.before))

    @property
    def fixed(self) -> bool:
        """Whether anything here says that the value belongs to the text."""
        if not self.before or self.before.isspace():
            return self.explained
        return (
            self.example or self.literal or self.asset or self.resource or self.keyword
        )


def in_example(text: str, start: int) -> bool:
    """Tell whether a value stands in a block of lines that is shown as an example."""
    above = text[max(0, start - _BLOCK) : start]
    if "xample" not in above:
        return False
    return bool(_EXAMPLE_ABOVE.search(_BLANK_LINE.split(above)[-1]))


def occurrences(text: str, *words: str) -> Iterator[int]:
    """Find where words occur in a text, each word by itself.

    Args:
        text: Any text.
        words: What to look for, exactly.

    Yields:
        Where each occurrence ends.
    """
    for word in words:
        at = text.find(word)
        while at >= 0:
            yield at + len(word)
            at = text.find(word, at + len(word))


def holds(text: str, words: tuple[str, ...]) -> bool:
    """Return whether one of some words is in a text."""
    for word in words:  # noqa: SIM110 - several times faster than a generator
        if word in text:
            return True
    return False


def lowered(text: str) -> str:
    """Return a text in lower case whose characters stand where they stood."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text
