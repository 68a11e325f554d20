"""The documents of the page: HTML that needs nothing else, and what it may do.

Style and script stand in the document, and a browser runs them because their digests
are in its `Content-Security-Policy`; nothing else is run or loaded, whatever the names
in a request may be.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Final

from headroom_langchain.ccr.store.original import Original
from headroom_langchain.display.legible import legible, short

_SCRIPTS: Final = ("elements.js", "chart.js", "requests.js", "live.js")
_MOST: Final = 2_000_000
"""Characters of an original that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A page, and what a browser may do for it."""

    body: bytes
    policy: str


def page(first: str) -> Document:
    """Return the live page.

    Args:
        first: What it shows before it asks, as JSON.
    """
    document = _page()
    # So that no text ends the element that it stands in.
    told = first.replace("<", "\\u003c").encode()
    return Document(
        body=document.body.replace(b"/*first*/", told, 1), policy=document.policy
    )


@cache
def icon() -> bytes:
    """Return the icon, as SVG."""
    return _text("icon.svg").encode()


def original_page(original: Original) -> Document:
    """Return the page of an original, on which it is text and nothing else."""
    style = _text("page.css")
    content = original.content
    cut = ""
    if len(content) > _MOST:
        cut = f", of which the first {_MOST:,} are shown"
    told = f"{len(content):,} characters{cut}"
    name = escape(short(original.tool or "original"))
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name} · headroom</title><style>{style}</style></head>"
        f'<body><main class="original"><h1>{name}</h1>'
        f'<p class="soft">{escape(short(original.kind))}, {told}, '
        f"<code>{escape(original.key)}</code></p>"
        f'<pre tabindex="0">{escape(legible(content[:_MOST]))}</pre></main></body>'
        "</html>"
    )
    return Document(body=body.encode("utf-8", "replace"), policy=_policy(style))


@cache
def _page() -> Document:
    style, script = _text("page.css"), "".join(map(_text, _SCRIPTS))
    script = f'(() => {{\n"use strict";\n{script}}})();\n'
    body = _text("page.html").replace("/*style*/", style).replace("/*script*/", script)
    policy = (
        f"{_policy(style)}; script-src '{_digest(script)}'; connect-src 'self'; "
        "img-src data:; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return Document(body=body.encode(), policy=policy)


def _policy(style: str) -> str:
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'; style-src '{_digest(style)}'"
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
