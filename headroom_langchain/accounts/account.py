"""The account of one call: told what is sent, it tells everybody who adds up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import is_, sub
from typing import Any, Protocol

from langchain_core.callbacks import CallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import UsageMetadata

from headroom_langchain.accounts.counting import (
    call_tokens,
    json_tokens,
    retrieve_tool,
    text_tokens,
)
from headroom_langchain.accounts.ledger import Ledger
from headroom_langchain.accounts.metadata import figures_of
from headroom_langchain.accounts.statement import Given, Statement
from headroom_langchain.calls.call_config import conversation
from headroom_langchain.calls.tracing import write_figures
from headroom_langchain.reports.report import BlockReport, RetrievalReport
from headroom_langchain.reports.totals import NOTHING, combined


class Sent(Protocol):
    """Messages as they go out, with what became of their texts."""

    @property
    def messages(self) -> Sequence[BaseMessage]:
        """The messages."""
        ...

    @property
    def blocks(self) -> tuple[BlockReport, ...]:
        """Their texts."""
        ...


class Offered(Protocol):
    """The retrieve tool as a model sends it."""

    @property
    def tool(self) -> Any:
        """Its entry in the list of tools."""
        ...

    @property
    def tokens(self) -> int:
        """Estimated tokens of the entry."""
        ...


def opened(
    sent: Sent,
    ledgers: Sequence[Ledger],
    *,
    model: BaseChatModel,
    offered: Offered | None,
    changed: bool,
    retrievals: Sequence[RetrievalReport],
    notes: tuple[Sequence[str], ...],
    observers: CallbackManager | None,
) -> Account:
    """Open the account of the call under way.

    Args:
        sent: What the call will send first.
        ledgers: What adds up the call; the first is that of the model itself.
        model: The inner model.
        offered: The retrieve tool, if it can be offered.
        changed: Whether the messages may have other texts than was found in them.
        retrievals: What was retrieved, growing while the call goes on.
        notes: What is noted, likewise.
        observers: Who sees the call.
    """
    named = conversation()
    given = Given.of(sent.blocks, ledgers[0].marks(named))
    statement = Statement(
        blocks=sent.blocks,
        given=given,
        conversation=named,
        model=name_of(model),
        retrievals=retrievals,
        notes=notes,
    )
    return Account(
        statement,
        messages=() if changed else sent.messages,
        offered=offered,
        ledgers=dict.fromkeys(ledgers),
        observers=observers,
    )


def name_of(model: BaseChatModel) -> str | None:
    """Return the name by which a chat model calls its provider's model."""
    for field in ("model_name", "model"):
        name = getattr(model, field, None)
        if isinstance(name, str):
            return name
    return None


class Account:
    """One call of a wrapped model."""

    def __init__(
        self,
        statement: Statement,
        *,
        messages: Sequence[BaseMessage],
        offered: Offered | None,
        ledgers: Iterable[Ledger],
        observers: CallbackManager | None,
    ) -> None:
        """Open the account of a call.

        Args:
            statement: What is known of the call.
            messages: Those whose texts it has; none when they must be counted.
            offered: The retrieve tool, if it can be offered.
            ledgers: Who adds up.
            observers: Whose runs carry the figures.
        """
        self.statement = statement
        self._messages: Sequence[BaseMessage] = messages
        self._texts = statement.given.after if messages else 0
        self._calls = call_tokens(messages) if statement.given.replayed else 0
        self._offered = offered
        self._ledgers = tuple(ledgers)
        self._observers = observers
        self._told = NOTHING.figures
        for ledger in self._ledgers:
            ledger.begin(statement, statement.given.marks)

    def sends(
        self, messages: Sequence[BaseMessage], arguments: Mapping[str, Any]
    ) -> None:
        """Count a request that is about to be sent.

        Args:
            messages: Its messages.
            arguments: The keyword arguments of the inner model's call.
        """
        longer = len(messages) >= len(self._messages)
        if not (longer and all(map(is_, self._messages, messages))):
            self._messages, self._texts, self._calls = (), 0, 0
        if new := messages[len(self._messages) :]:
            self._texts += text_tokens(new)
            self._calls += call_tokens(new)
            self._messages = list(messages)
        schema = self._schema_tokens(arguments)
        self.statement.sends(tokens=self._texts, tokens_tool=self._calls + schema)
        self._tell()

    def counted(self, usage: UsageMetadata | None) -> dict[str, Any]:
        """Note what the provider counted for the request that was sent last.

        Returns:
            What there is to tell of the request.
        """
        if usage is not None:
            self.statement.counted(usage)
            self._tell()
        return {"tokens": self.statement.requests[-1].tokens_sent, "usage": usage}

    def failed(self) -> None:
        """Note that nothing came back for the request that was sent last."""
        self.statement.failed()
        self._tell()

    def retrieved(self) -> None:
        """Note that hidden calls were answered."""
        self._tell()

    def _schema_tokens(self, arguments: Mapping[str, Any]) -> int:
        tool = retrieve_tool(arguments.get("tools") or ())
        if tool is None:
            return 0
        if self._offered is not None and tool is self._offered.tool:
            return self._offered.tokens
        return json_tokens(tool)

    def _tell(self) -> None:
        figures = self.statement.totals.figures
        change = combined(sub, figures, self._told)
        self._told = figures
        for ledger in self._ledgers:
            ledger.add(self.statement, change)
        if self._observers is not None:
            report = self.statement.report(NOTHING)
            write_figures(self._observers, figures_of(report))
