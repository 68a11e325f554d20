"""Texts that nobody means well with: repetition, depth, and no end of a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

_UNITS: Final = {
    "one letter": "a",
    "one digit": "7",
    "spaces": " ",
    "tabs": "\t",
    "quotes": '"',
    "backslashes": "\\",
    "less than": "<",
    "brackets": "[",
    "parentheses": "(",
    "bars": "|",
    "commas": ",",
    "dots": ".",
    "hashes": "#",
    "stars": "*",
    "backticks": "`",
    "carriage returns": "\r",
    "empty lines": "\n",
    "zeros": "\0",
    "han": "\u4e2d",
    "emoji": "\U0001f600",
    "words": "lorem ipsum ",
    "cells": "a,",
    "columns": "x | ",
    "pairs": "a=1 ",
    "numbers": "12.5e3 ",
    "paths": "a/b.c:1:",
    "colors": "\x1b[31m",
    "entities": "&lt;",
    "comments": "<!--",
    "character data": "<![CDATA[",
    "tags": "<div>",
    "attributes": "<a b=",
    "ended tags": "<p></p>",
    "objects": '{"a":',
    "rules": "====\n",
    "dashes": "---\n",
    "underlined": "a\n=\n",
    "items": "- \n",
    "headings": "# a\n",
    "fences": "```\n",
    "keys": "key: value\n",
    "assignments": "a = 1\n",
    "sections": "[a]\n",
    "table rows": "|a|b|\n",
    "csv rows": "a,b,c\n",
    "fixed rows": "aaaa   bbbb   cccc\n",
    "hunks": "@@ -1 +1 @@\n-a\n+b\n",
    "files": "diff --git a/x b/x\n",
    "matches": "a.py:1:x\n",
    "contexts": "a.py-1-x\n--\n",
    "errors": "ERROR x\n",
    "traces": 'Traceback (most recent call last):\n  File "a", line 1\nE: x\n',
    "java traces": "java.lang.E: x\n\tat a.b(C.java:1)\nCaused by: ",
    "warnings": "a.c:1:2: warning: x\n",
    "stamps": "2026-01-01 00:00:00 INFO x\n",
    "definitions": "def f():\n",
    "classes": "class A {\n",
    "open comments": "/* ",
    "doc strings": '"""',
    "json lines": '{"a": 1}\n',
    "json strings": '"a",\n',
}


def _repeated(unit: str) -> Callable[[int], str]:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def _stairs(size: int) -> str:
    """Lines that are indented deeper and deeper."""
    lines = []
    length = depth = 0
    while length < size:
        line = f"{' ' * depth}k{depth}:"
        lines.append(line)
        length += len(line) + 1
        depth += 1
    return "\n".join(lines)


def _deep(opened: str, closed: str) -> Callable[[int], str]:
    def make(size: int) -> str:
        depth = size // (len(opened) + len(closed))
        return opened * depth + "1" + closed * depth

    return make


def _long_json_line(size: int) -> str:
    return json.dumps([{"id": n, "name": f"n{n}"} for n in range(size // 28)])


def _many_keys(size: int) -> str:
    return json.dumps({f"key{n}": n for n in range(size // 16)})


def _bare_numbers(size: int) -> str:
    return json.dumps([n * 7919 % 99991 for n in range(size // 7)])


def _bare_strings(size: int) -> str:
    return json.dumps([f"s{n * 7919:x}" for n in range(size // 12)])


def _no_shared_field(size: int) -> str:
    """Objects of which no two have a field in common."""
    return json.dumps(
        [{f"{name}{n}": n * 7919 for name in "abcdef"} for n in range(size // 90)]
    )


def _ragged(size: int) -> str:
    """Objects that each lack most of the fields, and not the same ones."""
    return json.dumps(
        [
            {f"f{(n * n + 7 * k * n + k) % 41}": n * k for k in range(n % 9 + 1)}
            for n in range(size // 65)
        ]
    )


def _nested_xml(size: int) -> str:
    inner = "".join(f"<n{k} a='1'>some text that is not short" for k in range(4))
    closed = "".join(f"</n{k}>" for k in range(3, -1, -1))
    item = f"{inner}{closed}\n"
    return f"<r>\n{item * (size // len(item))}</r>"


def _distinct_words(size: int) -> str:
    letters = "etaoinshrdlu"
    words = (
        "".join(letters[n // 12**place % 12] for place in range(7))
        for n in range(99991, 99991 + 7919 * (size // 8), 7919)
    )
    return " ".join(words)


def _no_two_alike(size: int) -> str:
    """Lines of which no two have a word in common."""
    return "\n".join(
        f"{n * 7919 % 99991:x}q {n:x}z {n * 31:o}" for n in range(size // 16)
    )


HOSTILE: Final[Mapping[str, Callable[[int], str]]] = {
    **{name: _repeated(unit) for name, unit in _UNITS.items()},
    "stairs": _stairs,
    "deep arrays": _deep("[", "]"),
    "deep objects": _deep('{"a":', "}"),
    "deep tags": _deep("<b>", "</b>"),
    "deep blocks": _deep("{\n", "}\n"),
    "one line of json": _long_json_line,
    "many keys": _many_keys,
    "bare numbers": _bare_numbers,
    "bare strings": _bare_strings,
    "no shared field": _no_shared_field,
    "ragged": _ragged,
    "nested xml": _nested_xml,
    "distinct words": _distinct_words,
    "no two alike": _no_two_alike,
}
"""What makes each text, of about a number of characters, by name."""
