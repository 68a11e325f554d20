"""The pages of the site are readable in a browser, light and dark, narrow and wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from docs_site import built_site
from served import served

if TYPE_CHECKING:
    from pathlib import Path

    from chromium import Chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site, served."""
    with served(built_site(tmp_path_factory)) as root:
        yield root


@pytest.mark.parametrize(
    "page",
    [
        "",
        "how-to/extensions/",
        "reference/reports/",
        "glossary/",
    ],
)
def test_a_page_is_fine(
    chromium: Chromium, address: str, page: str, tmp_path: Path
) -> None:
    """Nothing overflows, is cut off, empty, broken, or hard to read."""
    from page_checks import looks

    regions = ("article h1", "article p", ".md-header")
    problems = looks(chromium, address + page, regions=regions, folder=tmp_path)
    assert problems == []
