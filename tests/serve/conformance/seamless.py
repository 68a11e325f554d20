"""The laws of one seamless answer, read from the very bytes that a client was sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from upstreams.stage import Sent

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.serve.wire.frames import Frames

Event: TypeAlias = tuple[str, dict[str, Any]]


def events(body: bytes) -> list[Event]:
    """Return the events of a stream: names, and their data as JSON."""
    frames = list(Frames().feed(body))
    return [
        (frame.event, {} if frame.data == b"[DONE]" else json.loads(frame.data))
        for frame in frames
        if frame.data
    ]


def is_seamless(sent: Sent) -> bool:
    """Check what a client was sent; whole answers must only not name the tool.

    Raises:
        AssertionError: It is not what one answer of the provider could be.
    """
    assert RETRIEVE_TOOL_NAME.encode() not in sent.body
    if sent.is_stream and sent.whole:
        check = next(laws for end, laws in _LAWS.items() if sent.path.endswith(end))
        check(events(sent.body))
    return True


def _messages(seen: Sequence[Event]) -> None:
    kinds = [data["type"] for _, data in seen if data["type"] != "ping"]
    assert all(name == data["type"] for name, data in seen)
    assert kinds[0] in ("message_start", "error")
    assert kinds.count("message_start") <= 1
    open_block: int | None = None
    count = 0
    for _, data in seen:
        if data["type"] == "content_block_start":
            assert open_block is None
            assert data["index"] == count
            open_block, count = count, count + 1
        elif data["type"] == "content_block_delta":
            assert data["index"] == open_block
        elif data["type"] == "content_block_stop":
            assert data["index"] == open_block
            open_block = None
    assert kinds[-1] in ("message_stop", "error")
    assert kinds.count("error") == (kinds[-1] == "error")
    if kinds[-1] == "message_stop":
        assert open_block is None
        assert kinds[-2] == "message_delta"
        assert kinds.count("message_delta") == kinds.count("message_stop") == 1


def _chat(seen: Sequence[Event]) -> None:
    failed = "error" in seen[-1][1]
    done = [data for _, data in seen if data and "error" not in data]
    assert len({data["id"] for data in done}) <= 1
    finishes: dict[int, int] = {}
    roles: dict[int, int] = {}
    calls: dict[int, int] = {}
    for data in done:
        for choice in data["choices"]:
            index = choice["index"]
            roles[index] = roles.get(index, 0) + ("role" in choice["delta"])
            for call in choice["delta"].get("tool_calls") or ():
                assert call["index"] <= calls.get(index, 0)
                if "id" in call:
                    assert call["index"] == calls.get(index, 0)
                    calls[index] = calls.get(index, 0) + 1
            finishes.setdefault(index, 0)
            finishes[index] += choice["finish_reason"] is not None
    assert set(roles.values()) <= {1}
    if not failed:
        assert set(finishes.values()) == {1}
        assert seen[-1] == ("", {})
    assert [data for _, data in seen if not data] == ([] if failed else [{}])


def _responses(seen: Sequence[Event]) -> None:
    ends = ("response.completed", "response.incomplete", "response.failed", "error")
    kinds = [name for name, _ in seen]
    assert all(name == data["type"] for name, data in seen)
    assert kinds[-1] in ends
    assert sum(kind in ends for kind in kinds) == 1
    assert kinds.count("response.created") <= 1
    assert len({data["response"]["id"] for _, data in seen if "response" in data}) <= 1
    if kinds[-1] != "error":
        numbers = [data["sequence_number"] for _, data in seen]
        assert numbers == list(range(len(numbers)))
    added = [
        data["output_index"]
        for name, data in seen
        if name == "response.output_item.added"
    ]
    assert added == list(range(len(added)))
    if kinds[-1] == "response.completed":
        items = [data["item"] for name, data in seen if name.endswith("item.done")]
        assert seen[-1][1]["response"]["output"] == items
        ids = [item["id"] for item in items]
        assert len(set(ids)) == len(ids)


_LAWS: Final[Mapping[str, Callable[[Sequence[Event]], None]]] = {
    "/messages": _messages,
    "/completions": _chat,
    "/responses": _responses,
}
