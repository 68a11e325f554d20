"""Sections of source code: its functions and classes, by indentation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .sections import NOWHERE, Outline, Section

_DEFINITION = re.compile(
    r"(?:(?:export|default|public|private|protected|internal|static|async|abstract"
    r"|final|pub|pub\(crate\)|unsafe|override|virtual|inline|extern|declare|open"
    r"|suspend|sealed|partial|data)\s+)*"
    r"(def|class|function\*?|func|fn|interface|struct|enum|trait|impl|type|module"
    r"|namespace|protocol|mod|union)\s+(?:\([^()]*\)\s*|<[^<>]*>\s*)?"
    r"([A-Za-z_$~][\w$.:?!]*)\s*(?=[(:{<=\[;]|$|extends|implements|for\b|where\b|struct"
    r"|interface|\w)"
)
_VARIABLE = re.compile(
    r"(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*=\s*(?:async\s*)?(?:function\b|\()"
)
_CALLED = re.compile(r"[A-Za-z_~][\w:~]*$")
_NUMBER = re.compile(r"\s*\d+(?:\t|→|\| ?|: )")
_PLACE = re.compile(r"[^\s:]{1,200}[:-]\d+[:-]")
_CONTROL = frozenset(
    (
        "if for while switch else catch return try do when until using lock with match "
        "elif except case new throw await foreach synchronized"
    ).split()
)
_CLOSERS = ("}", ")", "]", "{", "end")
_MOSTLY = 0.8
_PLAIN = 4
_FEWEST = 2


def definition_in(line: str) -> str | None:
    """Return the name that a line of source code defines, such as `def send`.

    Args:
        line: The line, maybe behind its file and number as `grep -n` prints them.

    Returns:
        The kind of definition and the name, the name alone where the language
        has no word for it, or `None`.
    """
    body = _without(_PLACE, line.strip())
    match = _DEFINITION.match(body)
    if match:
        return f"{match[1]} {match[2].rstrip(':.?')}"
    match = _VARIABLE.match(body)
    if match:
        return match[1]
    if body.endswith("{") and "(" in body and ";" not in body and "=" not in body:
        head = body[: body.index("(")].rstrip()
        called = _CALLED.search(head[-200:])
        if (
            called
            and head.split(None, 1)[0] not in _CONTROL
            and called[0] not in _CONTROL
        ):
            return called[0]
    return None


def code_outline(texts: Sequence[str]) -> Outline:
    """Return the functions and classes of source code.

    Line numbers in front of every line, as `cat -n` prints them, are passed over.
    What `grep -n` prints has definitions, but they hold none of the other lines.

    Args:
        texts: The lines of the text.
    """
    if _nearly_all(texts, _PLACE):
        found = map(definition_in, texts)
        defined = frozenset(at for at, name in enumerate(found) if name is not None)
        return Outline(definitions=defined)
    bodies = texts
    if _nearly_all(texts, _NUMBER):
        bodies = [_without(_NUMBER, text) for text in texts]
    return _nested(bodies)


def _nested(bodies: Sequence[str]) -> Outline:
    sections: list[Section] = []
    indents: list[int] = []
    around: list[int] = []
    for at, body in enumerate(bodies):
        stripped = body.strip()
        if not stripped:
            continue
        indent = _indent(body)
        while around and _ends(indents[around[-1]], indent, stripped):
            sections[around.pop()].last = at - 1
        name = definition_in(stripped)
        if name is None:
            continue
        parent = around[-1] if around else NOWHERE
        sections.append(Section(name, at, len(bodies) - 1, parent))
        indents.append(indent)
        around.append(len(sections) - 1)
    _trim(sections, bodies)
    defined = frozenset(section.first for section in sections)
    return Outline(sections=sections, definitions=defined)


def looks_like_code(outline: Outline, count: int) -> bool:
    """Tell whether so many definitions in so many lines make source code."""
    sections = len(outline.sections)
    return sections >= _FEWEST and sections * 100 >= count


def _without(prefix: re.Pattern[str], line: str) -> str:
    match = prefix.match(line)
    return line[match.end() :] if match else line


def _nearly_all(texts: Sequence[str], prefix: re.Pattern[str]) -> bool:
    filled = [text for text in texts if text.strip()]
    matching = sum(1 for text in filled if prefix.match(text))
    return len(filled) >= _FEWEST and matching >= _MOSTLY * len(filled)


def _indent(body: str) -> int:
    return len(body[: len(body) - len(body.lstrip())].expandtabs(_PLAIN))


def _ends(own: int, indent: int, stripped: str) -> bool:
    return indent < own or (indent == own and not stripped.startswith(_CLOSERS))


def _trim(sections: Sequence[Section], bodies: Sequence[str]) -> None:
    """Take blank lines at the end of a section out of it."""
    for section in sections:
        last = section.last
        while last > section.first and not bodies[last].strip():
            last -= 1
        section.last = last
