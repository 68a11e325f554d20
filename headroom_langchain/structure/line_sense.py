"""What a single line of code, of a configuration or of prose says.

A search result and a diff show lines without what surrounds them, so a line is
judged by itself, in any language as far as looks go.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final


class Sense(IntEnum):
    """What a line says; the smaller, the sooner it is worth showing."""

    DEFINITION = 0
    """It defines a function, a type, a macro or a table."""
    ALARM = 1
    """It raises, denies, deprecates, checks security, or asks to be done."""
    SETTING = 2
    """It gives a name a plain value: a constant, an option, a version."""
    PLAIN = 3
    COMMENT = 4
    IMPORT = 5
    NOTHING = 6
    """A blank line, or nothing but brackets and marks."""


_PROBED: Final = 240
_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract"
    r"|async|pub|pub\([\w: ]{1,30}\)|unsafe|extern|inline|virtual|override|declare"
    r"|sealed|open|data|suspend|partial|constexpr|readonly) +)*"
)
_DEFINITION = re.compile(
    _MODIFIERS + r"(?:(?:def|class|function\*?|func|fn|fun|interface|struct|enum|trait"
    r"|impl|namespace|record|protocol|macro_rules!|sub|proc|service|rpc|mod|contract"
    r"|typedef|defmodule|defp|defmacro)[ \t*]+[\w$(<\[\"'*]"
    r"|type [\w<>]+ ?(?:=|struct\b|interface\b|\()"
    r"|(?:const|let|var) [\w$]+(?:: [^=]{1,80})? = (?:async )?(?:\(|function|[\w$]+ =>)"
    r"|# *define[ \t]+\w+|[\w$]+ ?(?:=|:) ?(?:async )?function\b"
    r"|(?:CREATE|ALTER|DROP) (?:OR REPLACE )?[A-Z]"
    r"|create (?:table|view|function|index) "
    r"|(?:message|module|package|object|template) [\w.$]+ ?(?:\{|;?$|<))"
)
_SIGNATURE = re.compile(
    r"(?!return\b|else\b|new\b|throw\b|await\b|case\b|goto\b|delete\b|if\b|yield\b"
    r"|raise\b|not\b|assert\b|import\b|from\b|and\b|or\b|in\b|is\b"
    r"|elif\b|with\b|for\b|while\b)"
    r"(?:[\w:<>,*&\[\]~?@]{1,60} +){1,6}[*&]{0,2}[\w:~$]{1,80}\("
)
_SIGNATURE_ENDS = ("{", ";", "{}")
_ALARM = re.compile(
    r"\b(?:raise|throw|throws|panic|abort|die|reject|forbid\w*|deny|denied|deprecat\w*"
    r"|todo|fixme|xxx|hack|insecure|unsafe|vulnerab\w*|secur\w*|password|passwd|secret"
    r"|private[_ ]key|eval|must|never|warn\w*|breaking|no longer|verify|sanitiz\w*"
    r"|conflict|regression|workaround|nosec|noqa|cve-\d+|bug)\b"
)
_ALARMING_CALLS = ("error(", "errorf(", "exception(")
_CONFLICTS = ("<<<<<<<", ">>>>>>>")
_SETTING = re.compile(
    r"[\"']?(?:[A-Z][A-Z0-9_]{2,}|[\w.\-\[\]]{2,60})[\"']?"
    r"(?:: ?[\w\[\], .|\"']{1,60})? ?(?::=|[:=]) ?"
    r"(?:[\"'\d+\-]|true\b|false\b|null\b|none\b|True\b|False\b|None\b|\$\{?[A-Z])"
)
_CONSTANT = re.compile(
    r"(?:(?:export|const|static|final|public|private|val|let|local|readonly) +){0,4}"
    r"[A-Z_][A-Z0-9_]{2,}(?:: ?[\w\[\], .|\"']{1,60})? ?:?= ?\S"
)
_IMPORT = re.compile(
    r"(?:from [\w.]+ import |import |#include|# *include|use [\w:]+|using [\w.]+;"
    r"|require[(_ ]|export \{|(?:const|var|let) .{1,60}= require\()"
)
_COMMENT_STARTS = ("#", "//", "/*", "*", "--", ";", "<!--", '"""', "'''", "%", "..")
_SAYS = re.compile(r"[^\W_]")


def sense(body: str) -> Sense:
    """Say what a line says.

    Args:
        body: The line, without what a tool put before it; of an over-long one only
            the first 240 characters count.
    """
    text = body[:_PROBED].strip()
    if _SAYS.search(text) is None:
        return Sense.NOTHING
    if _IMPORT.match(text):
        return Sense.IMPORT
    if _defines(text):
        return Sense.DEFINITION
    return Sense.ALARM if _alarms(text.lower()) else _quiet(text)


def _alarms(lowered: str) -> bool:
    if "error" in lowered or "exception(" in lowered:
        if any(call in lowered for call in _ALARMING_CALLS):
            return True
    elif lowered.startswith(_CONFLICTS):
        return True
    return _ALARM.search(lowered) is not None


def _quiet(text: str) -> Sense:
    if text.startswith(_COMMENT_STARTS):
        return Sense.COMMENT
    if _CONSTANT.match(text) or _SETTING.match(text):
        return Sense.SETTING
    return Sense.PLAIN


def _defines(text: str) -> bool:
    if _DEFINITION.match(text):
        return True
    # The looks of a C-like signature: type, name and arguments, then a body.
    return text.endswith(_SIGNATURE_ENDS) and _SIGNATURE.match(text) is not None
