"""`headroom-langchain serve`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from commands import SECONDS
from serving_commands import ASKED, BIG, ask_for, serving, was_answered

from headroom_langchain import SqliteCCRStore
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.cli import main
from headroom_langchain.serve.server.listening import listen
from headroom_langchain.testing.servers import FakeAnthropic, Hold, Reply
from headroom_langchain.testing.servers.query import Query

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are looked up in /proc"
)
KEY = "sk-ant-api03-0123456789"


@POSIX
def test_a_stop_lets_a_running_stream_end() -> None:
    """SIGTERM ends a server after its streams, with code 0; no key was written."""
    held = Hold(after=2, until=threading.Event())
    replies = [
        Reply(text="Looking.", tool_calls=(ask_for(content_key(BIG)),)),
        Reply(text="The disk is full.", hold=held),
    ]
    with FakeAnthropic(replies) as upstream:
        with (
            serving("--anthropic-upstream", upstream.url) as server,
            httpx.stream(
                "POST",
                f"{server.address}/v1/messages",
                json={**ASKED, "stream": True},
                headers={"x-api-key": KEY},
            ) as answer,
        ):
            assert f"ANTHROPIC_BASE_URL={server.address}\n" in server.told
            assert f"OPENAI_BASE_URL={server.address}/v1\n" in server.told
            pieces = answer.iter_text()
            told = next(pieces)
            server.process.send_signal(signal.SIGTERM)
            held.until.set()
            told += "".join(pieces)
            assert "message_stop" in told
            _, errors = server.process.communicate(timeout=SECONDS)
        assert server.process.returncode == 0
        assert was_answered(upstream.requests[1])
    assert b"200 POST /v1/messages claude-x" in errors
    assert b"1 retrieved" in errors
    assert KEY.encode() not in errors
    assert b"Traceback" not in errors


@LINUX
def test_workers_share_a_store_and_are_started_again(tmp_path: Path) -> None:
    """A worker that is killed is replaced, and requests go on, with their originals."""
    file = tmp_path / "originals.db"
    with (
        FakeAnthropic(_retrieving) as upstream,
        serving(
            *("--workers", "2"),
            *("--store", str(file)),
            *("--anthropic-upstream", upstream.url),
        ) as server,
    ):
        before = server.workers
        assert len(before) == 2
        for number in range(12):
            if number == 2:
                os.kill(before[0], signal.SIGKILL)
            answer = _asked(server.address)
            assert answer["content"][-1]["text"] == "The disk is full."
        while len(after := server.workers) < 2:
            assert server.process.poll() is None
        assert before[0] not in after
        server.process.send_signal(signal.SIGINT)
        _, errors = server.process.communicate(timeout=SECONDS)
        assert server.process.returncode == 0
        assert f"worker {before[0]} ended by signal 9".encode() in errors
        assert errors.count(b"1 retrieved") >= 11
        assert not any(Path(f"/proc/{number}").exists() for number in after)
    with SqliteCCRStore(file) as store:
        assert store.stats().originals > 0


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use ends the command with code 1 and what to do."""
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port]) == 1
    told = capsys.readouterr().err
    assert f"port {port} of 127.0.0.1 is in use" in told
    assert "--port" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--workers", "2"], "need a store that they share"),
        (["--store", "mysql://u:sesame@h/x"], "neither a file nor a postgresql:// URL"),
        (["--anthropic-upstream", "localhost:80"], "write it as https://"),
        (["--openai-upstream", "https://u:sesame@h"], "clients send their own keys"),
        (["--policy", "no.toml"], "cannot read 'no.toml'"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
    ],
)
def test_what_cannot_be_served_is_told(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings that cannot work end the command with code 1 and the reason."""
    assert main(["serve", "--port", "0", *words]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    ["--port 65536", "--port -1", "--workers 0", "--max-body 5X", "--heartbeat 0"],
)
def test_numbers_that_make_no_sense_are_refused(words: str) -> None:
    """Ports, counts, sizes and times are checked before anything begins."""
    with pytest.raises(SystemExit) as caught:
        main(["serve", *words.split()])
    assert caught.value.code == 2


def _retrieving(query: Query) -> Reply:
    if was_answered(query):
        return Reply(text="The disk is full.")
    return Reply(tool_calls=(ask_for(content_key(BIG)),))


def _asked(address: str) -> Any:
    """Ask, once more where a worker was killed with the request."""
    for _ in range(3):
        try:
            answer = httpx.post(f"{address}/v1/messages", json=ASKED, timeout=SECONDS)
        except httpx.TransportError:
            continue
        assert answer.status_code == 200
        return answer.json()
    msg = "nobody answers"
    raise AssertionError(msg)
