"""Blocks of content, in the form that the model behind this server understands.

A model of the client's own provider gets them as they came. All others get the forms
of langchain-core, without what only the client's provider knows: marks for its cache,
and thoughts of its models.
"""

from __future__ import annotations

from typing import Any, Final

from langchain_core.messages import HumanMessage

from headroom_langchain.serve.model_backed.asked import RequestError
from headroom_langchain.serve.wire.body import Json

_PASSING: Final = ("text", "image", "file", "text-plain", "audio", "video")
"""Forms of langchain-core that models other than the client's may understand."""


def neutral(content: Any) -> str | list[Any]:
    """Return the content of a user or a tool in the forms of langchain-core.

    Raises:
        RequestError: It has a block that has no such form.
    """
    if content is None or isinstance(content, str):
        return content or ""
    blocks = [_without_marks(block) for block in _checked(content)]
    standard = HumanMessage(content=blocks).content_blocks  # type: ignore[arg-type]
    for block in standard:
        if block["type"] not in _PASSING:
            shown = block.get("value", block)
            kind = shown.get("type") if isinstance(shown, dict) else block["type"]
            msg = f"content of type {kind!r} is not understood by this server's model"
            raise RequestError(msg)
    return _plain([_named(dict(block)) for block in standard])


def words(content: Any) -> str | list[Any]:
    """Return what an assistant or the system said, without thoughts and marks."""
    if content is None or isinstance(content, str):
        return content or ""
    kept = []
    for block in _checked(content):
        if block.get("type") == "text":
            kept.append({"type": "text", "text": block.get("text") or ""})
        elif block.get("type") == "refusal":
            kept.append({"type": "text", "text": block.get("refusal") or ""})
    return _plain(kept)


def own(content: Any) -> str | list[Any]:
    """Return content as it came.

    Raises:
        RequestError: It is neither text nor an array of objects.
    """
    return content if isinstance(content, str) else list(_checked(content or []))


def _named(block: Json) -> Json:
    """Give a file a name, which some providers ask for."""
    if block["type"] != "file" or "base64" not in block:
        return block
    title = (block.get("extras") or {}).get("title") or "document"
    return {"filename": title, **block}


def _plain(blocks: list[Json]) -> str | list[Any]:
    """Return a single text as such: not every model takes a list of one."""
    if not blocks:
        return ""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return str(blocks[0]["text"])
    return list(blocks)


def _checked(content: Any) -> list[Json]:
    if isinstance(content, list) and all(
        isinstance(one, dict) and isinstance(one.get("type"), str) for one in content
    ):
        return content
    msg = "content: must be a string, or an array of objects that have a type"
    raise RequestError(msg)


def _without_marks(block: Json) -> Json:
    return {key: value for key, value in block.items() if key != "cache_control"}
