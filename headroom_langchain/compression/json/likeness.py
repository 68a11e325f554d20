"""How much a text looks like JSON, by its first characters."""

from __future__ import annotations

from headroom_langchain.compression.logs.likeness import starts_like_log
from headroom_langchain.compression.sample import Sample


def looks_like_json(sample: Sample) -> bool:
    """Tell whether a text begins as JSON does; only reading it can prove it."""
    start = sample.beginning
    inner = start[1:256].lstrip()
    if start[:1] == "{":
        return inner[:1] in ('"', "}")
    if start[:1] != "[":
        return False
    literal = inner[:1] in '{["]-' or inner[:1].isdigit()
    words = inner.startswith(("true", "false", "null"))
    return (literal or words) and not starts_like_log(start)
