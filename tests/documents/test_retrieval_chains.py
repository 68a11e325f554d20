"""A model that reads compressed documents can ask for what they leave out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from knowledge import LOG, NEEDLE, documents, retriever
from langchain.agents import create_agent
from langchain_classic.chains import create_retrieval_chain
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.tools import create_retriever_tool

from headroom_langchain import (
    HeadroomChatModel,
    InMemoryCCRStore,
    create_retrieve_tool,
)
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.document_prompts import (
    document_keys,
    prompt_with_documents,
    record_documents,
)
from headroom_langchain.documents import HeadroomDocumentCompressor
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.testing import (
    Call,
    ScriptedChatModel,
    Turn,
    TurnLike,
    ask_for_original,
)
from headroom_langchain.tool_wrapping import wrap_tools

PROMPT = ChatPromptTemplate(
    [
        ("system", "Answer from these documents:\n{context}"),
        ("human", "{question}"),
    ]
)
ASK: Any = ask_for_original("worker 3 done in 253 ms")
KEY = content_key(LOG)


def told(model: ScriptedChatModel) -> str:
    """What the model was told in its last round."""
    return model.requests[-1].messages[-1].text


def wrapped(
    turns: Sequence[TurnLike], store: InMemoryCCRStore
) -> tuple[HeadroomChatModel, ScriptedChatModel]:
    model = ScriptedChatModel(turns=turns)
    return HeadroomChatModel(model, store=store), model


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
async def test_a_chain_answers_from_the_original(way: str) -> None:
    """The model asks for a document of its prompt, and nobody sees it."""
    store = InMemoryCCRStore()
    llm, model = wrapped([ASK, "Worker 3."], store)
    chain = (
        {"context": retriever(store), "question": RunnablePassthrough()}
        | prompt_with_documents(PROMPT)
        | llm
        | StrOutputParser()
    )
    match way:
        case "invoke":
            answer = chain.invoke("who?")
        case "ainvoke":
            answer = await chain.ainvoke("who?")
        case "stream":
            answer = "".join(chain.stream("who?"))
        case _:
            answer = "".join([part async for part in chain.astream("who?")])
    assert answer == "Worker 3."
    first = model.requests[0]
    assert [tool["function"]["name"] for tool in first.tools] == ["headroom_retrieve"]
    assert NEEDLE not in first.messages[0].text
    assert "Workers are started by cron." in first.messages[0].text
    assert NEEDLE in told(model)


def test_a_retrieval_chain_takes_the_prompt() -> None:
    """`create_retrieval_chain` gives documents, which the prompt shows and records."""
    store = InMemoryCCRStore()
    llm, model = wrapped([ASK, "Worker 3."], store)
    prompt = ChatPromptTemplate([("human", "{context}\n\n{input}")])
    combine = prompt_with_documents(prompt) | llm | StrOutputParser()
    chain = create_retrieval_chain(retriever(store), combine)
    result = chain.invoke({"input": "who?"})
    assert result["answer"] == "Worker 3."
    assert [document.id for document in result["context"]] == ["small", "log", "table"]
    assert NEEDLE in told(model)


def test_text_alone_grants_nothing() -> None:
    """A marker in a document that nobody compressed is data."""
    store = InMemoryCCRStore()
    (_, secret, _) = HeadroomDocumentCompressor(store=store).compress_documents(
        documents(), "?"
    )
    forged = [Document(page_content=secret.page_content)]
    value = prompt_with_documents(PROMPT).invoke({"context": forged, "question": "?"})
    assert recorded_keys(value.to_messages()) == ()
    ask = Turn(tool_calls=(Call(name="headroom_retrieve", args={"hash": KEY}),))
    llm, model = wrapped([ask, "Nothing."], store)
    llm.bind_tools([create_retriever_tool(retriever(None), "find", "Find.")]).invoke(
        value
    )
    assert NEEDLE not in told(model)
    assert LOG.splitlines()[0] not in told(model)


def test_metadata_counts_with_its_marker_only() -> None:
    """A key counts where the document itself has the marker, whoever wrote it."""
    store = InMemoryCCRStore()
    found = HeadroomDocumentCompressor(store=store).compress_documents(documents(), "?")
    assert document_keys(found) == (KEY,)
    about = found[1].metadata
    assert document_keys([Document(page_content="A page.", metadata=about)]) == ()
    odd: list[Any] = ["text", {"key": 3}, {"key": None}, None, []]
    for strange in odd:
        document = found[1].model_copy(update={"metadata": {"headroom": strange}})
        assert document_keys([document]) == ()


def test_only_messages_that_show_a_document_record_it() -> None:
    """Other messages of a prompt are the very same objects."""
    store = InMemoryCCRStore()
    found = HeadroomDocumentCompressor(store=store).compress_documents(documents(), "?")
    blocks: Any = [{"type": "text", "text": one.page_content} for one in found]
    messages = [SystemMessage("Be kind."), HumanMessage(blocks), HumanMessage("Who?")]
    made = record_documents(messages, found)
    assert [recorded_keys([message]) for message in made] == [(), (KEY,), ()]
    assert made[0] is messages[0]
    assert made[2] is messages[2]
    assert made[1].content == blocks


def test_a_prompt_without_documents_stays_as_it_is() -> None:
    """Nothing found is an empty text, and lists of messages are left alone."""
    prompt = ChatPromptTemplate([("placeholder", "{history}"), ("human", "{context}!")])
    given: dict[str, Any] = {"history": [], "context": []}
    made = prompt_with_documents(prompt).invoke(given).to_messages()
    assert made == [HumanMessage("!")]
    given = {"history": [("human", "Hello.")], "context": "Some text"}
    made = prompt_with_documents(prompt).invoke(given).to_messages()
    assert made == [HumanMessage("Hello."), HumanMessage("Some text!")]


async def test_prompts_and_formats_of_ones_own() -> None:
    """A prompt of one text works, too, and the caller may say how documents look."""
    store = InMemoryCCRStore()
    made = prompt_with_documents(
        PromptTemplate.from_template("{context}"),
        format_documents=lambda some: "\n".join(
            f"<{d.id}>{d.page_content}" for d in some
        ),
    )
    found = await retriever(store).ainvoke("workers")
    value = await made.ainvoke({"context": found})
    (message,) = value.to_messages()
    assert message.text.startswith("<small>Workers are started by cron.\n<log>")
    assert recorded_keys([message]) == (KEY,)


def search_tool(store: InMemoryCCRStore, **options: Any) -> Any:
    return create_retriever_tool(retriever(store), "find", "Find pages.", **options)


FIND = Turn(tool_calls=(Call(name="find", args={"query": "workers"}),))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_retriever_tool_records_its_documents(*, asynchronous: bool) -> None:
    """A wrapped retriever tool hands over what its documents stand for."""
    store = InMemoryCCRStore()
    llm, model = wrapped([FIND, ASK, "Worker 3."], store)
    tool = search_tool(store, response_format="content_and_artifact")
    agent = create_agent(llm, wrap_tools([tool], store=store))
    given: Any = {"messages": [HumanMessage("Who?")]}
    state = await agent.ainvoke(given) if asynchronous else agent.invoke(given)
    assert [message.type for message in state["messages"]] == [
        *["human", "ai", "tool", "ai"]
    ]
    result = state["messages"][2]
    assert isinstance(result, ToolMessage)
    assert [document.id for document in result.artifact] == ["small", "log", "table"]
    assert NEEDLE in told(model)


def test_an_agent_with_the_tool_reads_any_document() -> None:
    """With `create_retrieve_tool` in its list a bare model asks for documents."""
    store = InMemoryCCRStore()
    model = ScriptedChatModel(turns=[FIND, ASK, "Worker 3."])
    agent: Any = create_agent(model, [search_tool(store), create_retrieve_tool(store)])
    state = agent.invoke({"messages": [HumanMessage("Who?")]})
    assert NEEDLE in state["messages"][4].text
