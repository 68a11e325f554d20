"""Any text as a name that other people's stores allow.

LangGraph forbids dots, NUL and empty labels, a store of files allows letters, digits
and `_.-/` only, and some file systems do not tell upper from lower case. So lower
case ASCII letters, digits and `-` stand for themselves, and every other byte of the
text as UTF-8 becomes `_` and two hex digits.
"""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import unquote_to_bytes

from headroom_langchain.ccr.store.original import content_bytes, content_text

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_ESCAPE: Final = "_"
_LONGEST: Final = 120
"""Characters of a label: file names end at 255, keys of databases somewhat later."""


def escaped(text: str) -> str:
    """Return a text in letters that every store allows; never empty.

    Different texts have different results, lone surrogates and case included.
    """
    if text and _PLAIN.issuperset(text):
        return text
    return "".join(map(_escaped, text)) or _ESCAPE


def unescaped(label: str) -> str:
    """Return the text of which `escaped` returned this.

    Raises:
        ValueError: It never did.
    """
    if label and _PLAIN.issuperset(label):
        return label
    text = content_text(unquote_to_bytes(label.replace(_ESCAPE, "%")))
    if label == _ESCAPE:
        text = ""
    if escaped(text) != label:
        msg = f"{label!r} is no escaped text"
        raise ValueError(msg)
    return text


def label(text: str) -> str:
    """Return a short name for a text: escaped, or its SHA-256 where that is long.

    Different texts have different labels: two `_` in a row begin a hash, and no
    escaped text.
    """
    name = escaped(text)
    if len(name) <= _LONGEST:
        return name
    return f"{_ESCAPE}{_ESCAPE}{hashlib.sha256(content_bytes(text)).hexdigest()}"


def _escaped(char: str) -> str:
    if char in _PLAIN:
        return char
    return "".join(f"{_ESCAPE}{byte:02x}" for byte in content_bytes(char))
