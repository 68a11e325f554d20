"""What part a line plays in a text nobody told the format of.

Prose, Markdown, source code, patches, search results and tables are told apart
line by line: a heading, a definition, a line that states a rule, the first line of
a paragraph, or a line like any other. Any script, any language as far as looks go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from itertools import chain, islice

from .statements import Weight


class Role(IntEnum):
    """The part a line plays; the smaller, the sooner it is worth showing."""

    HEADING = 0
    DEFINITION = 1
    """It defines something, or names what the lines below it, further in, explain."""
    RULE = 2
    """It says what must or must not be, a default or a limit."""
    MENTION = 3
    """It speaks of an error, an exception from a rule, a total."""
    LEAD = 4
    """It begins a paragraph, an item or a block, or is a changed line of a patch."""
    BODY = 5
    FILLER = 6
    """A blank line, a lone bracket, markup without text."""


_HEADING = re.compile(
    r"#{1,6} \S|<h[1-6][ >]"
    r"|<title|<summary|==+ \S.{0,120} ==+$|\[[\w .:\"/-]{1,80}\]$"
    r"|(?:\d{1,2}\.){1,4}\d{0,2} +[^\W\d_]|第.{1,6}[章节節条條]"
    r"|(?:chapter|section|part) \d"
    r"|diff --git |Index: |\+\+\+ \S|--- \S|rename (?:from|to) |deleted file|new file"
    r"|%%|\\(?:sub)*section\{",
    re.IGNORECASE,
)
_HEADING_STARTS = frozenset("#<=[0123456789第cspdir+-%\\CSPDIR")
_UNDERLINE = re.compile(r"([=~^\"*+#-])\1{2,}$")
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+")
_FOUND = re.compile(r"([\w./@+-]{1,160}?)([:-])\d{1,7}\2")
_FOUND_PLACE = re.compile(r"[:-]\d{1,7}[:-]")
_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract"
    r"|async|pub|pub\(crate\)|unsafe|extern|inline|virtual|override|declare|sealed|open"
    r"|data|suspend|partial) )*"
)
_DEFINITION = re.compile(
    _MODIFIERS + r"(?:(?:def|class|function\*?|func|fn|fun|interface|type|struct|enum"
    r"|trait|impl|module|namespace|record|protocol|macro_rules!|object|sub|proc|message"
    r"|service|rpc|package|mod|contract|template|typedef)[ \t*]+[\w$(<\[\"']"
    r"|(?:const|let|var) [\w$]+(?:: [^=]+)? = (?:async )?(?:\(|function|[\w$]+ =>)"
    r"|(?:const|static|val|constexpr) [\w:<>&]+(?: \w+)? ?="
    r"|#define \w|CREATE |ALTER TABLE |create (?:table|view|function|index) "
    r"|[A-Z_][A-Z0-9_]{2,}(?:: ?[\w\[\], .|]+)? ?:?= ?\S)"
)
_CALLABLE = re.compile(r"[\w:<>,*&\[\]~ ]+\(")
_ITEM = re.compile(r"(?:[-*+•·] |\d{1,3}[.)] |\(\w\) |<li|<p[ >]|<td|<th|<dt|<a |\|)")
_OPTION = re.compile(r"-{1,2}[A-Za-z?][\w-]*(?:[ =,\[<]|$)")
"""What a program can be called with, in its help or manual page."""
_TAG_PIECES = re.compile(r"<[^<>]*>?|[\s{}()\[\];,>=*_~^#\"'|+:.-]+")
_TERM_TEXT = re.compile(r"\S{1,24} {4,}\S")
_NO_TERM_ENDS = tuple(".,;:!?{([<>|\\")
_TITLE_LENGTH = 80
_LABEL_LENGTH = 40
_PROBED = 400
_INDENT_OF_DEFINITIONS = 24


def roles(lines: Sequence[str], weights: Sequence[Weight]) -> list[Role]:
    """Say which part each line plays.

    Args:
        lines: Lines, or pieces of over-long lines, without line breaks.
        weights: How much depends on what each of them says.
    """
    if any(_HUNK.match(line) for line in lines[:_PROBED]):
        return [_in_patch(line[:_PROBED]) for line in lines]
    looks_found = any(_FOUND_PLACE.search(line, 0, _PROBED) for line in lines[:_PROBED])
    found: list[Role] = []
    file_before = ""
    before = ""
    afters = chain(islice(lines, 1, None), [""])
    for line, after, weight in zip(lines, afters, weights, strict=True):
        text = line[:_PROBED].strip()
        hit = _FOUND.match(text) if looks_found else None
        if not text:
            found.append(Role.FILLER)
        elif hit is None:
            found.append(_role(line[:_PROBED], text, before, after, weight))
        else:
            inner = text[hit.end() :]
            role = _role(inner, inner.strip(), "-", "-", weight)
            new_file = hit.group(1) != file_before and role > Role.LEAD
            file_before = hit.group(1)
            found.append(Role.LEAD if new_file else role)
        before = line
    return found


def _in_patch(line: str) -> Role:
    if _HUNK.match(line):
        return Role.LEAD
    if line[:1] not in ("+", "-"):
        if line.startswith(("diff ", "Index: ", "rename ", "deleted file", "new file")):
            return Role.HEADING
        return Role.FILLER if line[:1].isspace() or not line else Role.BODY
    if line.startswith(("+++ ", "--- ")):
        return Role.HEADING
    text = line[1:].strip()
    if text and _is_definition(line[1:], text):
        return Role.DEFINITION
    return Role.LEAD if _TAG_PIECES.sub("", text) else Role.FILLER


def _role(line: str, text: str, before: str, after: str, weight: Weight) -> Role:
    if _is_heading(line, text, before, after):
        return Role.HEADING
    if _is_definition(line, text) or _is_term(line, text, before, after):
        return Role.DEFINITION
    if not text[:1].isalnum() and not _TAG_PIECES.sub("", text):
        return Role.FILLER
    if weight:
        return Role.RULE if weight > Weight.MENTION else Role.MENTION
    leads = (
        not before.strip()
        or _ITEM.match(text)
        or before.rstrip()[-1:] == ":"
        or (text.startswith("-") and _OPTION.match(text))
    )
    return Role.LEAD if leads else Role.BODY


def _is_heading(line: str, text: str, before: str, after: str) -> bool:
    may_be = text[:1] in _HEADING_STARTS and len(text) <= 2 * _TITLE_LENGTH
    if may_be and _HEADING.match(text):
        return not line.startswith((" ", "\t")) or text.startswith("<")
    if len(text) > _TITLE_LENGTH or line[:1].isspace():
        return False
    ruled = bool(after[:4]) and _UNDERLINE.match(after.rstrip()) is not None
    if ruled and text[:1].isalnum():
        return True
    if before.strip() or not text[:1].isalpha():
        return False
    if text[-1] == ":" and len(text) <= _LABEL_LENGTH:
        return True
    return text.isupper() and len(text) > len("NO.")


def _is_term(line: str, text: str, before: str, after: str) -> bool:
    """Tell whether it is what the lines below explain, as in a manual page."""
    if before.strip() or len(text) > _TITLE_LENGTH:
        return False
    if line[0].isspace() and _TERM_TEXT.match(text):
        return True
    said = after.lstrip()
    deeper = len(after) - len(said) > len(line) - len(line.lstrip())
    # An explanation is a sentence; what is further in in code hardly ever is.
    return deeper and said[:1].isupper() and not text.endswith(_NO_TERM_ENDS)


def _is_definition(line: str, text: str) -> bool:
    if len(line) - len(line.lstrip()) > _INDENT_OF_DEFINITIONS:
        return False
    if (text[:1].isalpha() or text.startswith(("#", "_"))) and _DEFINITION.match(text):
        return True
    # The looks of a C-like signature: type, name and arguments, then a body.
    if text[-1:] != "{" or "(" not in text or line.startswith("   "):
        return False
    return (
        _CALLABLE.match(text) is not None
        and " " in text[: text.index("(")].strip()
        and not text.startswith(("if ", "for ", "while ", "switch ", "} ", "else "))
    )
