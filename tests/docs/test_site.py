"""The site can be built, and leads everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from docs_site import built_site
from pages import DOCS, PAGES, ROOT


class _Links(HTMLParser):
    """Where a page leads to, what can be led to in it, and what it loads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.anchors.add(given["id"] or "")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        elif tag in {"link", "script", "img"}:
            address = given.get("href") or given.get("src")
            if address and given.get("rel") not in {"next", "prev"}:
                self.loads.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built without a warning."""
    return built_site(tmp_path_factory)


@pytest.fixture(scope="module")
def links(site: Path) -> dict[Path, _Links]:
    """What stands in each of its pages."""
    # The page for what is not found is written for the root of a server.
    pages = [page for page in site.rglob("*.html") if page.name != "404.html"]
    return {page: _Links(page) for page in pages}


def _dead(links: dict[Path, _Links]) -> Iterator[str]:
    for page, inside in links.items():
        for link in inside.links:
            if urlsplit(link).scheme:
                continue
            path, anchor = urldefrag(unquote(link))
            target = (page.parent / path).resolve() if path else page
            if target.is_dir():
                target /= "index.html"
            anchors = links[target].anchors if target in links else None
            if not target.exists() or (anchor and anchor not in (anchors or ())):
                yield f"{page.name}: {link}"


def test_every_link_leads_somewhere(links: dict[Path, _Links]) -> None:
    """Each link inside the site has a page, and each anchor its place there."""
    assert len(links) >= len(PAGES)
    assert list(_dead(links)) == []


def test_a_dead_link_is_found(site: Path, tmp_path: Path) -> None:
    """The test above can fail: a missing page and a missing anchor are dead."""
    page = tmp_path / "page.html"
    page.write_text(
        '<a href="#here" id="here"></a><a href="#no"></a><a href="no/"></a>'
    )
    assert len([*_dead({page: _Links(page)})]) == 2


def test_the_site_loads_nothing_from_elsewhere(links: dict[Path, _Links]) -> None:
    """Styles, scripts and fonts are files of the site."""
    foreign = {
        address
        for inside in links.values()
        for address in inside.loads
        if urlsplit(address).netloc
    }
    assert foreign == set()


@pytest.mark.parametrize(
    "module",
    ["", ".cache_aligner", ".graph", ".lifecycle", ".serve", ".shared_context"],
)
def test_every_public_name_is_in_the_reference(
    module: str, links: dict[Path, _Links]
) -> None:
    """What can be imported from the package can be looked up."""
    anchors = {
        anchor
        for page, inside in links.items()
        if "reference" in page.parts
        for anchor in inside.anchors
    }
    package = import_module(f"headroom_langchain{module}")
    for name in sorted(set(package.__all__) - {"__version__"}):
        named = getattr(package, name)
        home = f"{named.__module__}.{named.__qualname__}"
        known = {home, f"{package.__name__}.{name}", f"headroom_langchain.{name}"}
        assert known & anchors, name


def test_every_test_that_is_named_is_there() -> None:
    """Where a page says which test holds a claim, that test exists."""
    text = "".join(page.read_text("utf-8") for page in PAGES)
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text))
    assert len(named) > 20
    for file, test in named:
        path = ROOT / file
        assert path.is_file(), f"there is no {file}"
        assert f"def {test}" in path.read_text("utf-8"), f"{file} has no {test}"


def test_every_page_begins_with_its_title() -> None:
    """A page has one heading of the first level, and it is the first line."""
    for page in PAGES:
        text = page.read_text("utf-8")
        name = page.relative_to(DOCS)
        assert text.startswith("# "), name
        fences = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        assert len(re.findall(r"^# ", fences, re.MULTILINE)) == 1, name
