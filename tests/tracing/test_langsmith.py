"""What LangSmith is sent of one call: one model run, with its steps inside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import add_usage
from langchain_core.tracers.langchain import LangChainTracer
from langsmith import Client, tracing_context
from langsmith_server import Delivery, LangSmithServer
from traced_calls import (
    STEPS,
    USAGE,
    WAYS,
    Way,
    ainvoke,
    astream,
    invoke,
    log,
    script,
    stream,
    traced_to,
    trees,
    wrapped,
)

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original

SUMMED = add_usage(USAGE, USAGE)
EACH_WAY = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def server() -> Iterator[LangSmithServer]:
    """A LangSmith that the environment names."""
    with LangSmithServer() as started, traced_to(started):
        yield started


@EACH_WAY
async def test_a_call_is_one_model_run_with_its_steps_inside(
    server: LangSmithServer, way: Way
) -> None:
    """However a model is called, its steps are children in their order."""
    await way(wrapped(), log("disk"), {"tags": ["mine"], "metadata": {"tenant": "7"}})
    (run,) = trees(server)
    assert (run.run_type, run.name, run.error) == ("llm", "HeadroomChatModel", None)
    assert run.steps == STEPS
    for child in run.children:
        assert not child.children
        assert child.error is None
        assert "mine" in child.tags
        assert child.metadata["tenant"] == "7"


@EACH_WAY
async def test_steps_are_told_in_figures(server: LangSmithServer, way: Way) -> None:
    """No step but the retrieval carries text, and that only what the model read."""
    messages = log("disk")
    await way(wrapped(), messages, {})
    (run,) = trees(server)
    compress, first, retrieve, second = run.children
    assert json.dumps(messages[0].content) in run.inputs
    for step in (compress, first, second):
        assert "INFO served" not in step.inputs + step.outputs
    told = json.loads(compress.outputs)
    assert json.loads(compress.inputs) == {"texts": 1}
    assert told["compressed"] == 1
    assert 0 < told["tokens_after"] < told["tokens_before"]
    (key,) = told["hashes"]
    assert key in retrieve.inputs
    assert "disk full" in retrieve.outputs
    assert len(retrieve.outputs) < len(messages[0].text) / 10


@EACH_WAY
async def test_what_was_saved_can_be_filtered_by(
    server: LangSmithServer, way: Way
) -> None:
    """The figures of compression stand in the metadata of the model run."""
    await way(wrapped(), log("disk"), {})
    (run,) = trees(server)
    told = json.loads(run.children[0].outputs)
    for name in ("tokens_before", "tokens_after"):
        assert run.metadata[f"headroom_{name}"] == told[name]
        assert all(f"headroom_{name}" not in child.metadata for child in run.children)


@EACH_WAY
async def test_usage_is_sent_once(server: LangSmithServer, way: Way) -> None:
    """The model run has the usage of all rounds, and no step a key for usage.

    LangSmith adds up the usage of children in their parent.
    """
    await way(wrapped(), log("disk"), {})
    (run,) = trees(server)
    assert run.metadata["usage_metadata"] == SUMMED
    for child in run.children:
        assert "usage_metadata" not in child.metadata
        assert "usage_metadata" not in child.inputs + child.outputs


@EACH_WAY
async def test_the_run_says_what_the_bare_model_says(
    server: LangSmithServer, way: Way
) -> None:
    """Provider, model and parameters are those of the inner model."""
    config = {"metadata": {"tenant": "7"}, "tags": ["mine"]}
    bare = ScriptedChatModel(turns=["Fine."], model_name="m-1")
    inner = ScriptedChatModel(turns=script(), model_name="m-1")
    await way(bare, log("disk"), config)
    await way(HeadroomChatModel(inner), log("disk"), config)
    one, other = trees(server)
    assert other.metadata["ls_provider"] == "scripted"
    assert other.metadata["ls_model_name"] == "m-1"
    assert other.invocation_params == one.invocation_params
    assert other.tags == one.tags
    own = {key for key in other.metadata if key.startswith("headroom_")}
    assert other.metadata.keys() - own - {"usage_metadata"} == one.metadata.keys()
    for key, value in one.metadata.items():
        assert other.metadata[key] == value


@EACH_WAY
async def test_a_mixed_turn_ends_with_its_retrieval(
    server: LangSmithServer, way: Way
) -> None:
    """When the caller's tools were called too, there is no second round."""

    def both(messages: list[BaseMessage]) -> Turn:
        turn = ask_for_original("disk", usage=USAGE)(messages)
        calls = (*turn.tool_calls, Call(name="restart", args={"host": "a"}))
        return replace(turn, tool_calls=calls)

    await way(wrapped([both]), log("disk"), {})
    (run,) = trees(server)
    assert run.steps == STEPS[:3]
    assert "disk full" in run.children[2].outputs
    assert run.metadata["usage_metadata"] == USAGE
    assert "restart" in run.outputs


