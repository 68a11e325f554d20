"""What `stats` tells of a store that a server wrote."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from headroom_langchain import SqliteCCRStore
from headroom_langchain.cli import main
from headroom_langchain.serve import Upstreams, create_app
from headroom_langchain.testing.servers import FakeAnthropic, Reply, ToolUse
from headroom_langchain.testing.servers.query import Query

LOG = "\n".join(f"INFO job {n} done" for n in range(900))
ASKED = {
    "model": "claude-x",
    "max_tokens": 99,
    "messages": [
        {"role": "user", "content": "Why?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "a", "name": "log", "input": {}}],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "a", "content": LOG}],
        },
    ],
}


def _retrieving(query: Query) -> Reply:
    """Ask for one line, then answer."""
    if "headroom_retrieve" in query.answered:
        return Reply(text="Fine.")
    hidden = query.said[-1].text.partition('hash="')[2][:24]
    wanted = {"hash": hidden, "lines": "400"}
    return Reply(tool_calls=(ToolUse(name="headroom_retrieve", args=wanted),))


async def test_a_request_is_one_call_and_has_no_price(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A request counts once, with its retrievals, and `stats` says it has no price."""
    path = tmp_path / "originals.db"
    with SqliteCCRStore(path) as store, FakeAnthropic(_retrieving) as upstream:
        app = create_app(store=store, upstreams=Upstreams(anthropic=upstream.url))
        here = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=here, base_url="http://here") as client:
            for _ in range(2):
                assert (await client.post("/v1/messages", json=ASKED)).is_success
        await app.close()
    assert main(["stats", "--store", str(path), "--price", "3,0.3,15"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "2 calls tokens share" in shown
    assert "2 retrievals" in shown
    assert "are not told in money" in shown
