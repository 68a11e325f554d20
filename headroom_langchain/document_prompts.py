"""Prompts in which compressed documents stand, and what a model may ask of them.

A prompt is text, and in text a marker grants nothing. So a message that shows
documents records which originals they stand for, as a compressed tool result does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeGuard

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import ChatPromptValue, PromptValue
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from headroom_langchain.ccr.marker import marked_keys
from headroom_langchain.plan.messages import METADATA_KEY, text_blocks, with_keys


def prompt_with_documents(
    prompt: BasePromptTemplate[Any],
    *,
    format_documents: Callable[[Sequence[Document]], str] | None = None,
) -> Runnable[dict[str, Any], PromptValue]:
    """Make a prompt that takes documents, and records what they stand for.

    Whatever variable of the prompt is given a list of documents gets their texts.

    Args:
        prompt: The prompt, for chat or not.
        format_documents: Makes one text of documents; by default their texts with
            an empty line between them.

    Returns:
        A runnable for the place of the prompt. What it returns are chat messages.

    Example:
        ```python
        chain = (
            {"context": retriever, "question": RunnablePassthrough()}
            | prompt_with_documents(prompt)
            | HeadroomChatModel(llm, store=store)
        )
        ```
    """
    text_of = format_documents or _joined

    def formatted(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Document]]:
        found = {
            name: value
            for name, value in given.items()
            # What has a type of its own is for messages, of which there may be none.
            if name not in prompt.input_types and _are_documents(value)
        }
        texts = {name: text_of(documents) for name, documents in found.items()}
        return {**given, **texts}, [one for some in found.values() for one in some]

    def fill(given: dict[str, Any], config: RunnableConfig) -> PromptValue:
        variables, documents = formatted(given)
        value = prompt.invoke(variables, config)
        return ChatPromptValue(messages=record_documents(value, documents))

    async def afill(given: dict[str, Any], config: RunnableConfig) -> PromptValue:
        variables, documents = formatted(given)
        value = await prompt.ainvoke(variables, config)
        return ChatPromptValue(messages=record_documents(value, documents))

    return RunnableLambda(fill, afill, name="prompt_with_documents")


def record_documents(
    messages: PromptValue | Sequence[BaseMessage], documents: Iterable[Document]
) -> list[BaseMessage]:
    """Record on messages which originals the documents in them stand for.

    Args:
        messages: A prompt, or messages.
        documents: Documents as `HeadroomDocumentCompressor` returned them.

    Returns:
        The messages; those in whose text a document's marker stands are copies that
        record its key.
    """
    if isinstance(messages, PromptValue):
        messages = messages.to_messages()
    known = set(document_keys(documents))
    shown: dict[int, list[str]] = {}
    for block in text_blocks(messages):
        keys = [key for key in marked_keys(block.text) if key in known]
        shown.setdefault(block.message, []).extend(keys)
    return [
        with_keys(message, shown[index]) if shown.get(index) else message
        for index, message in enumerate(messages)
    ]


def document_keys(documents: Iterable[Document]) -> tuple[str, ...]:
    """Return the keys of the originals whose markers stand in documents, in order.

    A marker counts where the document's metadata names the same key.
    """
    keys = []
    for document in documents:
        about = document.metadata.get(METADATA_KEY)
        key = about.get("key") if isinstance(about, dict) else None
        if key in marked_keys(document.page_content):
            keys.append(key)
    return tuple(dict.fromkeys(keys))


def _are_documents(value: object) -> TypeGuard[Sequence[Document]]:
    """Tell whether a value is a list of documents, of which there may be none."""
    return isinstance(value, list | tuple) and all(
        isinstance(one, Document) for one in value
    )


def _joined(documents: Sequence[Document]) -> str:
    return "\n\n".join(document.page_content for document in documents)
