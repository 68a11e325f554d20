"""Pages in which a view stands: of its own, and with the styles of other programs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

_PLAIN = (
    ":root { color-scheme: light dark } body { margin: 8px; background: Canvas }"
    "pre { overflow-x: auto }"
)
_OTHERS = (
    '<p class="other">Words around.</p><table class="other"><tr><th>a</th><td>1</td>'
    '</tr></table><pre class="other">code</pre><details class="other"><summary>More'
    "</summary>Folded.</details>"
)


def page(inner: str, *, head: str = "", attributes: str = "", around: str = "") -> str:
    """Return a page around some HTML, with things of other people beside it.

    Args:
        inner: The HTML.
        head: More for the head.
        attributes: Of the body.
        around: The class of the element around it.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>page</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_PLAIN}</style>{head}</head><body {attributes}>"
        f'<main class="{around}">{inner}{_OTHERS}</main></body></html>'
    )


def jupyter(inner: str, *, light: bool) -> str:
    """Return a page as `nbconvert` makes it, which has the styles of JupyterLab."""
    folder = _package("nbconvert").parent.parent
    prefixes = [
        Path(each) for each in (folder.parents[2], Path("/usr/local"), Path("/usr"))
    ]
    name = "share/jupyter/nbconvert/templates/lab/static"
    found = [prefix / name for prefix in prefixes if (prefix / name).is_dir()]
    if not found:
        pytest.skip("needs the templates of nbconvert")
    theme = "light" if light else "dark"
    sheets = [found[0] / "index.css", found[0] / f"theme-{theme}.css"]
    return page(
        inner,
        head="".join(f"<style>{each.read_text('utf-8')}</style>" for each in sheets),
        attributes=f'class="jp-Notebook" data-jp-theme-light="{str(light).lower()}"',
        around="jp-RenderedHTMLCommon jp-RenderedHTML",
    )


def material(inner: str, *, scheme: str) -> str:
    """Return a page with the styles of Material for MkDocs."""
    folder = _package("material").parent / "templates/assets/stylesheets"
    sheets = [*folder.glob("main.*.min.css"), *folder.glob("palette.*.min.css")]
    return page(
        inner,
        head="".join(f"<style>{each.read_text('utf-8')}</style>" for each in sheets),
        attributes=f'data-md-color-scheme="{scheme}" data-md-color-primary="indigo"',
        around="md-typeset",
    )


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        pytest.skip(f"needs the package {name}")
    return Path(spec.origin)
