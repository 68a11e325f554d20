"""`wrap_tools`: tools whose results are compressed before they leave them.

For loops that have no place for hooks. Each tool is a copy of the one given, of a
subclass of its own class, so whatever looks at a tool finds what it knows: name,
schema, function, injected arguments. Tracers see what the tool itself returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, ToolCall, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.tools import tool as as_tool
from pydantic import PrivateAttr

from headroom_langchain.accounts.outside import Books
from headroom_langchain.agents.tool_results import mapped, tool_messages
from headroom_langchain.calls.call_config import published
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, check_store
from headroom_langchain.compressing import Job
from headroom_langchain.document_prompts import document_keys
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.lifecycle.participants import Participants, TakingPart
from headroom_langchain.plan.messages import with_keys
from headroom_langchain.reports.report import BlockReport
from headroom_langchain.reports.results import CompressionResult
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.rules.terms import Terms

_BEFORE = 1
"""Messages put before the results of a tool: the call."""

_T = TypeVar("_T", bound=BaseTool | Callable[..., Any] | dict[str, Any])

if TYPE_CHECKING:
    _Tool = BaseTool
else:
    _Tool = object


def wrap_tools(
    tools: Iterable[_T],
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    **taking_part: Unpack[TakingPart],
) -> list[_T | BaseTool]:
    """Make tools return compressed results.

    Names, schemas, injected arguments, artifacts and errors stay as they are. The
    arguments of a call are what its result is read for. What a tool returns
    directly is an answer to the user and left alone, and so is `headroom_retrieve`;
    wrapping twice does nothing.

    Args:
        tools: Tools, or functions as `create_agent` takes them. Dicts, which stand
            for tools of the provider, are returned as they are.
        policy: The rules; the defaults compress large results.
        store: Where originals go. Without one nothing is left out; with one, the
            model needs a way to read from it: `create_retrieve_tool(store)` in the
            list, or a `HeadroomChatModel` with this store.
        namespace: Separates tenants in the store; a call's
            `configurable={"headroom_namespace": ...}` names another.
        taking_part: `extensions`, `hooks` and `discover` as of `HeadroomChatModel`.
            They see the call and its results, and must leave as many.

    Raises:
        ConfigurationError: `tools` is no list, `store` is no `CCRStore`, or something
            given is no extension.

    Example:
        ```python
        store = SqliteCCRStore("originals.db")
        tools = [*wrap_tools([read_log], store=store), create_retrieve_tool(store)]
        agent = create_agent(model, tools)
        ```
    """
    if not isinstance(tools, Iterable):
        msg = f"{tools!r} is no list of tools: write wrap_tools([...])"
        raise ConfigurationError(msg)
    check_store(store)
    terms = Terms(policy=policy or CompressionPolicy(), namespace=namespace)
    participants = Participants.of(**taking_part)
    results = Results(terms=terms, store=store, participants=participants)
    return [
        given if isinstance(given, dict) else _wrapped(given, results)
        for given in tools
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """How the results of wrapped tools are compressed."""

    terms: Terms
    store: CCRStore | None
    participants: Participants

    def compressed(
        self, call: ToolCall, result: Any, config: RunnableConfig | None
    ) -> Any:
        """Return what a tool returned, compressed."""
        if not (found := _compressible(call, result)):
            return _finished(result, {})
        with Books().compression(config) as tell:
            made = self._job(call, found, config).run()
            tell(_blocks(made), made.notes)
        return _finished(result, _changes(found, made))

    async def acompressed(
        self, call: ToolCall, result: Any, config: RunnableConfig | None
    ) -> Any:
        """Return what a tool returned, compressed; much text is read in a thread."""
        if not (found := _compressible(call, result)):
            return _finished(result, {})
        with Books().compression(config) as tell:
            made = await self._job(call, found, config).arun()
            tell(_blocks(made), made.notes)
        return _finished(result, _changes(found, made))

    def _job(
        self,
        call: ToolCall,
        found: Sequence[ToolMessage],
        config: RunnableConfig | None,
    ) -> Job[BaseMessage]:
        terms = self.terms.under(config)
        roles = terms.policy.roles & {"tool"}
        with published(config):
            lifecycle = self.participants.begin(
                "tool_result", terms.namespace, fixed=True
            )
        return Job(
            [AIMessage("", tool_calls=[call]), *found],
            policy=terms.policy.model_copy(update={"roles": roles}),
            store=self.store,
            namespace=terms.namespace,
            lifecycle=lifecycle,
        )


class Compressing(_Tool):
    """What the classes of wrapped tools have of their own."""

    __slots__ = ()

    if TYPE_CHECKING:
        _results: Results

    def run(self, tool_input: Any, *args: Any, **options: Any) -> Any:
        """Run the tool and compress its result."""
        result = super().run(tool_input, *args, **options)
        call = _call(self, tool_input, options.get("tool_call_id"))
        return self._results.compressed(call, result, options.get("config"))

    async def arun(self, tool_input: Any, *args: Any, **options: Any) -> Any:
        """Run the tool and compress its result in a worker thread."""
        result = await super().arun(tool_input, *args, **options)
        call = _call(self, tool_input, options.get("tool_call_id"))
        return await self._results.acompressed(call, result, options.get("config"))


def _wrapped(given: BaseTool | Callable[..., Any], results: Results) -> BaseTool:
    tool = given if isinstance(given, BaseTool) else as_tool(given)
    spared = tool.return_direct or tool.name == RETRIEVE_TOOL_NAME
    if spared or isinstance(tool, Compressing):
        return tool
    made = tool.model_copy()
    # Setting an attribute of a pydantic model is for its fields.
    object.__setattr__(made, "__class__", _compressing(type(tool)))
    made._results = results
    return made


@cache
def _compressing(tool: type[BaseTool]) -> type[BaseTool]:
    """Return the subclass of a class of tools that compresses results."""
    attributes = {
        "__module__": tool.__module__,
        "__qualname__": tool.__qualname__,
        "__doc__": tool.__doc__,
        "_results": PrivateAttr(),
    }
    metaclass: Any = type(tool)
    made: type[BaseTool] = metaclass(tool.__name__, (Compressing, tool), attributes)
    return made


def _call(tool: BaseTool, given: Any, id_: str | None) -> ToolCall:
    """Return the call that a tool answers, as a model would have made it."""
    arguments = {"input": given}
    if isinstance(given, dict):
        # The state of a graph is injected, and says nothing of what was asked.
        arguments = tool._filter_injected_args(given)
    return ToolCall(name=tool.name, args=arguments, id=id_ or "call")


def _compressible(call: ToolCall, result: Any) -> list[ToolMessage]:
    """Return the messages for a model in what a tool returned."""
    if isinstance(result, str):
        return [ToolMessage(result, tool_call_id=call["id"], name=call["name"])]
    # Documents that were compressed one by one are not compressed together.
    return [message for message in tool_messages(result) if not _keys(message)]


def _blocks(made: CompressionResult[BaseMessage]) -> list[BlockReport]:
    """Return what was done to each text of the results."""
    return [
        replace(block, message=block.message - _BEFORE)
        for block in made.blocks
        if block.message >= _BEFORE
    ]


def _changes(
    found: Sequence[ToolMessage], made: CompressionResult[BaseMessage]
) -> dict[int, BaseMessage]:
    """Return what became of messages, by the id of the object."""
    new = made.messages[_BEFORE:]
    return {id(old): now for old, now in zip(found, new, strict=True)}


def _finished(result: Any, changes: Mapping[int, BaseMessage]) -> Any:
    """Return what a tool returned with its messages as they are now."""
    if isinstance(result, str):
        (message,) = changes.values()
        return message.content

    def finished(message: ToolMessage) -> BaseMessage:
        keys = _keys(message)
        return with_keys(message, keys) if keys else changes[id(message)]

    return mapped(result, finished)


def _keys(message: ToolMessage) -> tuple[str, ...]:
    """Return the keys of compressed documents that a retriever's tool returned."""
    artifact = message.artifact
    documents = artifact if isinstance(artifact, list | tuple) else ()
    return document_keys(one for one in documents if isinstance(one, Document))
