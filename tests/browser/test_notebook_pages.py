"""The notebooks are pages that can be looked at."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chromium import Chromium

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
THEMES = (".jp-InputPrompt", ".jp-OutputPrompt", ".highlight")
"""What the theme of nbconvert colors: prompts, and code."""

pytestmark = pytest.mark.skipif(
    find_spec("nbconvert") is None,
    reason="nbconvert missing: pip install 'headroom-langchain[notebooks]'",
)


def page_of(notebook: Path, theme: str, folder: Path) -> Path:
    """Write a notebook as a page that asks nobody for anything."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]  # it has no types
        template_name="lab",
        theme=theme,
        mathjax_url="",
        require_js_url="",
        jquery_url="",
        mermaid_js_url="",
    )
    page = folder / f"{notebook.stem}-{theme}.html"
    page.write_text(exporter.from_filename(str(notebook))[0], encoding="utf-8")
    return page


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_a_fine_page(
    notebook: Path, chromium: Chromium, tmp_path: Path
) -> None:
    """Nothing overflows or is empty, whatever the width of the window."""
    assert_fine(page_of(notebook, "light", tmp_path), chromium)


def test_a_notebook_is_fine_in_the_dark(chromium: Chromium, tmp_path: Path) -> None:
    """The one with pictures, a table and a view can be read on a dark page, too."""
    assert_fine(page_of(FOLDER / "savings.ipynb", "dark", tmp_path), chromium)


def assert_fine(page: Path, chromium: Chromium) -> None:
    """Fail with what is wrong with a page; screenshots are left beside it."""
    from page_checks import looks

    assert looks(chromium, page, apart=THEMES, folder=page.parent) == []
