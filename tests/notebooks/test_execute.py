"""What runs the notebooks notices what must not happen in one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import execute
import pytest

pytestmark = pytest.mark.skipif(
    find_spec("nbclient") is None or find_spec("ipykernel") is None,
    reason="nbclient, ipykernel missing: pip install 'headroom-langchain[notebooks]'",
)

ASKING = """\
import os, socket, sys
print(sorted(name for name in os.environ if name.endswith("_API_KEY")))
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError as error:
    print(error, file=sys.stderr)
"""


def test_nobody_is_asked_and_complaints_are_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell has no key and no network, and what it writes to stderr is told."""
    from nbformat.v4 import new_code_cell, new_notebook, writes

    monkeypatch.setenv("SOME_API_KEY", "secret")
    path = tmp_path / "asking.ipynb"
    cells = [new_code_cell(ASKING)]  # type: ignore[no-untyped-call]  # it has no types
    notebook = new_notebook(cells=cells)  # type: ignore[no-untyped-call]  # likewise
    path.write_text(writes(notebook), encoding="utf-8")  # type: ignore[no-untyped-call]  # likewise
    ran = execute.executed(path)
    assert [o.text for o in ran.cells[0].outputs if o.name == "stdout"] == ["[]\n"]
    (said,) = execute.complaints(ran)
    assert "notebooks run without network" in said
