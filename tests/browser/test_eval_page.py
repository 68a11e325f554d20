"""The page of `headroom-langchain eval` in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shown_results import CODE, HOSTILE, LOG, RECORDS

from headroom_langchain.cli import main

if TYPE_CHECKING:
    from chromium import Chromium


def test_the_page_of_an_evaluation_looks_right(
    chromium: Chromium, tmp_path: Path
) -> None:
    """Figures, folds and texts fit and can be read, light and dark, narrow and wide."""
    from page_checks import looks

    folder = tmp_path / "outputs"
    folder.mkdir()
    hostile = (f"{HOSTILE}\n" * 60).encode("utf-8", "surrogatepass").replace(b"\0", b"")
    (folder / "app.log").write_text(LOG)
    (folder / "hosts.json").write_text(RECORDS)
    (folder / "module_with_a_name_that_is_rather_long_indeed.py").write_text(CODE)
    (folder / "hostile.txt").write_bytes(hostile)
    (folder / "small.txt").write_text("ok")
    file = tmp_path / "page.html"
    main(["eval", str(folder), "--html", str(file)])
    regions = ["main", "h1", ".tile", ".kinds", "main > details"]
    assert looks(chromium, file, regions=regions, folder=tmp_path) == []
