"""What tools write, of every kind there is a compressor for, for the laws.

Each maker takes how much of it there is to be, and texts to put in it somewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final, TypeAlias


def records(count: int, odd: Sequence[str] = ()) -> str:
    """JSON records, some with something odd about them."""
    rows: list[dict[str, Any]] = [
        {"id": n, "name": f"host-{n}", "load": n % 7, "state": "ok", "zone": "eu-1"}
        for n in range(count)
    ]
    for n, text in enumerate(odd):
        rows[(n * 37) % count]["note"] = text
    return json.dumps(rows)


def log(count: int, odd: Sequence[str] = ()) -> str:
    """A log, some lines of which are errors."""
    lines = [
        f"2026-03-01 10:{n // 60:02}:{n % 60:02} INFO worker {n % 5} done in {n} ms"
        for n in range(count)
    ]
    for n, text in enumerate(odd):
        lines[(n * 37) % count] = f"2026-03-01 11:00:00 ERROR cannot serve {text!r}"
    return "\n".join(lines)


def nested(count: int, odd: Sequence[str] = ()) -> str:
    """One deep JSON object."""
    inside = {f"key{n}": {"value": n, "tags": ["a", "b"]} for n in range(count)}
    return json.dumps({"result": inside, "notes": list(odd)}, indent=2)


def json_in_text(count: int, odd: Sequence[str] = ()) -> str:
    """A warning, and then JSON."""
    return f"warning: the cache is stale\n{nested(count, odd)}\n"


def markdown(count: int, odd: Sequence[str] = ()) -> str:
    """Text under headings."""
    parts = [
        f"## Part {n}\n\nSome words about part {n}, no more." for n in range(count)
    ]
    return "\n\n".join([*parts, *odd])


def table(count: int, odd: Sequence[str] = ()) -> str:
    """Comma-separated values."""
    rows = [f"{n},host-{n},{n % 7},ok,eu-1" for n in range(count)]
    rows += [f'{n},"{text}",0,ok,eu-1' for n, text in enumerate(odd)]
    return "\n".join(["id,name,load,state,zone", *rows])


def search(count: int, odd: Sequence[str] = ()) -> str:
    """Lines that grep has found."""
    lines = [
        f"src/part{n % 9}/module{n % 40}.py:{n * 3 + 1}:    value = find(key, {n})"
        for n in range(count)
    ]
    lines += [f"src/odd.py:{n}:{text}" for n, text in enumerate(odd, 1)]
    return "\n".join(lines)


def listing(count: int, odd: Sequence[str] = ()) -> str:
    """What `ls -l` prints."""
    entry = "-rw-r--r-- 1 root root {} Mar  1 10:00 {}"
    lines = [entry.format(4096 + n, f"file-{n}.txt") for n in range(count)]
    return "\n".join(["total 480", *lines, *(entry.format(0, text) for text in odd)])


def diff(count: int, odd: Sequence[str] = ()) -> str:
    """A patch of several files."""
    hunks = [
        f"diff --git a/m{n}.py b/m{n}.py\n--- a/m{n}.py\n+++ b/m{n}.py\n"
        f"@@ -{n + 1},3 +{n + 1},3 @@\n def part{n}():\n"
        f"-    return {n}\n+    return {n + 1}\n \n"
        for n in range(count)
    ]
    return "".join(hunks) + "".join(f"+{text}\n" for text in odd)


def code(count: int, odd: Sequence[str] = ()) -> str:
    """A module of functions."""
    functions = [
        f'def part{n}(key: str) -> int:\n    """Find part {n}."""\n'
        f"    found = look_up(key)\n    if found is None:\n"
        f"        return {n}\n    return found + {n}\n\n"
        for n in range(count)
    ]
    notes = "".join(f"# {text}\n" for text in odd)
    return f"import math\n\nLIMIT = {count}\n\n{''.join(functions)}{notes}"


def html(count: int, odd: Sequence[str] = ()) -> str:
    """A page."""
    parts = "".join(
        f'<section class="part"><h2 id="p{n}">Part {n}</h2>'
        f"<p>Some words about part {n}, no more.</p></section>\n"
        for n in range(count)
    )
    notes = "".join(f"<li>{escape(text)}</li>" for text in odd)
    head = "<!DOCTYPE html><html><head><title>Parts</title></head>"
    return f"{head}<body><main>\n{parts}<ul>{notes}</ul></main></body></html>"


def xml(count: int, odd: Sequence[str] = ()) -> str:
    """Records as XML."""
    rows = "".join(
        f'  <host id="{n}"><name>host-{n}</name><load>{n % 7}</load></host>\n'
        for n in range(count)
    )
    notes = "".join(f"  <note>{escape(text)}</note>\n" for text in odd)
    return f'<?xml version="1.0"?>\n<hosts>\n{rows}{notes}</hosts>\n'


def config(count: int, odd: Sequence[str] = ()) -> str:
    """Settings as YAML."""
    services = "".join(
        f"  service-{n}:\n    image: registry/service:{n % 3}\n    replicas: 2\n"
        f"    ports:\n      - {8000 + n}\n"
        for n in range(count)
    )
    notes = "".join(f"  - {json.dumps(text)}\n" for text in odd)
    return f"version: 3\nservices:\n{services}notes:\n{notes}"


def unknown(count: int, odd: Sequence[str] = ()) -> str:
    """Lines of no known form."""
    lines = [
        " ".join(chr(97 + n * k % 26) * (2 + n * k % 7) for k in range(1, 3 + n % 9))
        for n in range(count)
    ]
    return "\n".join([*lines, *odd])


Maker: TypeAlias = Callable[..., str]

MAKERS: Final[Mapping[str, Maker]] = {
    "code": code,
    "config": config,
    "diff": diff,
    "html": html,
    "json": nested,
    "json_in_text": json_in_text,
    "json_records": records,
    "listing": listing,
    "logs": log,
    "markdown": markdown,
    "search": search,
    "table": table,
    "text": unknown,
    "xml": xml,
}
"""Makers of a tool result, by the kind it is understood as."""
