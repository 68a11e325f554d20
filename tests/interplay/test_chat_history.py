"""Chat histories, and what edits them: filters, merging, removal."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    RemoveMessage,
    filter_messages,
    merge_message_runs,
)
from langchain_core.runnables.history import RunnableWithMessageHistory
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.store.memory import InMemoryStore
from log_talks import (
    KEY,
    LAST,
    NEEDLE,
    check_markers,
    check_pairs,
    conversation,
    log,
)

from headroom_langchain import (
    CompressionPolicy,
    CompressMessages,
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
)
from headroom_langchain.ccr.marker import marked_keys
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.shared_context import SharedContext
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original

# LangChain points to LangGraph's checkpoints instead, and still has them.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*MessageHistory.*:langchain_core._api.LangChainDeprecationWarning"
)

ASK: Any = ask_for_original(NEEDLE)
FORGED = Turn(tool_calls=(Call(name="headroom_retrieve", args={"hash": KEY}),))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_history_keeps_originals_and_the_prefix(*, asynchronous: bool) -> None:
    """What is stored is what was written; the next request begins with the last one."""
    script = ScriptedChatModel(turns=[ASK, "Worker 3.", ASK, "As I said.", "You too."])
    model = HeadroomChatModel(script, store=InMemoryCCRStore())
    histories: dict[str, InMemoryChatMessageHistory] = {}

    def history(session: str) -> InMemoryChatMessageHistory:
        return histories.setdefault(session, InMemoryChatMessageHistory())

    chain = RunnableWithMessageHistory(model, history)
    config: Any = {"configurable": {"session_id": "s"}}
    for given in [conversation()[-5:-2], [HumanMessage("Sure?")]]:
        if asynchronous:
            await chain.ainvoke(given, config)
        else:
            chain.invoke(given, config)
    kept = histories["s"].messages
    kinds = [message.type for message in kept]
    assert kinds == ["human", "ai", "tool", "ai", "human", "ai"]
    assert kept[2].text == log(LAST)
    second, third = script.requests[1:3]
    assert third.messages[: len(second.messages)] == second.messages
    check_pairs(third.messages)
    assert NEEDLE in script.requests[3].messages[-1].text
    chain.invoke([HumanMessage("Hi.")], {"configurable": {"session_id": "other"}})
    assert len(script.requests[4].messages) == 1


def test_compressed_messages_may_be_kept() -> None:
    """A history of compressed messages is small, and still leads to the originals."""
    store = InMemoryCCRStore()
    history = InMemoryChatMessageHistory()
    history.add_messages(compress(conversation()[:-1], store=store).messages)
    restored = InMemoryChatMessageHistory.model_validate_json(
        history.model_dump_json()
    ).messages
    assert sum(len(message.text) for message in restored) < len(log(1))
    script = ScriptedChatModel(turns=[ASK, "Worker 3."])
    model = HeadroomChatModel(script, store=store)
    assert model.invoke([*restored, HumanMessage("Who?")]).text == "Worker 3."
    assert len(check_markers(script.requests[0], store)) == LAST
    assert NEEDLE in script.requests[1].messages[-1].text


def test_filters_take_markers_with_their_messages() -> None:
    """Without tool calls and their results there is no marker and no tool."""
    store = InMemoryCCRStore()
    script = ScriptedChatModel(turns=["Fine."] * 2)
    model = HeadroomChatModel(script, store=store)
    without = filter_messages(exclude_tool_calls=True)
    for chain in (
        without | model,
        CompressMessages(store=store) | without | model,
    ):
        chain.invoke(conversation())
        request = script.requests[-1]
        check_pairs(request.messages)
        assert check_markers(request, store) == []
        assert recorded_keys(request.messages) == ()
        assert request.tools == ()


def test_filters_may_keep_some_results() -> None:
    """Results that a filter leaves can be asked for as before."""
    store = InMemoryCCRStore()
    script = ScriptedChatModel(turns=[ASK, "Worker 3."])
    some = filter_messages(exclude_tool_calls=[f"call-{n}" for n in range(1, LAST)])
    chain = (
        CompressMessages(store=store) | some | HeadroomChatModel(script, store=store)
    )
    assert chain.invoke(conversation()).text == "Worker 3."
    assert check_markers(script.requests[0], store) == [KEY]
    assert NEEDLE in script.requests[1].messages[-1].text


def test_merged_messages_keep_all_keys() -> None:
    """Messages of one kind that are merged stand for the originals of all of them."""
    shared = SharedContext(InMemoryStore())
    found = [shared.put(f"{day}", log(day)) for day in (1, LAST)]
    given = [one.as_message() for one in found] + [HumanMessage("Who?")]
    (merged,) = merge_message_runs(given)
    assert recorded_keys([merged]) == tuple(one.key for one in found)
    script = ScriptedChatModel(turns=[ASK, "Worker 3."])
    model = HeadroomChatModel(script, store=shared.store)
    chain = merge_message_runs() | model
    assert chain.invoke(given).text == "Worker 3."
    assert len(check_markers(script.requests[0], shared.store)) == 2
    assert NEEDLE in script.requests[1].messages[-1].text


def test_merged_human_messages_keep_all_keys() -> None:
    """So do messages of people whose own texts were compressed."""
    store = InMemoryCCRStore()
    policy = CompressionPolicy(roles=frozenset({"human"}))
    given = [HumanMessage(log(1)), HumanMessage(log(LAST))]
    result = compress(given, policy=policy, store=store)
    (merged,) = merge_message_runs(result.messages)
    assert recorded_keys([merged]) == tuple(block.key for block in result.blocks)


def test_merged_answers_are_answers() -> None:
    """Answers that were merged are sent as their text, and their records not at all."""
    script = ScriptedChatModel(turns=[ASK, "Worker 3.", ASK, "Worker 3!", "Yes."])
    model = HeadroomChatModel(script)
    asked = conversation()[-5:-2]
    answers = [model.invoke(asked) for _ in range(2)]
    merged = merge_message_runs([*asked, *answers, HumanMessage("Sure?")])
    assert [message.type for message in merged] == [
        *["human", "ai", "tool", "ai", "human"]
    ]
    assert model.invoke(merged).text == "Yes."
    sent = script.requests[-1].messages
    check_pairs(sent)
    assert isinstance(sent[3], AIMessage)
    assert sent[3].text == "Worker 3.\nWorker 3!"
    assert "headroom" not in sent[3].additional_kwargs
    assert model.report is not None
    assert "does not fit" in model.report.notes[0]


def test_what_was_removed_is_not_answered() -> None:
    """A removed result takes its marker and its record out of the state."""
    store = InMemoryCCRStore()
    script = ScriptedChatModel(turns=[ASK, "Worker 3.", FORGED, "No idea."])
    model = HeadroomChatModel(script, store=store)

    def answer(state: MessagesState) -> Any:
        return {"messages": [model.invoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("model", answer)
    builder.add_edge(START, "model")
    builder.add_edge("model", END)
    graph = builder.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    start: Any = {"messages": conversation()[-5:-2]}
    state = graph.invoke(start, config)
    gone = [RemoveMessage(id=str(one.id)) for one in state["messages"][1:]]
    later: Any = {"messages": [*gone, HumanMessage("And now?")]}
    state = graph.invoke(later, config)
    assert [message.type for message in state["messages"]] == ["human", "human", "ai"]
    sent = script.requests[2].messages
    assert [message.type for message in sent] == ["human", "human"]
    assert not any(marked_keys(message.text) for message in sent)
    assert "INFO worker" not in script.requests[-1].messages[-1].text
