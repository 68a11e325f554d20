"""The cells of a column, packed and taken apart again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headroom_langchain.structure.tables_cells import Cells

CELLS = st.lists(st.text(alphabet="ab \x1e\n", max_size=4), min_size=1, max_size=6)


@given(st.integers(0, 4), st.lists(CELLS, max_size=4))
def test_cells_come_back_in_their_order(empty: int, parts: list[list[str]]) -> None:
    """All cells are given back, behind the empty ones that the column began with."""
    column = Cells(empty)
    for part in parts:
        column.add(part)
    assert column.read() == [""] * empty + [cell for part in parts for cell in part]


def test_a_cell_stays_one_whatever_it_holds() -> None:
    """The character that parts the cells is a blank where a cell itself has it."""
    column = Cells(0)
    column.add(["a\x1fb", "c"])
    assert column.read() == ["a b", "c"]
