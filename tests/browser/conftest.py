"""What the tests of pages share: a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chromium import Chromium


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Return a browser; a machine without one skips the test."""
    pytest.importorskip("playwright", reason="needs the package playwright")
    from chromium import Chromium, program

    path = program()
    if path is None:
        pytest.skip("needs Chromium: `apt-get install chromium`")
    browser = Chromium(path)
    yield browser
    browser.close()
