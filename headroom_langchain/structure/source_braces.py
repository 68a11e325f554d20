"""Indentation for code that has none: from how deep its braces are nested."""

from __future__ import annotations

import re
from typing import Final

from .source_languages import Blocks
from .source_lines import Sort, SourceLines

_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|//.*")
_STEP: Final = 4
_DEEPEST: Final = 200
_FLAT: Final = 0.7
_FEWEST: Final = 6
_PROBED: Final = 600


def is_flat(lines: SourceLines) -> bool:
    """Tell whether code between braces is not indented, as pasted code may be.

    Args:
        lines: The lines of a file.
    """
    if lines.language.blocks is not Blocks.BRACED:
        return False
    depth = inner = flat = 0
    probed = slice(_PROBED)
    for body, indent, sort in zip(
        lines.bodies[probed], lines.indents[probed], lines.sorts[probed], strict=True
    ):
        if sort < Sort.IMPORT and sort != Sort.CLOSER:
            continue
        if depth > 0 and body[0] != "}":
            inner += 1
            flat += indent == 0
        depth += body.count("{") - body.count("}")
    return inner >= _FEWEST and flat >= _FLAT * inner


def indent_by_braces(lines: SourceLines) -> None:
    """Set the indentation of every line by the braces that are open there.

    Args:
        lines: The lines of a file; they are changed in place.
    """
    depth = 0
    for at, (body, sort) in enumerate(zip(lines.bodies, lines.sorts, strict=True)):
        code = sort >= Sort.IMPORT or sort == Sort.CLOSER
        closes = code and body[0] in "})"
        lines.indents[at] = _STEP * min(_DEEPEST, max(0, depth - closes))
        if code and ("{" in body or "}" in body):
            plain = _QUOTED.sub("", body)
            depth = max(0, depth + plain.count("{") - plain.count("}"))
