"""`SharedContext`: results that agents hand to each other by reference.

What is put under a name is kept to the last byte; the others get an excerpt with a
hash, read all of it, or search it. Contents are originals like those of compressed
messages, so that a model with the same store can ask for what an excerpt leaves out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, Original
from headroom_langchain.ccr.store.elsewhere.keeping import COMPRESSED
from headroom_langchain.ccr.store.elsewhere.langgraph_store import LangGraphCCRStore
from headroom_langchain.ccr.store.elsewhere.round_trips import RoundTrips
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.compressing import compress_text
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.reports.results import CompressedText
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.rules.terms import Terms
from headroom_langchain.shared_context.names import SharedNames
from headroom_langchain.shared_context.reference import SharedReference, SharedStats
from headroom_langchain.shared_context.search import SharedPassages, search

if TYPE_CHECKING:
    from langgraph.store.base import BaseStore

_LONGER: Final = 1.25
"""How much longer contents are kept than their names, so that what an excerpt leaves
out can still be asked for a while after somebody got it."""


class SharedContext:
    """Results that agents share through a LangGraph store.

    Example:
        ```python
        shared = SharedContext(InMemoryStore(), ttl=3600)
        model = HeadroomChatModel(llm, store=shared.store)


        def research(state):
            shared.put("findings", search_the_web(), agent="researcher")


        def write(state):
            findings = shared.reference("findings").as_message()
            return {"messages": [model.invoke([findings, *state["messages"]])]}
        ```
    """

    def __init__(
        self,
        store: BaseStore,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        ttl: float | None = None,
        policy: CompressionPolicy | None = None,
        prefix: tuple[str, ...] = ("headroom", "shared"),
        at_rest: AtRest = COMPRESSED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Share through a store, which stays the caller's to set up and to close.

        Args:
            store: Any LangGraph store, sync or async. In a node that is
                `runtime.store` or `get_store()`.
            namespace: Who shares: a team, a tenant, a thread. A call's
                `configurable={"headroom_namespace": ...}` names another.
            ttl: Seconds after which a result is forgotten, and somewhat later what
                its excerpt leaves out; `None` to keep it.
            policy: The rules by which excerpts are made.
            prefix: Where in the store; nothing else should write there.
            at_rest: What is done to contents and excerpts before they are written;
                compressed by default. Names stay readable.
            clock: Returns the time in seconds, the same for all machines.

        Raises:
            ConfigurationError: `store` is no LangGraph store, `ttl` is not positive,
                or `prefix` is none that LangGraph allows.
        """
        if not hasattr(store, "supports_ttl"):
            msg = (
                f"store={store!r} is no LangGraph store: SharedContext keeps names and "
                "excerpts, too; give InMemoryStore(), PostgresStore(...) or their like"
            )
            raise ConfigurationError(msg)
        self.store: CCRStore = LangGraphCCRStore(
            store,
            prefix=prefix,
            ttl=None if ttl is None else ttl * _LONGER,
            at_rest=at_rest,
            clock=clock,
        )
        """Where contents are: for a `HeadroomChatModel`, `ToolHooks` or
        `create_retrieve_tool` of the same namespace."""
        self._trips = RoundTrips(store)
        self._terms = Terms(policy=policy or CompressionPolicy(), namespace=namespace)
        self._clock = clock
        self._names = SharedNames(
            prefix=prefix,
            ttl=ttl,
            at_rest=at_rest,
            # AsyncSqliteStore can expire items and says that it cannot.
            expires=store.supports_ttl or hasattr(store, "sweep_ttl"),
        )

    def put(
        self,
        name: str,
        content: str,
        *,
        agent: str | None = None,
        description: str = "",
        tool: str = "shared",
    ) -> SharedReference:
        """Share a result.

        A name that is there already stands for the new content from now on; what
        excerpts of the old one leave out can still be asked for.

        Args:
            name: What others find it by.
            content: All of it.
            agent: Who shares it.
            description: What it is, or what matters in it: lines that are about
                this are shown first.
            tool: The name by which the rules of the policy know it.

        Raises:
            ConfigurationError: `content` is no string.
            StoreError: The store could not be written.
        """
        terms = self._terms.under(None)
        short = self._excerpt(terms, content, description, tool)
        original = _original(content, short, tool)
        self.store.put(original, namespace=terms.namespace)
        reference = self._reference(name, original, short, agent, description)
        self._trips.do([self._names.write(reference, terms.namespace)])
        return reference

    async def aput(
        self,
        name: str,
        content: str,
        *,
        agent: str | None = None,
        description: str = "",
        tool: str = "shared",
    ) -> SharedReference:
        """Share a result as `put` does; texts are read in a worker thread."""
        terms = self._terms.under(None)
        short = await asyncio.to_thread(
            self._excerpt, terms, content, description, tool
        )
        original = _original(content, short, tool)
        await self.store.aput(original, namespace=terms.namespace)
        reference = self._reference(name, original, short, agent, description)
        await self._trips.ado([self._names.write(reference, terms.namespace)])
        return reference

    def get(self, shared: str | SharedReference) -> str | None:
        """Return all of a result, to the last byte, or `None` when it is not there.

        Args:
            shared: Its name, or the reference that was got for it.

        Raises:
            StoreError: The store could not be read.
        """
        reference = self.reference(shared) if isinstance(shared, str) else shared
        if reference is None:
            return None
        found = self.store.get(reference.key, namespace=self._namespace)
        return None if found is None else found.content

    async def aget(self, shared: str | SharedReference) -> str | None:
        """Return all of a result; see `get`."""
        reference = await self.areference(shared) if isinstance(shared, str) else shared
        if reference is None:
            return None
        found = await self.store.aget(reference.key, namespace=self._namespace)
        return None if found is None else found.content

    def reference(self, name: str) -> SharedReference | None:
        """Return the excerpt and the hash of a result, or `None` without it.

        Raises:
            StoreError: The store could not be read.
        """
        items = self._trips.do([self._names.read(name, self._namespace)])
        return next(iter(self._found(items)), None)

    async def areference(self, name: str) -> SharedReference | None:
        """Return the excerpt and the hash of a result; see `reference`."""
        items = await self._trips.ado([self._names.read(name, self._namespace)])
        return next(iter(self._found(items)), None)

    def references(self) -> list[SharedReference]:
        """Return what is shared, those put first in front.

        Raises:
            StoreError: The store could not be read.
        """
        (items,) = self._trips.do([self._names.read_all(self._namespace)])
        return self._found(items)

    async def areferences(self) -> list[SharedReference]:
        """Return what is shared; see `references`."""
        (items,) = await self._trips.ado([self._names.read_all(self._namespace)])
        return self._found(items)

    def search(
        self, query: str, *, name: str | None = None, max_tokens: int = 1000
    ) -> list[SharedPassages]:
        """Find passages in one result or in all of them.

        Args:
            query: Words, `/regex/`, or a JSON path that starts with `$`.
            name: Where to look; `None` for everywhere.
            max_tokens: Estimated tokens of all passages together, at least 100.

        Returns:
            What was found, for each result that has it and at most five, the best
            ones first.

        Raises:
            ConfigurationError: The query is empty or cannot be understood, or
                `max_tokens` is too small for an answer.
            StoreError: The store could not be read.
        """
        places = self.references() if name is None else _one(self.reference(name))
        keys = [one.key for one in places]
        originals = self.store.get_many(keys, namespace=self._namespace)
        return search(places, originals, query, max_tokens=max_tokens)

    async def asearch(
        self, query: str, *, name: str | None = None, max_tokens: int = 1000
    ) -> list[SharedPassages]:
        """Find passages as `search` does; texts are read in a worker thread."""
        places = (
            await self.areferences()
            if name is None
            else _one(await self.areference(name))
        )
        keys = [one.key for one in places]
        originals = await self.store.aget_many(keys, namespace=self._namespace)
        return await asyncio.to_thread(
            search, places, originals, query, max_tokens=max_tokens
        )

    def delete(self, name: str) -> None:
        """Forget a result, and its content unless another name stands for it.

        A name that is not there is no error.

        Raises:
            StoreError: The store could not be written.
        """
        self._forget([one for one in self.references() if one.name == name])

    async def adelete(self, name: str) -> None:
        """Forget a result; see `delete`."""
        await asyncio.to_thread(self.delete, name)

    def clear(self) -> None:
        """Forget all results of the namespace.

        Raises:
            StoreError: The store could not be written.
        """
        self._forget(self.references())

    async def aclear(self) -> None:
        """Forget all results of the namespace; see `clear`."""
        await asyncio.to_thread(self.clear)

    def stats(self) -> SharedStats:
        """Count what is shared, and the tokens of it.

        Raises:
            StoreError: The store could not be read.
        """
        return SharedStats.of(self.references())

    async def astats(self) -> SharedStats:
        """Count what is shared; see `stats`."""
        return SharedStats.of(await self.areferences())

    @property
    def _namespace(self) -> str:
        return self._terms.under(None).namespace

    def _found(self, items: Iterable[Any]) -> list[SharedReference]:
        return self._names.found(items, self._namespace, self._clock())

    def _excerpt(
        self, terms: Terms, content: str, description: str, tool: str
    ) -> CompressedText:
        roles = frozenset({"tool"})
        return compress_text(
            content,
            policy=terms.policy.model_copy(update={"roles": roles}),
            # Says that there is one; the content is put once it is known what it is.
            store=InMemoryCCRStore(),
            tool=tool,
            arguments={"description": description},
        )

    def _reference(
        self,
        name: str,
        original: Original,
        short: CompressedText,
        agent: str | None,
        description: str,
    ) -> SharedReference:
        return SharedReference(
            name=name,
            key=original.key,
            excerpt=short.text,
            omitted=short.omitted if short.key else "",
            kind=short.kind,
            tokens_before=short.tokens_before,
            tokens_after=short.tokens_after,
            agent=agent,
            description=description,
            put_at=self._clock(),
        )

    def _forget(self, references: Sequence[SharedReference]) -> None:
        namespace = self._namespace
        names = {one.name for one in references}
        kept = {one.key for one in self.references() if one.name not in names}
        self._trips.do([self._names.forget(name, namespace) for name in sorted(names)])
        keys = dict.fromkeys(one.key for one in references if one.key not in kept)
        self.store.delete_many(list(keys), namespace=namespace)


def _original(content: str, short: CompressedText, tool: str) -> Original:
    return Original.of(content, kind=short.kind or "text", tool=tool)


def _one(reference: SharedReference | None) -> list[SharedReference]:
    return [] if reference is None else [reference]
