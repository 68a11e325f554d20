"""What went out once goes out the same again, whatever comes after it."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from real_clients import CLIENTS, bodies
from tool_results import CODE, RESULTS, digests, history, question, result

from headroom_langchain import HeadroomChatModel, InMemoryCCRStore, compress
from headroom_langchain.ccr.marker import is_marked
from headroom_langchain.testing import ScriptedChatModel, ask_for_original

HERE = Path(__file__).parent

PRINT_DIGESTS = """
import sys
sys.path.insert(0, sys.argv[1])
from tool_results import digests
print("\\n".join(digests(sys.argv[2])))
"""


def test_fresh_processes_write_the_same_bytes() -> None:
    """Neither the hashing of a process nor a later question changes a byte."""
    written = set()
    for seed, later in (("0", "Why?"), ("1", "Why?"), ("77", "Show handler_12.")):
        done = subprocess.run(
            [sys.executable, "-c", PRINT_DIGESTS, str(HERE), later],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        written.add(done.stdout)
    (only,) = written
    assert only.split() == digests("Something else.")


@pytest.mark.parametrize("kind", sorted(RESULTS))
def test_every_kind_is_shortened_here(kind: str) -> None:
    """The results of these tests are such that something is left out of each."""
    messages = result(RESULTS[kind])
    (sent,) = compress(messages, store=InMemoryCCRStore()).messages[1:]
    assert is_marked(str(sent.content))


def test_many_retrievals_later_the_bytes_are_the_same() -> None:
    """Forty retrievals with other queries leave what was sent as it was."""
    turns: Any = [ask_for_original(f"handler_{n}", text=f"{n}.") for n in range(40)]
    turns = [turn for ask in turns for turn in (ask, "Next.")]
    inner = ScriptedChatModel(turns=turns)
    model = HeadroomChatModel(inner)
    messages = history()
    for number in range(40):
        messages.append(HumanMessage(f"And handler_{number}?"))
        messages.append(model.invoke(messages))
    sent = [request.messages for request in inner.requests]
    assert len(sent) == 80
    for before, after in pairwise(sent):
        assert [m.content for m in after[: len(before)]] == [m.content for m in before]


@pytest.mark.parametrize(
    "later",
    ["Please review the code.", "Explain handler_7 and fix it.", "Thanks."],
)
def test_code_stays_as_it_was_shown(later: str) -> None:
    """What somebody asks of code afterwards does not bring back its bodies."""
    store = InMemoryCCRStore()
    first = [HumanMessage("Look at the handlers."), *result(CODE)]
    alone = compress(first, store=store).messages
    for n in range(6):
        first += [AIMessage(f"Fine {n}."), HumanMessage(later)]
        assert compress(first, store=store).messages[:3] == alone


def test_what_was_read_before_an_edit_stays(client: str) -> None:
    """Reading a file and then editing it leaves the earlier request's bytes alone."""

    def used(tool: str, text: str, number: int) -> list[BaseMessage]:
        args = {"file_path": "handlers.py"}
        call: Any = {"name": tool, "args": args, "id": f"c{number}"}
        told = ToolMessage(text, tool_call_id=f"c{number}", name=tool)
        return [AIMessage("", tool_calls=[call]), told]

    messages = [*question(), *used("Read", CODE, 2)]
    with CLIENTS[client][0](["Fine."] * 3) as server:
        model = HeadroomChatModel(CLIENTS[client][1](server.url))
        model.invoke(messages)
        messages += used("Edit", "The file has been updated.", 3)
        model.invoke(messages)
        messages += [*used("Write", "Written.", 4), *used("Read", CODE[:9000], 5)]
        model.invoke(messages)
        said = [query.said for query in server.requests]
        sent = [body.get("messages") or body["input"] for body in bodies(server)]
    for before, after in pairwise(sent):
        assert after[: len(before)] == before
    assert [CODE in one.text for one in said[-1]].count(True) == 1


@pytest.fixture(params=sorted(CLIENTS))
def client(request: pytest.FixtureRequest) -> str:
    """Each provider's client in turn."""
    name: str = request.param
    return name


WITHOUT_NETWORK = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from real_clients import ASK, CLIENTS, bodies
from tool_results import FOUND, question
from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing.servers import Reply

def watch(event, arguments):
    local = {"127.0.0.1", "localhost", None}
    if event == "socket.connect" and arguments[1][0] not in local:
        raise SystemExit(f"connects to {arguments[1]}")
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        if arguments[0] not in local:
            raise SystemExit(f"looks up {arguments[0]}")
    if event == "urllib.Request":
        raise SystemExit(f"fetches {arguments[0]}")
    if event == "open" and str(arguments[0]).endswith(".tiktoken"):
        raise SystemExit(f"reads {arguments[0]}")

sys.addaudithook(watch)
for server_class, make in CLIENTS.values():
    with server_class([Reply(tool_calls=(ASK,)), Reply(text="So.")]) as server:
        model = HeadroomChatModel(make(server.url))
        assert model.invoke(question()).text == "So."
        assert FOUND in str(bodies(server)[1])
        assert model.report.tokens_saved > 10_000
print("Nothing.")
"""


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """Compression and retrieval need neither a tokenizer's files nor the network."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, str(HERE)],
        env={**os.environ, "TIKTOKEN_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "Nothing.", done.stderr
    assert not list(tmp_path.iterdir())
