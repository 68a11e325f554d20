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
    from collections.abc import Sequence

    from headroom_langchain.compression.json.table import Row
    from headroom_langchain.structure.json_text import JsonValue

_Arrays: TypeAlias = "dict[str, list[tuple[int, list[JsonValue]]]]"
"""The arrays of records at each path, with the row that each stands in."""

_INLINE_ARRAY: Final = 160
_WORTH_A_TABLE: Final = 3


def tables_of(table: Table, records: Sequence[tuple[str, JsonValue]]) -> list[Table]:
    """Fill a table with records, and make tables of the records inside them.

    Args:
        table: The table, without rows.
        records: Each record with the cell of its key, empty for array elements.

    Returns:
        The table, and after it those of the arrays inside its records.
    """
    rows = table.rows
    inner: _Arrays = {}
    for number, (key, record) in enumerate(records):
        row: Row = {KEY: key} if key else {}
        for found, array in _flatten(record, row):
            inner.setdefault(found, []).append((number, array))
        rows.append(row)
    children = _settle(rows, inner)
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
    return [
        row[identity] if identity else f"row {number}"
        for number, row in enumerate(table.rows)
    ]


def _flatten(
    value: JsonValue, row: Row, path: str = ""
) -> list[tuple[str, list[JsonValue]]]:
    """Put the cells of a record into its row; return the arrays that hold more."""
    arrays: list[tuple[str, list[JsonValue]]] = []
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


def _settle(rows: list[Row], inner: _Arrays) -> _Arrays:
    """Decide for each path with arrays of records how they are shown.

    Arrays of one record become part of their row, short ones become a cell, and
    those that are returned become a table of their own.
    """
    children: _Arrays = {}
    waiting = list(inner.items())
    for path, arrays in waiting:
        if not all(isinstance(item, dict) for _, array in arrays for item in array):
            _write_arrays(rows, path, arrays)
        elif all(len(array) == 1 for _, array in arrays):
            deeper: _Arrays = {}
            for number, (element,) in arrays:
                rows[number], below = _replace(rows[number], path, element)
                for found, array in below:
                    deeper.setdefault(found, []).append((number, array))
            waiting.extend(deeper.items())
        elif _is_large(arrays):
            children[path] = arrays
            for number, array in arrays:
                rows[number][path] = f"<{len(array)} rows>"
        else:
            _write_arrays(rows, path, arrays)
    return children


def _replace(
    row: Row, path: str, element: JsonValue
) -> tuple[Row, list[tuple[str, list[JsonValue]]]]:
    """Put the only element of an array where the array stands in its row."""
    replaced: Row = {}
    arrays: list[tuple[str, list[JsonValue]]] = []
    for found, cell in row.items():
        if found == path:
            arrays += _flatten(element, replaced, element_path(path, 0))
        else:
            replaced[found] = cell
    return replaced, arrays


def _write_arrays(
    rows: list[Row], path: str, arrays: list[tuple[int, list[JsonValue]]]
) -> None:
    for number, array in arrays:
        rows[number][path] = write_json(array)


def _is_large(arrays: list[tuple[int, list[JsonValue]]]) -> bool:
    count = sum(len(array) for _, array in arrays)
    size = sum(size_of(array) for _, array in arrays)
    return count >= _WORTH_A_TABLE and size > _INLINE_ARRAY * len(arrays)
