"""Records as rows: nested objects become columns with dotted paths.

Arrays of one record are part of their row, short arrays a cell, and longer ones
a table of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from headroom_langchain.compression.json.cells import (
    KEY,
    element_path,
    member_path,
    write_cell,
)
from headroom_langchain.compression.json.table import Table, find_identity
from headroom_langchain.structure.json_text import size_of, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headroom_langchain.compression.json.packing import Row, Rows
    from headroom_langchain.structure.json_text import JsonValue

Arrays: TypeAlias = "dict[str, list[tuple[int, list[JsonValue]]]]"
"""The arrays of records at each path, with the row that each stands in."""

Nested: TypeAlias = "list[tuple[str, list[JsonValue]]]"
"""The arrays of records in one record, with their paths."""

_INLINE_ARRAY: Final = 160
_WORTH_A_TABLE: Final = 3


def tables_of(table: Table, records: Iterable[tuple[str, JsonValue]]) -> list[Table]:
    """Fill a table with records, and make tables of the records inside them.

    Args:
        table: The table, without rows.
        records: Each record with the cell of its key, empty for array elements.

    Returns:
        The table, and after it those of the arrays inside its records.
    """
    inner: Arrays = {}
    for key, record in records:
        pack(table.rows, inner, record, key)
    return settle(table, inner)


def pack(rows: Rows, inner: Arrays, record: JsonValue, key: str = "") -> Nested:
    """Add a record to rows, and the arrays that it holds to those of others.

    Args:
        rows: The rows so far.
        inner: The arrays of records in them.
        record: The record.
        key: The cell of its key, empty for the element of an array.

    Returns:
        The arrays that it holds, with their paths.
    """
    row: Row = {KEY: key} if key else {}
    arrays = _flatten(record, row)
    for found, array in arrays:
        inner.setdefault(found, []).append((len(rows), array))
    rows.append(row)
    return arrays


def settle(table: Table, inner: Arrays) -> list[Table]:
    """Put the arrays inside records into their rows, or make tables of them.

    Args:
        table: The table, with its rows.
        inner: The arrays of records in them.

    Returns:
        The table, and after it those of the arrays.
    """
    children = _settle(table.rows, inner)
    if not children:
        return [table]
    labels = _labels(table)
    tables = [table]
    for found, arrays in children.items():
        elements: list[tuple[str, JsonValue]] = []
        labels_of: list[str] = []
        for number, array in arrays:
            elements.extend(("", element) for element in array)
            labels_of.extend([labels[number]] * len(array))
        path = f"{table.path}[].{found}"
        child = Table(path=path, noun="rows", owners=labels_of)
        tables += tables_of(child, elements)
    return tables


def _labels(table: Table) -> list[str]:
    identity = find_identity(table.columns(), len(table.rows))
    if identity is None:
        return [f"row {number}" for number in range(len(table.rows))]
    return [row[identity] for row in table.rows]


def _flatten(value: JsonValue, row: Row, path: str = "") -> Nested:
    """Put the cells of a record into its row; return the arrays that hold more."""
    arrays: Nested = []
    if isinstance(value, dict) and (value or not path):
        for key, member in value.items():
            found = member_path(path, key)
            if isinstance(member, (dict, list)):
                arrays += _flatten(member, row, found)
            else:
                row[found] = write_cell(member)
    elif isinstance(value, list) and not path:
        for index, element in enumerate(value):
            row[element_path(path, index)] = write_cell(element)
    elif isinstance(value, list) and is_nested(value):
        row[path] = ""
        arrays.append((path, value))
    else:
        row[path] = write_json(value)
    return arrays


def is_nested(array: list[JsonValue]) -> bool:
    """Tell whether an array holds arrays or objects."""
    return any(isinstance(element, (dict, list)) for element in array)


def _settle(rows: Rows, inner: Arrays) -> Arrays:
    """Decide for each path with arrays of records how they are shown.

    Arrays of one record become part of their row, short ones become a cell, and
    those that are returned become a table of their own.
    """
    children: Arrays = {}
    waiting = list(inner.items())
    for path, arrays in waiting:
        if not all(isinstance(item, dict) for _, array in arrays for item in array):
            _write_arrays(rows, path, arrays)
        elif all(len(array) == 1 for _, array in arrays):
            waiting.extend(_inline(rows, path, arrays).items())
        elif _is_large(arrays):
            children[path] = arrays
            sizes = {number: f"<{len(array)} rows>" for number, array in arrays}
            _write_cells(rows, path, sizes)
        else:
            _write_arrays(rows, path, arrays)
    return children


def _inline(rows: Rows, path: str, arrays: list[tuple[int, list[JsonValue]]]) -> Arrays:
    """Put the only element of each array where the array stands in its row."""
    elements = {number: element for number, (element,) in arrays}
    deeper: Arrays = {}

    def replaced(number: int, row: Row) -> Row:
        wider: Row = {}
        for found, cell in row.items():
            if found != path:
                wider[found] = cell
                continue
            inside = element_path(path, 0)
            for below, array in _flatten(elements[number], wider, inside):
                deeper.setdefault(below, []).append((number, array))
        return wider

    rows.change(elements, replaced)
    return deeper


def _write_arrays(
    rows: Rows, path: str, arrays: list[tuple[int, list[JsonValue]]]
) -> None:
    cells = {number: write_json(array) for number, array in arrays}
    _write_cells(rows, path, cells)


def _write_cells(rows: Rows, path: str, cells: dict[int, str]) -> None:
    rows.change(cells, lambda number, row: {**row, path: cells[number]})


def _is_large(arrays: list[tuple[int, list[JsonValue]]]) -> bool:
    count = sum(len(array) for _, array in arrays)
    size = sum(size_of(array) for _, array in arrays)
    return count >= _WORTH_A_TABLE and size > _INLINE_ARRAY * len(arrays)
