"""Results in a real browser: whole, readable and alone, wherever they are shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from hosts import jupyter, material, page
from shown_results import LOG, compressed, conversation, results

from headroom_langchain import InMemoryCCRStore, compress_text
from headroom_langchain.reports.report import BlockReport, CallReport, RetrievalReport

if TYPE_CHECKING:
    from chromium import Chromium
    from playwright.sync_api import Browser

DARK, LIGHT = "rgb(20, 24, 31)", "rgb(255, 255, 255)"


def _some() -> str:
    """A result and a report, one below the other."""
    return results()["every kind"]._repr_html_() + _call()._repr_html_()


def _all() -> str:
    """Every sort of result."""
    text = compress_text(LOG, store=InMemoryCCRStore())
    others = [result._repr_html_() for result in results().values()]
    return "\n".join([_some(), text._repr_html_(), *others])


def _call() -> CallReport:
    blocks = tuple(
        BlockReport(
            message=number,
            role="tool",
            tool=f"tool_with_a_name_that_is_long_{number}",
            kind="logs",
            key=f"{number:024x}",
            omitted="1,234,567 of 2,345,678 lines",
            tokens_before=10**number,
            tokens_after=10 ** (number - 1),
            skipped=None,
        )
        for number in range(1, 9)
    )
    asked = RetrievalReport(
        round=1, arguments='{"query": "disk"}', tokens=90, error=False
    )
    return CallReport(
        blocks=blocks, retrievals=(asked,), rounds=2, notes=("the store: " + "x" * 200,)
    )


def _bare(html: str) -> str:
    """Take away what a page takes away that shows notebooks without their styles."""
    without = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r' (class|tabindex|role)="[^"]*"', "", without)


HOSTS: dict[str, Callable[[], str]] = {
    "alone": lambda: page(_all()),
    "without styles": lambda: page(_bare(_some())),
    "jupyter": lambda: jupyter(_some(), light=True),
    "material": lambda: material(_some(), scheme="slate"),
}


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_results_look_right_everywhere(
    chromium: Chromium, tmp_path: Path, host: str
) -> None:
    """Results fit, can be read and show something, folded or open."""
    from page_checks import looks

    file = tmp_path / "page.html"
    file.write_text(HOSTS[host](), "utf-8")
    regions = ["main"]
    if host != "without styles":
        regions += [".headroom", ".hr-rows", ".hr-lead", "thead ~ tbody th"]
    assert (
        looks(chromium, file, regions=regions, apart=[".other"], folder=tmp_path) == []
    )


THEMES = {
    "": (LIGHT, DARK),
    'data-jp-theme-light="true"': (LIGHT, LIGHT),
    'data-jp-theme-light="false"': (DARK, DARK),
    'class="vscode-light"': (LIGHT, LIGHT),
    'class="vscode-dark"': (DARK, DARK),
    'class="vscode-high-contrast"': (DARK, DARK),
    'class="vscode-high-contrast vscode-high-contrast-light"': (LIGHT, LIGHT),
    'data-md-color-scheme="default"': (LIGHT, LIGHT),
    'data-md-color-scheme="slate"': (DARK, DARK),
    'theme="dark"': (DARK, DARK),
}
"""Attributes of a page, and the background then, in a light and in a dark browser."""


def _backgrounds(browser: Browser, html: str) -> dict[str, tuple[str, str]]:
    with browser.new_page() as shown:

        def background(attributes: str, scheme: Literal["light", "dark"]) -> str:
            shown.emulate_media(color_scheme=scheme)
            shown.set_content(page(html, attributes=attributes))
            return str(
                shown.locator(".headroom").evaluate(
                    "element => getComputedStyle(element).backgroundColor"
                )
            )

        return {
            attributes: (
                background(attributes, "light"),
                background(attributes, "dark"),
            )
            for attributes in THEMES
        }


def test_the_theme_of_the_page_counts(chromium: Chromium) -> None:
    """A page that tells its theme decides; else the browser's setting does."""
    html = results()["empty"]._repr_html_()
    assert chromium.run(lambda browser: _backgrounds(browser, html)) == THEMES


def _styles(browser: Browser, html: str) -> list[str]:
    with browser.new_context() as context:
        shown = context.new_page()
        shown.set_content(html)
        found = shown.locator(".other, .other *").evaluate_all(
            "all => all.map(one => getComputedStyle(one).cssText"
            " || [...getComputedStyle(one)].map(name =>"
            " name + getComputedStyle(one).getPropertyValue(name)).join())"
        )
        return list(map(str, found))


def test_nothing_around_a_result_changes(chromium: Chromium) -> None:
    """Tables, folds and code of the page look the same with a result beside them."""
    result = compressed(conversation(log=LOG))._repr_html_()
    without = chromium.run(lambda browser: _styles(browser, page("<div></div>")))
    beside = chromium.run(lambda browser: _styles(browser, page(result)))
    assert len(without) > 8
    assert beside == without


def _reached(browser: Browser, html: str) -> list[str]:
    with browser.new_context() as context:
        shown = context.new_page()
        shown.set_content(html)
        reached = []
        for _ in range(6):
            shown.keyboard.press("Tab")
            shown.keyboard.press("Enter")
            reached.append(str(shown.evaluate("document.activeElement.innerText")))
        return reached


def test_folds_and_texts_are_reached_by_keys(chromium: Chromium) -> None:
    """Tab and Enter open a fold, and lead to both texts, which can be scrolled."""
    result = compressed(conversation(log=LOG))._repr_html_()
    reached = chromium.run(lambda browser: _reached(browser, page(result)))
    assert reached[0] == "before and after"
    assert any("lines hidden" in text for text in reached[1:])
    assert any("[headroom: " in text for text in reached)
