"""A JSON document as lines and tables.

Every object is one line, `path: key=value, key=value`; what follows the objects
inside it may have a second line, so that things stay near to each other. Arrays of
records, and objects whose members are alike, are tables.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

from headroom_langchain.compression.json.cells import (
    ROOT,
    element_path,
    member_path,
    write_cell,
)
from headroom_langchain.compression.json.packed import Packed
from headroom_langchain.compression.json.rows import is_nested, settle, tables_of
from headroom_langchain.compression.json.shapes import group_by_fields, group_by_shape
from headroom_langchain.compression.json.table import (
    Table,
    render_complete,
)
from headroom_langchain.structure.json_text import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.compression.json.packing import Row
    from headroom_langchain.structure.json_text import JsonValue

TITLE = "JSON; one line per object, arrays of objects as tables"
"""The first line of a document that is more than one table."""

_FEWEST_RECORDS: Final = 3
_FEWEST_MEMBERS: Final = 5
_WIDEST_TUPLE: Final = 30
_ALIKE: Final = 0.4
_INLINE: Final = 2
_WORTH_A_REFERENCE: Final = 40
_WIDE: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One object, without the objects and tables inside it."""

    path: str
    cells: Row
    same_as: str = ""
    """An earlier object with the same cells, which are then not repeated."""
    written: list[str] = field(default_factory=list, init=False)
    """What `render` wrote, once it was asked."""

    def render(self) -> str:
        """Write the line with all its cells."""
        if not self.written:
            cells = ", ".join([f"{path}={cell}" for path, cell in self.cells.items()])
            told = f"same as {self.same_as}" if self.same_as else cells
            self.written.append(f"{self.path}: {told}")
        return self.written[0]


Block: TypeAlias = Line | Table


def read_blocks(value: JsonValue) -> list[Block]:
    """Take a document apart, in its own order."""
    if isinstance(value, Packed):
        return list(_packed(value, ""))
    if isinstance(value, list) and not is_nested(value):
        return [Line(path=ROOT, cells={ROOT: write_json(value)})]
    return list(_blocks(value, ""))


def render_blocks(blocks: list[Block]) -> str:
    """Write a document so that every value can be read back."""
    parts = [
        render_complete(block) if isinstance(block, Table) else block.render()
        for block in refer_to_repeats(blocks)
    ]
    if len(parts) == 1 and isinstance(blocks[0], Table):
        return parts[0]
    return "\n".join([TITLE, *parts])


def refer_to_repeats(blocks: list[Block]) -> list[Block]:
    """Replace each line whose cells all stand in an earlier line by a reference."""
    first: dict[tuple[int, str], str] = {}
    lines: Counter[str] = Counter()
    result: list[Block] = []
    for block in blocks:
        if isinstance(block, Table):
            result.append(block)
            continue
        lines[block.path] += 1
        told = block.render()[len(block.path) :]
        # The second line of an object is the same as the second of another.
        known = first.setdefault((lines[block.path], told), block.path)
        if known != block.path and len(told) > _WORTH_A_REFERENCE + len(known):
            result.append(Line(path=block.path, cells={}, same_as=known))
        else:
            result.append(block)
    return result


def _blocks(value: JsonValue, path: str) -> Iterator[Block]:
    if isinstance(value, Packed):
        yield from _packed(value, path)
        return
    records = _records(value)
    if records:
        yield from _shaped(value, path, records)
        return
    cells: Row = {}
    late: Row = {}
    deeper: list[tuple[str, JsonValue]] = []
    for relative, full, member in _members(value, path):
        small = _small(member, relative)
        if small is None:
            deeper.append((full, member))
        elif deeper:
            late.update(small)
        else:
            cells.update(small)
    if not _is_wide(late):
        cells |= late
        late = {}
    if cells:
        yield Line(path=path or ROOT, cells=cells)
    for full, member in deeper:
        yield from _blocks(member, full)
    if late:
        yield Line(path=path or ROOT, cells=late)


def _is_wide(cells: Row) -> bool:
    """Tell whether cells would part an object from what it holds."""
    return sum(map(len, cells)) + sum(map(len, cells.values())) > _WIDE


def _shaped(
    value: JsonValue, path: str, records: list[tuple[str, JsonValue]]
) -> Iterator[Block]:
    """Yield one table per shape of records; a rare shape is shown by itself."""
    noun = "entries" if isinstance(value, dict) else "rows"
    members = [full for _, full, _ in _members(value, path)]
    groups = group_by_shape([record for _, record in records])
    for numbers in groups:
        part = [records[number] for number in numbers]
        if len(groups) == 1:
            yield from tables_of(Table(path=path, noun=noun), part)
        elif len(numbers) < _FEWEST_RECORDS:
            for number in numbers:
                yield from _alone(records[number][1], members[number])
        else:
            positions = [] if isinstance(value, dict) else numbers
            table = Table(path=path, noun=noun, numbers=positions, of=len(records))
            yield from tables_of(table, part)


def _packed(packed: Packed, path: str) -> Iterator[Block]:
    """Yield the same for records that are packed."""
    groups = group_by_fields(packed.shapes())
    total = len(packed.rows)
    for numbers in groups:
        if len(numbers) < _FEWEST_RECORDS:
            for number in numbers:
                yield from _alone(packed.record(number), element_path(path, number))
            continue
        rows, inner = packed.some(numbers)
        alone = len(groups) == 1
        yield from settle(
            Table(
                path=path,
                noun="rows",
                rows=rows,
                numbers=[] if alone else numbers,
                of=0 if alone else total,
            ),
            inner,
        )


def _alone(record: JsonValue, path: str) -> Iterator[Block]:
    if record:
        yield from _blocks(record, path)
    else:
        yield Line(path=path, cells={ROOT: write_json(record)})


def _members(value: JsonValue, path: str) -> Iterator[tuple[str, str, JsonValue]]:
    """Yield each member with its path from here and from the root."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield member_path("", key), member_path(path, key), member
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield element_path("", index), element_path(path, index), member


def _small(value: JsonValue, path: str) -> Row | None:
    """Return the cells of a value that needs no line of its own, else `None`."""
    if isinstance(value, dict) and value:
        if len(value) > _INLINE or any(
            isinstance(member, (dict, list)) and member for member in value.values()
        ):
            return None
        return {
            member_path(path, key): write_cell(member) for key, member in value.items()
        }
    if isinstance(value, Packed) or (isinstance(value, list) and is_nested(value)):
        return None
    return {path: write_cell(value)}


def _records(value: JsonValue) -> list[tuple[str, JsonValue]]:
    """Return the records of a value that is best shown as a table, else nothing."""
    if isinstance(value, list) and len(value) >= _FEWEST_RECORDS:
        if all(isinstance(item, dict) for item in value) or _is_matrix(value):
            return [("", item) for item in value]
    elif isinstance(value, dict) and len(value) >= _FEWEST_MEMBERS and _alike(value):
        return [(write_cell(key), member) for key, member in value.items()]
    return []


def _is_matrix(value: list[JsonValue]) -> bool:
    return all(
        isinstance(item, list)
        and 0 < len(item) <= _WIDEST_TUPLE
        and not is_nested(item)
        for item in value
    )


def _alike(value: dict[str, JsonValue]) -> bool:
    keys: dict[str, None] = {}
    filled = 0
    for member in value.values():
        if not isinstance(member, dict) or not member:
            return False
        keys.update(dict.fromkeys(islice(member, _WIDEST_TUPLE)))
        filled += len(member)
    return filled >= _ALIKE * len(keys) * len(value)
