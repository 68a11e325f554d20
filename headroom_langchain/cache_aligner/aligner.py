"""Watches over what a provider can cache, and changes nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.messages import BaseMessage

from headroom_langchain.cache_aligner.comparison import (
    Comparison,
    compare,
    compare_units,
)
from headroom_langchain.cache_aligner.report import AlignmentReport, Finding
from headroom_langchain.cache_aligner.requests import Request, Tool, Unit, units
from headroom_langchain.cache_aligner.volatile import volatile
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.lifecycle.events import PreSend

if TYPE_CHECKING:
    from headroom_langchain.lifecycle.events import PipelineEvent

OnFinding = Callable[[AlignmentReport], object]
"""Called with each report that has something to say."""

_Key = tuple[str, str]


@dataclass(slots=True)
class _Kept:
    """What is remembered of a conversation."""

    request: tuple[Unit, ...]
    report: AlignmentReport


class CacheAligner:
    """Tells what keeps a provider from reading a prompt out of its cache.

    It can be asked, with `examine` and `compare`. As an extension of a wrapped model
    it examines every call, and compares it with the last request of the same
    conversation, hidden rounds included: that is what the next call begins with.
    A call that belongs to no conversation is examined only. Give it as the last one
    of the extensions, so that it sees what is sent, and each model one of its own:
    a conversation that two models share has two prefixes.

    Example:
        ```python
        aligner = CacheAligner(on_finding=print)
        llm = HeadroomChatModel(model, extensions=[aligner])
        llm.invoke(messages, {"configurable": {"thread_id": "7"}})
        print(aligner.report)
        ```
    """

    def __init__(
        self, *, on_finding: OnFinding | None = None, max_conversations: int = 256
    ) -> None:
        """Watch over no conversation yet.

        Args:
            on_finding: Called with the report of a call in which something was found.
            max_conversations: How many are remembered; the one that was silent for
                longest goes first.

        Raises:
            ConfigurationError: `max_conversations` is less than 1.
        """
        if max_conversations < 1:
            msg = f"max_conversations={max_conversations!r} must be at least 1."
            raise ConfigurationError(msg)
        self._on_finding = on_finding
        self._max = max_conversations
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._last: AlignmentReport | None = None
        self._lock = threading.Lock()

    @property
    def report(self) -> AlignmentReport | None:
        """What the last call was like, or `None` before the first."""
        return self._last

    def report_of(
        self, conversation: str, *, namespace: str = DEFAULT_NAMESPACE
    ) -> AlignmentReport | None:
        """Return what the last call of a conversation was like.

        Args:
            conversation: Its `thread_id` or `session_id`.
            namespace: The tenant that it belongs to.

        Returns:
            `None` when nothing is known of it, or no longer.
        """
        with self._lock:
            kept = self._kept.get((namespace, conversation))
        return None if kept is None else kept.report

    def examine(
        self, messages: Sequence[BaseMessage], tools: Sequence[Tool] = ()
    ) -> AlignmentReport:
        """Find what will change from call to call in system messages and tools.

        Args:
            messages: Those of a request; system messages are looked at.
            tools: What is bound to the model, in any form that `bind_tools` takes.
        """
        taken = units(Request(messages=messages, tools=tools))
        return AlignmentReport(findings=tuple(_findings(taken)))

    def compare(self, before: Request, after: Request) -> Comparison:
        """Tell whether a request begins with the one before it, else where it parts.

        Args:
            before: The request that was sent first.
            after: The next one of the same conversation.
        """
        return compare(before, after)

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        """Look at a request that is about to be sent."""
        if not isinstance(event, PreSend):
            return
        arguments = event.arguments
        taken = units(
            Request(
                messages=event.messages,
                tools=arguments.get("tools") or (),
                arguments=arguments,
            )
        )
        conversation = event.call.conversation
        key = None if conversation is None else (event.call.namespace, conversation)
        with self._lock:
            known = None if key is None else self._kept.get(key)
        if event.round > 1:
            report = known.report if known else AlignmentReport()
        else:
            report = AlignmentReport(
                findings=tuple(_findings(taken)),
                comparison=compare_units(known.request, taken) if known else None,
                conversation=conversation,
            )
            self._last = report
        if key is not None:
            self._keep(key, _Kept(taken, report))
        if event.round == 1 and not report.aligned and self._on_finding is not None:
            self._on_finding(report)

    def _keep(self, key: _Key, kept: _Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > self._max:
                self._kept.popitem(last=False)


def _findings(taken: Sequence[Unit]) -> Iterator[Finding]:
    for unit in taken:
        if unit.part == "tools" or unit.system:
            for leaf in unit.leaves:
                for token in volatile(leaf.text):
                    yield Finding(
                        where=unit.place(leaf.path),
                        part="tools" if unit.part == "tools" else "system",
                        message=unit.index if unit.system else None,
                        tool=unit.name if unit.part == "tools" else None,
                        token=token,
                    )
