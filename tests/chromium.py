"""A real browser for tests: the Chromium of the machine, without a window.

The fixture `chromium` (in `tests/browser/conftest.py`) is one for the whole session,
and skips where there is none. Playwright's plain API must not run where an event loop
may run, so it has a thread of its own, and work is handed to it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from playwright.sync_api import Browser, Playwright, sync_playwright

T = TypeVar("T")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program() -> str | None:
    """Return where Chromium is; `None` when the machine has none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Chromium:
    """One browser, and the thread that drives it."""

    def __init__(self, path: str) -> None:
        """Start the program at a path."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chromium")
        self._playwright, self._browser = self._thread.submit(_started, path).result()

    def run(self, work: Callable[[Browser], T]) -> T:
        """Do something with the browser, and return what came of it."""
        return self._thread.submit(work, self._browser).result()

    def close(self) -> None:
        """End the program."""
        self._thread.submit(self._browser.close).result()
        self._thread.submit(self._playwright.stop).result()
        self._thread.shutdown()


def _started(path: str) -> tuple[Playwright, Browser]:
    playwright = sync_playwright().start()
    try:
        # The sandbox needs rights that a container does not give.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        return playwright, playwright.chromium.launch(
            executable_path=path, args=arguments
        )
    except BaseException:
        playwright.stop()
        raise
