"""What was saved stands in the metadata of the runs, complete when they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langsmith_server import LangSmithServer, TracedRun
from traced_calls import (
    USAGE,
    WAYS,
    Way,
    invoke,
    log,
    only_model_run,
    script,
    traced_to,
    trees,
    wrapped,
)

from headroom_langchain import InMemoryCCRStore
from headroom_langchain.graph import compress_node
from headroom_langchain.testing import Turn

EACH_WAY = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def server() -> Iterator[LangSmithServer]:
    """A LangSmith that the environment names."""
    with LangSmithServer() as started, traced_to(started):
        yield started


def figures(run: TracedRun) -> dict[str, Any]:
    """Return our figures in the metadata of a run."""
    return {k: v for k, v in run.metadata.items() if k.startswith("headroom_")}


@EACH_WAY
async def test_a_model_run_has_the_figures_of_the_whole_call(
    server: LangSmithServer, way: Way
) -> None:
    """They are those of the report, with every round and every retrieval."""
    model = wrapped()
    config = {"configurable": {"thread_id": "t-7"}}
    await way(model, log("disk"), config)
    (run,) = trees(server)
    report = model.report
    assert report is not None
    assert figures(run) == {
        "headroom_tokens_before": report.tokens_before,
        "headroom_tokens_after": report.tokens_after,
        "headroom_tokens_saved": report.tokens_saved,
        "headroom_tokens_net_saved": report.tokens_net_saved,
        "headroom_tokens_sent": report.figures.tokens_sent,
        "headroom_compressed": 1,
        "headroom_retrievals": 1,
        "headroom_rounds": 2,
        "headroom_conversation": "t-7",
    }
    assert not any(figures(child) for child in run.children)


@EACH_WAY
async def test_rounds_tell_what_they_sent(server: LangSmithServer, way: Way) -> None:
    """Each round has the tokens of its request, and what the provider counted."""
    model = wrapped()
    await way(model, log("disk"), {})
    (run,) = trees(server)
    told = [json.loads(run.children[number].outputs) for number in (1, 3)]
    report = model.report
    assert report is not None
    assert [each["tokens"] for each in told] == (
        [request.tokens_sent for request in report.requests]
    )
    assert [each["usage"] for each in told] == [USAGE, USAGE]


@EACH_WAY
async def test_a_call_that_fails_has_the_figures_so_far(
    server: LangSmithServer, way: Way
) -> None:
    """What was sent before an error is told all the same."""
    broken = wrapped([*script()[:1], Turn(error=ValueError("overloaded"))])
    with pytest.raises(ValueError, match="overloaded"):
        await way(broken, log("disk"), {})
    (run,) = trees(server)
    assert figures(run)["headroom_rounds"] == 2
    assert figures(run)["headroom_retrievals"] == 1


async def test_a_node_shows_its_compression(server: LangSmithServer) -> None:
    """The run of a node has the figures, and a run of the compression inside."""

    async def nothing(state: MessagesState) -> dict[str, list[BaseMessage]]:
        return {"messages": []}

    node = compress_node(store=InMemoryCCRStore())
    builder: Any = StateGraph(MessagesState)
    builder.add_node("compress", node)
    builder.add_node("model", nothing)
    builder.add_edge(START, "compress")
    builder.add_edge("compress", "model")
    builder.add_edge("model", END)
    await builder.compile().ainvoke({"messages": log("disk")})
    (tree,) = trees(server)
    (run,) = (run for run in tree.all() if figures(run))
    (shown,) = (run for run in tree.all() if run.name == "headroom_compress")
    assert shown in run.children
    report = node.report
    assert report is not None
    assert figures(run)["headroom_tokens_saved"] == report.tokens_saved > 0
    told = json.loads(shown.outputs)
    assert told["tokens_before"] - told["tokens_after"] == report.tokens_saved
    assert "INFO served" not in shown.inputs + shown.outputs


async def test_a_call_below_others_keeps_its_figures(server: LangSmithServer) -> None:
    """The figures stand on the model run, wherever it is in the tree."""
    chain: Any = (lambda messages: messages) | wrapped()
    await invoke(chain, log("disk"), {})
    (tree,) = trees(server)
    assert figures(only_model_run(tree))["headroom_rounds"] == 2
    assert not figures(tree)
