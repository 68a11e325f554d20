"""The functions and types of source code, found by a parser.

A parser is exact where neither indentation nor braces tell where a body ends. It
takes several times as long, so it is asked only for code that is not indented. It
comes with the extra `code`; without it the nesting of braces has to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from headroom_langchain.structure.source_symbols import Symbol

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_LONGEST: Final = 60_000
_WIDEST: Final = 2_000
_NAME = re.compile(r"([\w$~:]{1,200})\s{0,8}\(")
_PROBED: Final = 400

_CALLABLE: Final = frozenset(
    "function_declaration generator_function_declaration method_definition func_literal"
    " arrow_function function_expression method_declaration constructor_declaration"
    " local_function_statement function_definition function_item".split()
)
_SCRIPT: Final = (
    "arrow_function method_definition function_expression class_declaration"
)
_SCRIPT_TOO: Final = "function_declaration generator_function_declaration"
_TYPED: Final = "interface_declaration enum_declaration"
_STRUCTS: Final = "function_definition struct_specifier enum_specifier union_specifier"
_JAVA: Final = "method_declaration constructor_declaration class_declaration"
_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "javascript": f"{_SCRIPT} {_SCRIPT_TOO}",
        "typescript": f"{_SCRIPT} {_SCRIPT_TOO} {_TYPED}",
        "tsx": f"{_SCRIPT} {_SCRIPT_TOO} {_TYPED}",
        "go": "function_declaration method_declaration func_literal",
        "rust": "function_item enum_item trait_item impl_item mod_item struct_item",
        "java": f"{_JAVA} {_TYPED} record_declaration",
        "c": _STRUCTS,
        "cpp": f"{_STRUCTS} class_specifier namespace_definition",
        "csharp": f"{_JAVA} {_TYPED} record_declaration struct_declaration"
        f" namespace_declaration local_function_statement",
    }
)
"""For each grammar the kinds of nodes that are functions or hold some."""


def symbols_by_syntax(text: str, grammar: str) -> list[Symbol] | None:
    """Parse source code for its functions and types.

    Args:
        text: The code of one file.
        grammar: The name of its language.

    Returns:
        The symbols, outer ones before what they hold. `None` without the extra
        `code`, for a language that is not parsed, and for a text that would take
        long: one of more than 60,000 characters or with a line of more than 2,000.
    """
    kinds = _KINDS.get(grammar)
    if kinds is None or len(text) > _LONGEST or find_spec("ast_grep_py") is None:
        return None
    if max(map(len, text.split("\n"))) > _WIDEST:
        return None
    # Not importable is normal; and it is not needed before here.
    from ast_grep_py import SgRoot

    # The parser refuses lone surrogates; a mark in their place changes no line.
    parsable = text.encode("utf-8", "replace").decode("utf-8")
    root = SgRoot(parsable, grammar).root()
    nodes = root.find_all(any=[{"kind": kind} for kind in kinds.split()])
    found = [
        symbol
        for node in nodes
        if (symbol := _symbol(node, holds=node.kind() not in _CALLABLE)) is not None
    ]
    return _nested(found)


def _symbol(node: SgNode, *, holds: bool) -> Symbol | None:
    body = node.field("body")
    if body is None:
        return None
    named = node.field("name")
    size = body.range().start.index - node.range().start.index
    called = _NAME.search(node.text()[: min(size, _PROBED)])
    name = named.text() if named is not None else called[1] if called else ""
    first, last = node.range().start.line, node.range().end.line
    head = max(first, min(body.range().start.line, last))
    return Symbol(name, holds, first, head, last)


def _nested(found: list[Symbol]) -> list[Symbol]:
    """Sort symbols, and say which holds which; one for each first line."""
    outermost: dict[int, Symbol] = {}
    for symbol in sorted(found, key=lambda one: (one.first, -one.last)):
        outermost.setdefault(symbol.first, symbol)
    symbols = list(outermost.values())
    around: list[int] = []
    for index, symbol in enumerate(symbols):
        while around and symbols[around[-1]].last < symbol.first:
            around.pop()
        symbol.parent = around[-1] if around else -1
        around.append(index)
    return symbols