@EACH_WAY
async def test_an_error_is_marked_where_it_happened(
    server: LangSmithServer, way: Way
) -> None:
    """A provider that fails in round two fails that round and the call."""
    broken = wrapped([*script()[:1], Turn(error=ValueError("overloaded"))])
    with pytest.raises(ValueError, match="overloaded"):
        await way(broken, log("disk"), {})
    (run,) = trees(server)
    assert run.steps == STEPS
    assert "overloaded" in (run.error or "")
    assert [bool(child.error) for child in run.children] == [False, False, False, True]
    assert "overloaded" in (run.children[3].error or "")


@pytest.mark.parametrize("delivery", ["zstd", "multipart", "batch"])
async def test_every_delivery_brings_the_same(delivery: Delivery) -> None:
    """The tree does not depend on how the client sends it."""
    with LangSmithServer(delivery) as server, traced_to(server):
        # Until the client has asked the server, it sends as if it had an old one.
        await astream(wrapped(), log("disk"), {})
        trees(server)
        asked = len(server.requests)
        await astream(wrapped(), log("disk"), {})
        first, second = trees(server)
        sent = {
            "zstd": "POST /runs/multipart zstd",
            "multipart": "POST /runs/multipart",
            "batch": "POST /runs/batch",
        }
        assert set(server.requests[asked:]) == {sent[delivery]}
    assert first.steps == second.steps == STEPS


@pytest.mark.parametrize("way", [invoke, ainvoke, stream, astream])
@pytest.mark.parametrize("named", ["tracer", "context"])
async def test_a_tracer_may_be_named_in_code(way: Way, named: str) -> None:
    """A tracer among the callbacks, or a tracing context, does what the rest does."""
    with LangSmithServer() as server, traced_to(server, on=False):
        client = Client(api_url=server.url, api_key="lsv2_dummy")
        if named == "tracer":
            tracer = LangChainTracer(client=client, project_name="named")
            await way(wrapped(), log("disk"), {"callbacks": [tracer]})
        else:
            with tracing_context(enabled=True, client=client):
                await way(wrapped(), log("disk"), {})
        client.close()
        (run,) = server.trees
    assert run.steps == STEPS


@EACH_WAY
async def test_with_tracing_off_nothing_is_sent(way: Way) -> None:
    """Without tracing no request leaves, not even one about what the server can."""
    with LangSmithServer() as server, traced_to(server, on=False):
        await way(wrapped(), log("disk"), {})
        assert trees(server) == []
        assert server.requests == []


@EACH_WAY
async def test_tracing_switched_off_for_a_call_stays_off(
    server: LangSmithServer, way: Way
) -> None:
    """Where the caller has switched tracing off, no step of the call switches it on."""
    with tracing_context(enabled=False):
        await way(wrapped(), log("disk"), {})
    assert trees(server) == []


_IMPORTED = """
import os, sys
os.environ.pop("LANGSMITH_TRACING", None)
from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel, ask_for_original

def call(model, text):
    model.invoke([("human", "Go."), ("ai", ""), ("human", text)])
    for _ in model.stream("Go."):
        pass

call(ScriptedChatModel(turns=["a", "b"]), "Short.")
before = set(sys.modules)
call(HeadroomChatModel(ScriptedChatModel(turns=["a", "b"])), "Short.")
print(*sorted(set(sys.modules) - before))
"""


def test_with_tracing_off_nothing_of_langsmith_is_imported() -> None:
    """A wrapped model loads no module of langsmith that the bare one does not."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED], capture_output=True, text=True, check=True
    )
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    assert "headroom_langchain" in roots
    assert not roots & {"langsmith", "langgraph", "requests", "zstandard"}
