"""Reads back what the JSON compressors write, to prove that nothing is lost."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from headroom_langchain.compression.json.blocks import TITLE
from headroom_langchain.structure.json_text import JsonValue, Number

Step: TypeAlias = "str | int"
Steps: TypeAlias = tuple[Step, ...]

_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity", re.ASCII)
_HEAD = re.compile(r"(\d+)( of \d+)? (rows|entries)(?=;|$)")
_ROWS = re.compile(r"<(\d+) rows>")
_WHOLE = -1
_LITERALS: dict[str, JsonValue] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class _Missing:
    pass


@dataclass(frozen=True)
class _Children:
    count: int


Cell: TypeAlias = "JsonValue | _Missing | _Children"


@dataclass
class _Table:
    path: str
    keyed: bool
    part: bool
    rows: list[list[tuple[str, Cell]]] = field(default_factory=list)
    taken: int = 0


class _Scanner:
    """Walks over one line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def skip(self, literal: str) -> bool:
        if self.text.startswith(literal, self.at):
            self.at += len(literal)
            return True
        return False

    def path(self) -> str:
        """Take a path, as it is written."""
        start = self.at
        while not self.done:
            if self.text[self.at] == '"':
                _, self.at = _DECODER.raw_decode(self.text, self.at)
            elif self.text[self.at] in "=,:;":
                break
            else:
                self.at += 1
        return self.text[start : self.at]

    def cell(self) -> Cell:
        if not self.done and self.text[self.at] in '"[{':
            value, self.at = _DECODER.raw_decode(self.text, self.at)
            return _typed(value)
        start = self.at
        while not self.done and self.text[self.at] not in ",;":
            self.at += 1
        word = self.text[start : self.at]
        if word in {"", "<absent>"}:
            return _Missing()
        if rows := _ROWS.fullmatch(word):
            return _Children(int(rows[1]))
        if word in _LITERALS:
            return _LITERALS[word]
        return Number(word) if _NUMBER.fullmatch(word) else word


def _typed(value: object) -> JsonValue:
    return value  # type: ignore[return-value]  # the decoder makes nothing else


def steps_of(path: str) -> Steps:
    """Take a written path apart."""
    steps: list[Step] = []
    scanner = _Scanner(path)
    while not scanner.done:
        if scanner.skip("."):
            continue
        if path[scanner.at] == '"':
            key, scanner.at = _DECODER.raw_decode(path, scanner.at)
            steps.append(str(key))
        elif scanner.skip("["):
            end = path.index("]", scanner.at)
            steps.append(int(path[scanner.at : end]))
            scanner.at = end + 1
        else:
            found = re.compile(r'[^.\["]+').match(path, scanner.at)
            assert found is not None
            steps.append(found[0])
            scanner.at = found.end()
    return tuple(steps)


def decode(text: str) -> JsonValue:
    """Return the value that a lossless rewriting holds."""
    lines = text.split("\n")
    if lines[0] == TITLE:
        del lines[0]
    tree: dict[Step, object] = {}
    tables: dict[str, _Table] = {}
    read: list[_Table] = []
    told: dict[str, list[list[tuple[str, Cell]]]] = {}
    at = 0
    while at < len(lines):
        scanner = _Scanner(lines[at])
        path = ""
        if not _HEAD.match(lines[at]):
            path = scanner.path()
            assert scanner.skip(": ")
        head = _HEAD.match(lines[at], scanner.at)
        at += 1
        if head is None:
            _read_line(tree, told, path, scanner)
            continue
        scanner.at = head.end()
        table = _Table(path=path, keyed=head[3] == "entries", part=bool(head[2]))
        at = _read_rows(table, int(head[1]), scanner, lines, at)
        read.append(table)
        if path in tables:
            tables[path].rows += table.rows
        else:
            tables[path] = replace(table, rows=list(table.rows))
    for table in read:
        if not _is_child(table.path):
            steps = steps_of(table.path)
            built = _build(table, tables, len(table.rows))
            if not table.part:
                elements = [record for _, record in built]
                _put(tree, steps, dict(built) if table.keyed else elements)
                continue
            for step, record in built:
                _put(tree, (*steps, step), record)
    return _close(tree)


