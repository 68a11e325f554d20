"""Records that have the same fields, told from those that have others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from headroom_langchain.structure.json_text import JsonValue

_ALIKE: Final = 0.6
_FEW_FIELDS: Final = 8
_MOST_SHAPES: Final = 8


def group_by_shape(records: Sequence[JsonValue]) -> list[list[int]]:
    """Group the positions of records by which fields they have.

    Records that differ in a few fields only, or have most of them in common,
    are in one group.

    Returns:
        The groups by their first record, each in ascending order.
    """
    exact: dict[frozenset[str], list[int]] = {}
    for number, record in enumerate(records):
        exact.setdefault(frozenset(_fields(record)), []).append(number)
    return group_by_fields(exact)


def group_by_fields(exact: Mapping[frozenset[str], list[int]]) -> list[list[int]]:
    """Group the positions of records, given those with exactly the same fields."""
    groups: list[tuple[frozenset[str], list[int]]] = []
    for fields, numbers in sorted(exact.items(), key=_by_size):
        home = _closest(fields, groups)
        if home is None:
            groups.append((fields, list(numbers)))
        else:
            home.extend(numbers)
    return sorted(sorted(numbers) for _, numbers in groups)


def fields_of(
    paths: Iterable[str], arrays: Iterable[tuple[str, list[JsonValue]]]
) -> tuple[str, ...]:
    """Return the fields of a record, those of the only element of an array too.

    Args:
        paths: The paths of the values in the record.
        arrays: The arrays in it, with their paths.
    """
    single = {path: array[0] for path, array in arrays if len(array) == 1}
    below = [
        name for path, only in single.items() for name in _fields(only, f"{path}[]")
    ]
    return (*(path for path in paths if path not in single), *below)


def _by_size(item: tuple[frozenset[str], list[int]]) -> tuple[int, int]:
    return -len(item[1]), item[1][0]


def _closest(
    fields: frozenset[str], groups: list[tuple[frozenset[str], list[int]]]
) -> list[int] | None:
    best: list[int] | None = None
    most = -1.0
    for known, numbers in groups:
        shared = len(fields & known)
        apart = len(fields) + len(known) - 2 * shared
        likeness = shared / max(1, shared + apart)
        if likeness > most:
            most, best = likeness, numbers
            near = likeness >= _ALIKE or apart < _FEW_FIELDS
    if best is None or near or len(groups) >= _MOST_SHAPES:
        return best
    return None


def _fields(value: JsonValue, path: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, member in value.items():
            if isinstance(member, (dict, list)):
                yield from _fields(member, f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(value, list) and len(value) == 1:
        yield from _fields(value[0], f"{path}[]")
    else:
        yield path
