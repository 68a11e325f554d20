"""The notebooks run, and show what is stored in them."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import execute
import pytest

NEEDED = ("nbclient", "ipykernel", "matplotlib", "langchain")
MISSING = [name for name in NEEDED if find_spec(name) is None]
NOTEBOOKS = {path.stem: path for path in execute.notebooks()}

PLACES = re.compile(r"(?<![\w.])/(?:home|root|tmp|usr|opt|Users|private)/|[A-Z]:\\\w")
ADDRESSES = re.compile(r"\b0x[0-9a-f]{6,}\b")
LINKS = re.compile(r"\]\(([\w./-]+)\)")
STYLES = re.compile(r"<style>.*?</style>", re.DOTALL)
LARGEST = 700_000
MOST_CELLS = 25

pytestmark = pytest.mark.skipif(
    bool(MISSING),
    reason=f"{', '.join(MISSING)} missing: pip install 'headroom-langchain[notebooks]'",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A notebook as it is stored, and as it comes out of a fresh kernel."""

    stored: Any
    fresh: Any


@pytest.fixture(scope="module", params=NOTEBOOKS)
def run(request: pytest.FixtureRequest) -> Run:
    """Each notebook in turn, run in a fresh kernel."""
    path = NOTEBOOKS[request.param]
    execute.find_fonts()
    return Run(stored=execute.read(path), fresh=execute.executed(path))


@pytest.fixture(params=NOTEBOOKS)
def stored(request: pytest.FixtureRequest) -> Any:
    """Each notebook in turn, as it is stored."""
    return execute.read(NOTEBOOKS[request.param])


def test_there_are_notebooks() -> None:
    """The five notebooks are there."""
    names = "langgraph_agent quickstart savings streaming write_a_compressor"
    assert list(NOTEBOOKS) == names.split()


def test_each_cell_shows_what_is_stored(run: Run) -> None:
    """A fresh run says the same; a cell tagged `varies` says as much of each kind."""
    for kept, now in zip(run.stored.cells, run.fresh.cells, strict=True):
        assert _kinds(now) == _kinds(kept), f"{kept.id}: {_hint}"
        if "varies" not in kept.metadata.get("tags", ()):
            assert list(_texts(now)) == list(_texts(kept)), f"{kept.id}: {_hint}"


def test_nothing_is_complained_of(run: Run) -> None:
    """A run writes nothing to the standard error."""
    assert execute.complaints(run.fresh) == []


def test_nothing_of_the_machine_is_stored(stored: Any) -> None:
    """No path, no address in memory, no color of a terminal is in an output."""
    for cell in stored.cells:
        for text in _texts(cell):
            assert str(Path.home()) not in text
            assert PLACES.search(text) is None, cell.id
            assert ADDRESSES.search(text) is None, cell.id
            assert "\x1b" not in text, cell.id


def test_each_picture_shows_something(stored: Any) -> None:
    """A picture has a size and more than one color."""
    from matplotlib.image import imread

    pictures = [
        imread(io.BytesIO(b64decode(output.data["image/png"])), format="png")
        for cell in stored.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    for picture in pictures:
        assert min(picture.shape[:2]) > 200
        assert float(picture[..., :3].std()) > 0.02


def test_what_is_stored_is_tidy(stored: Any) -> None:
    """Cells are numbered as they run; metadata has the language and tags alone."""
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert set(stored.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in stored.cells)
    assert len(stored.cells) <= MOST_CELLS


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_notebook_can_be_read_on_a_page(path: Path) -> None:
    """It is small enough to be shown on the web, and its links lead somewhere."""
    assert path.stat().st_size < LARGEST
    for cell in execute.read(path).cells:
        if cell.cell_type == "markdown":
            for link in LINKS.findall(cell.source):
                assert (path.parent / link).exists(), link


_hint = "python -m tests.notebooks.execute --write stores what they show now"


def _kinds(cell: Any) -> list[tuple[str, ...]]:
    """Return of what kinds the outputs of a cell are."""
    return [
        (output.output_type, *sorted(output.get("data", ())))
        for output in cell.get("outputs", ())
    ]


def _texts(cell: Any) -> Iterator[str]:
    """Give what a cell shows, pictures and style sheets aside."""
    for output in cell.get("outputs", ()):
        if "text" in output:
            yield output.text
        for kind, content in sorted(output.get("data", {}).items()):
            if kind.startswith("text/"):
                yield STYLES.sub("", content)