def _read_line(
    tree: dict[Step, object],
    told: dict[str, list[list[tuple[str, Cell]]]],
    path: str,
    scanner: _Scanner,
) -> None:
    base = () if path == "$" else steps_of(path)
    start = scanner.at
    if scanner.skip("same as "):
        known = scanner.path()
        if scanner.done:
            again = told[known][len(told.setdefault(path, []))]
            told[path].append(again)
            for key, cell in again:
                _put(tree, (*base, *steps_of(key)), cell)
            return
        scanner.at = start
    cells: list[tuple[str, Cell]] = []
    while not scanner.done:
        key = scanner.path()
        assert scanner.skip("=")
        cells.append((key, scanner.cell()))
        scanner.skip(", ")
    told.setdefault(path, []).append(cells)
    for key, cell in cells:
        _put(tree, base if key == "$" else (*base, *steps_of(key)), cell)


def _read_rows(
    table: _Table, count: int, scanner: _Scanner, lines: list[str], at: int
) -> int:
    columns: list[str] = []
    prefix = ""
    if scanner.skip("; a leading . means "):
        prefix = scanner.path()
    known: dict[str, Cell] = {}
    if scanner.skip("; every row: "):
        known |= _pairs(scanner, prefix, ", ")
    if scanner.skip("; unless stated: "):
        known |= _pairs(scanner, prefix, ", ")
    if scanner.skip("; columns: "):
        while not scanner.done:
            columns.append(_full(scanner.path(), prefix))
            scanner.skip(",")
    while len(table.rows) < count:
        line = lines[at]
        at += 1
        if line.startswith("> "):
            continue
        row = dict(known)
        row_scanner = _Scanner(line)
        for column in columns:
            row[column] = row_scanner.cell()
            row_scanner.skip(",")
        row |= _pairs(row_scanner, prefix, ",")
        table.rows.append(_without_replaced(row))
    return at


def _pairs(scanner: _Scanner, prefix: str, separator: str) -> dict[str, Cell]:
    pairs: dict[str, Cell] = {}
    while not scanner.done:
        key = scanner.path()
        assert scanner.skip("=")
        pairs[_full(key, prefix)] = scanner.cell()
        if not scanner.skip(separator):
            break
    return pairs


def _full(path: str, prefix: str) -> str:
    return prefix + path[1:] if path.startswith(".") else path


def _without_replaced(row: dict[str, Cell]) -> list[tuple[str, Cell]]:
    present = {path: cell for path, cell in row.items() if cell != _Missing()}
    return [
        (path, cell)
        for path, cell in present.items()
        if not any(other.startswith((f"{path}.", f"{path}[")) for other in present)
    ]


def _build(
    table: _Table, tables: dict[str, _Table], count: int
) -> list[tuple[Step, JsonValue]]:
    """Return the next records of a table, each with its index or key."""
    records: list[tuple[Step, JsonValue]] = []
    for index, row in enumerate(table.rows[table.taken : table.taken + count]):
        tree: dict[Step, object] = {}
        step: Step = index
        for path, cell in row:
            if path == "<key>":
                step = cell if isinstance(cell, str) else ""
            elif path == "<row>":
                step = int(cell.lexeme) if isinstance(cell, Number) else index
            elif path == "$":
                _put(tree, (), cell)
            elif isinstance(cell, _Children):
                child = tables[f"{table.path}[].{path}"]
                elements = [item for _, item in _build(child, tables, cell.count)]
                _put(tree, steps_of(path), elements)
            else:
                _put(tree, steps_of(path), cell)
        records.append((step, _close(tree)))
    table.taken += count
    return records


def _is_child(path: str) -> bool:
    try:
        steps_of(path)
    except ValueError:
        return True
    return False


@dataclass(frozen=True)
class _Leaf:
    value: object


def _put(tree: dict[Step, object], steps: Steps, value: object) -> None:
    if not steps:
        tree[_WHOLE] = _Leaf(value)
        return
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        assert isinstance(inner, dict)
        tree = inner
    tree[steps[-1]] = _Leaf(value)


def _close(node: object) -> JsonValue:
    if isinstance(node, _Leaf):
        return _typed(node.value)
    assert isinstance(node, dict)
    if isinstance(whole := node.get(_WHOLE), _Leaf):
        return _typed(whole.value)
    if any(isinstance(step, int) for step in node):
        return [_close(node[index]) for index in sorted(node)]
    return {str(key): _close(inner) for key, inner in node.items()}
