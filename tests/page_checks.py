"""Looks at a page in a real browser, and tells what is wrong with it.

A test that opens a page of its own reads

    def test_the_page_is_fine(chromium: Chromium, tmp_path: Path) -> None:
        assert looks(chromium, page, regions=("main", ".figure"), folder=tmp_path) == []

`page` is a file or an address on this machine (`served` serves a folder). The page is
opened light and dark, narrow (360 px) and wide (1280 px); where it has folds, a second
time with all of them open. A screenshot of each look is left in `folder`. Problems are:

| what       | means                                                                   |
|------------|-------------------------------------------------------------------------|
| `overflow` | the page is wider than the window                                       |
| `clipped`  | text is cut off by a box that can not be scrolled (an ellipsis is fine) |
| `empty`    | a region is missing, or has neither size nor anything to see            |
| `broken`   | an image did not load                                                   |
| `blank`    | the screenshot, or an image in it, has one color only                   |
| `contrast` | text that does not stand out from its background (WCAG AA)              |
| `console`  | an error in the browser's console                                       |
| `request`  | something could not be loaded, or was asked of another machine          |

The fixture `chromium` is in `tests/browser/conftest.py`, so tests of pages live in that
folder. They import this module in the test, which the fixture skips where it cannot be
imported. Parts that somebody else's theme draws are set apart, such as
`apart=(".jp-InputPrompt", ".highlight")` for a page made by `nbconvert`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from chromium import Chromium
from playwright.sync_api import Browser, Page, Route, ViewportSize

Scheme = Literal["light", "dark"]

SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (360, 1280)

_HEIGHT = 900
_SMALLEST_PICTURE = 24
_PACKED_HEADERS = 1000
_SCRIPTS = Path(__file__).parent / "page_scripts"
_HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a page."""

    look: str
    """How it was looked at, such as `dark, 360 px, open`."""
    what: str
    """The kind of problem."""
    where: str
    """The element, as a path with its first words; an address for a request."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What is asked of a page; see `looks`."""

    regions: tuple[str, ...]
    apart: tuple[str, ...]
    elsewhere: tuple[str, ...]
    contrast: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shot:
    look: str
    where: str
    """The image it is of; empty for the page."""
    picture: bytes


def looks(
    chromium: Chromium,
    page: str | Path,
    *,
    regions: Sequence[str] = ("main",),
    apart: Sequence[str] = (),
    elsewhere: Sequence[str] = (),
    contrast: float = 4.5,
    folder: Path | None = None,
) -> list[Problem]:
    """Look at a page in every way, and return what is wrong; empty when it is fine.

    Args:
        chromium: The browser.
        page: A file, or an address on this machine.
        regions: Selectors; each must match, and what it matches must show something.
        apart: Selectors of parts whose contrast and clipped text are not judged.
        elsewhere: Hosts that the page may ask although they are not reached.
        contrast: What small text needs; large text needs two thirds of it.
        folder: Where screenshots go, named by look; `None` keeps none.
    """
    terms = _Terms(
        regions=tuple(regions),
        apart=tuple(apart),
        elsewhere=tuple(elsewhere),
        contrast=contrast,
    )
    address = page.resolve().as_uri() if isinstance(page, Path) else page
    return chromium.run(lambda browser: _looked(browser, address, terms, folder))


def _looked(
    browser: Browser, address: str, terms: _Terms, folder: Path | None
) -> list[Problem]:
    problems: list[Problem] = []
    shots: list[_Shot] = []
    for scheme, width in product(SCHEMES, WIDTHS):
        # A page may remember a scheme, so each look is somebody else's first.
        size = ViewportSize(width=width, height=_HEIGHT)
        with browser.new_context(color_scheme=scheme, viewport=size) as context:
            page = context.new_page()
            look = f"{scheme}, {width} px"
            problems += _opened(page, address, look, terms, shots)
    problems += _blank(browser, shots)
    if folder is not None:
        _keep(shots, folder)
    return problems


def _keep(shots: Sequence[_Shot], folder: Path) -> None:
    for shot in shots:
        if not shot.where:
            name = shot.look.replace(", ", "-").replace(" ", "")
            (folder / f"{name}.png").write_bytes(shot.picture)


def _opened(
    page: Page, address: str, look: str, terms: _Terms, shots: list[_Shot]
) -> Iterator[Problem]:
    heard: list[tuple[str, str, str]] = []
    _listen(page, heard, terms)
    page.goto(address, wait_until="load")
    yield from _seen(page, look, terms, shots)
    if page.evaluate(_script("unfold")):
        yield from _seen(page, f"{look}, open", terms, shots)
    for what, where, detail in heard:
        yield Problem(look=look, what=what, where=where, detail=detail)


def _listen(page: Page, heard: list[tuple[str, str, str]], terms: _Terms) -> None:
    """Write down errors, and what was asked for and not given."""

    def ask(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme not in ("http", "https") or parts.hostname in _HERE:
            route.continue_()
            return
        if parts.hostname not in terms.elsewhere:
            heard.append(("request", route.request.url, "another machine"))
        route.abort()

    page.route("**/*", ask)
    page.on("pageerror", lambda error: heard.append(("console", "", str(error))))
    page.on(
        "console",
        lambda said: (
            heard.append(("console", said.location["url"], said.text))
            if said.type == "error"
            and urlsplit(said.location["url"]).hostname not in terms.elsewhere
            else None
        ),
    )
    page.on(
        "requestfailed",
        lambda failed: (
            heard.append(("request", failed.url, failed.failure or "failed"))
            if urlsplit(failed.url).hostname in (None, *_HERE)
            else None
        ),
    )


def _seen(
    page: Page, look: str, terms: _Terms, shots: list[_Shot]
) -> Iterator[Problem]:
    page.evaluate(_script("settle"))
    found = page.evaluate(
        _script("look"),
        {
            "regions": terms.regions,
            "apart": terms.apart,
            "contrast": terms.contrast,
            "smallest": _SMALLEST_PICTURE,
        },
    )
    for each in found["problems"]:
        yield Problem(look=look, **each)
    for area in (found["page"], *found["pictures"]):
        where = area.pop("where")
        picture = page.screenshot(full_page=True, clip=area, animations="disabled")
        shots.append(_Shot(look=look, where=where, picture=picture))


def _blank(browser: Browser, shots: Sequence[_Shot]) -> Iterator[Problem]:
    """Find the pictures that have one color only; a browser can read them."""
    small = [shot for shot in shots if _may_be_blank(shot.picture)]
    if not small:
        return
    pictures = [base64.b64encode(shot.picture).decode() for shot in small]
    with browser.new_context() as context:
        blank = context.new_page().evaluate(_script("blank"), pictures)
    for shot, empty in zip(small, blank, strict=True):
        if empty:
            where = shot.where or "the page"
            yield Problem(look=shot.look, what="blank", where=where, detail="one color")


def _may_be_blank(picture: bytes) -> bool:
    """Tell whether a PNG is worth reading: one color is packed 500 to 1, text 50."""
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    return len(picture) < _PACKED_HEADERS + 3 * width * height // 100


def _script(name: str) -> str:
    return (_SCRIPTS / f"{name}.js").read_text("utf-8")
