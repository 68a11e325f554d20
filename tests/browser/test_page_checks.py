"""The checks of pages find what they are there to find, and nothing on a good page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chromium import Chromium
    from page_checks import Problem

GOOD = """
<main><h1>Title</h1><p>Words that wrap.</p>
<div style="overflow-x: auto"><pre>one line that is far too long {long}</pre></div>
<p style="overflow: hidden; text-overflow: ellipsis; white-space: nowrap">{long}</p>
<details><summary>More</summary><p class="more">Folded.</p></details>
<img alt="a square" src="data:image/svg+xml,{picture}"></main>
""".format(
    long="long " * 200,
    picture="<svg xmlns='http://www.w3.org/2000/svg' width='80' height='80'>"
    "<circle cx='40' cy='40' r='20'/></svg>",
)
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title>'
    "<style>:root {{ color-scheme: light dark }} img {{ background: white }}</style>"
    "<body>{}</body></html>"
)

BAD = {
    "overflow": "<div style='width: 1400px'>wide</div>",
    "clipped": "<div style='width: 4em; overflow: hidden'><nobr>much too long a"
    " line</nobr></div>",
    "empty": "<section></section>",
    "broken": "<img alt='a plot' src='missing.png'>",
    "blank": "<img alt='' width='40' height='40' src=\"data:image/svg+xml,<svg"
    " xmlns='http://www.w3.org/2000/svg'/>\">",
    "contrast": "<p style='color: #999; background: #fff'>faint</p>",
    "console": "<script>console.error('told')</script>",
    "request": "<link rel='stylesheet' href='http://example.com/style.css'>",
}


def _problems(
    chromium: Chromium, folder: Path, body: str, *regions: str
) -> list[Problem]:
    from page_checks import looks

    page = folder / "page.html"
    page.write_text(PAGE.format(body))
    return looks(chromium, page, regions=regions or ("main",), folder=folder)


def test_a_good_page_has_no_problems(chromium: Chromium, tmp_path: Path) -> None:
    """A page that wraps, scrolls and folds is fine, and eight looks are kept."""
    assert _problems(chromium, tmp_path, GOOD, "main", "h1", "img") == []
    shots = sorted(path.stem for path in tmp_path.glob("*.png"))
    assert len(shots) == 8
    assert shots[0] == "dark-1280px"


def test_each_fault_is_found(chromium: Chromium, tmp_path: Path) -> None:
    """Each fault of a page is told by its name, light and dark, narrow and wide."""
    body = GOOD + "".join(BAD.values())
    found = _problems(chromium, tmp_path, body, "main", "section, h1")
    for look in ("light, 360 px", "light, 1280 px", "dark, 360 px", "dark, 1280 px"):
        assert {each.what for each in found if each.look == look} == BAD.keys()


def test_only_what_overflows_is_told(chromium: Chromium, tmp_path: Path) -> None:
    """What is too wide for a narrow window only is told of that one, by its name."""
    wide = GOOD + "<table class='wide' style='width: 600px'><td>cell</table>"
    found = _problems(chromium, tmp_path, wide)
    assert {each.what for each in found} == {"overflow"}
    assert {each.look.split(", ")[1] for each in found} == {"360 px"}
    assert "table.wide" in found[0].where


def test_a_missing_region_is_told(chromium: Chromium, tmp_path: Path) -> None:
    """A region that is not there, or not to be seen, is empty."""
    hidden = GOOD + "<nav style='display: none'>there</nav>"
    found = _problems(chromium, tmp_path, hidden, "main", "nav", ".plot")
    assert {(each.what, each.where) for each in found} == {
        ("empty", "nav"),
        ("empty", ".plot"),
    }


def test_what_is_folded_is_looked_at_too(chromium: Chromium, tmp_path: Path) -> None:
    """A fault in a fold is told of the look with the folds open, and only there."""
    folded = f"{GOOD}<details><summary>More</summary>{BAD['contrast']}</details>"
    found = _problems(chromium, tmp_path, folded)
    assert {each.what for each in found} == {"contrast"}
    assert all(each.look.endswith(", open") for each in found)


def test_what_is_not_ours_is_not_judged(chromium: Chromium, tmp_path: Path) -> None:
    """Selectors and hosts that are set apart are no problems."""
    from page_checks import looks

    page = tmp_path / "page.html"
    page.write_text(PAGE.format(GOOD + BAD["clipped"] + BAD["request"]))
    found = looks(chromium, page, apart=("main ~ div",), elsewhere=("example.com",))
    assert found == []


def test_a_site_is_served(chromium: Chromium, tmp_path: Path) -> None:
    """A folder can be looked at as a site, and what is missing there is told."""
    from page_checks import looks
    from served import served

    (tmp_path / "index.html").write_text(PAGE.format(GOOD + BAD["broken"]))
    with served(tmp_path) as site:
        found = looks(chromium, site)
    assert {each.what for each in found} == {"broken", "console"}
