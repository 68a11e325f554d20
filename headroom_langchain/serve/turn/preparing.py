"""From the body a client sent to the body that goes upstream."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from headroom_langchain.ccr.retrieval.reading import RememberedIndexes
from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.ccr.store.notes import Notes
from headroom_langchain.lifecycle.participants import NOBODY
from headroom_langchain.lifecycle.preparing import Preparation, work
from headroom_langchain.lifecycle.steps import acarried_out
from headroom_langchain.plan.deciding import Memory
from headroom_langchain.plan.pipeline import Plan
from headroom_langchain.reports.report import BlockReport
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.dialect import Dialect, Request
from headroom_langchain.serve.wire.body import Body, Json

_THREAD_WORTH: Final = 262_144
"""Bytes of a body from which the event loop is spared reading it."""
_REMEMBERED: Final = 16 * 2**20
"""Characters of texts whose excerpts are remembered: a server is to stay small."""
_SEARCHED: Final = 2**20
"""Characters of originals that stay ready to be searched, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for all requests of a server."""

    policy: CompressionPolicy
    store: CCRStore
    memory: Memory = field(default_factory=lambda: Memory(max_size=_REMEMBERED))
    """What was found out about texts in earlier requests."""
    indexes: RememberedIndexes = field(
        default_factory=lambda: RememberedIndexes(max_characters=_SEARCHED)
    )
    """Originals that were searched lately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request that was read."""

    request: Request
    given: Json
    """The body as the client wrote it."""
    body: bytes
    """What goes upstream: the client's own bytes, where nothing is changed."""
    changed: bool
    """Whether it is another than the client's."""
    notes: Notes
    blocks: tuple[BlockReport, ...] = ()
    warnings: tuple[str, ...] = ()
    """What went wrong without harm."""
    answering: Answering | None = None
    """Answers the model; `None` when it is not offered the retrieve tool."""


async def prepare(
    raw: bytes, dialect: Dialect, rules: Rules, namespace: str
) -> Prepared | None:
    """Read a request, compress its texts, and offer the retrieve tool.

    Returns:
        The request, or `None` when it is not understood and goes out as it is.
    """
    large = len(raw) >= _THREAD_WORTH
    body = await asyncio.to_thread(Body.of, raw) if large else Body.of(raw)
    request = None if body is None else dialect.read(body, rules.policy)
    if body is None or request is None:
        return None
    plain = Prepared(
        request=request,
        given=body.value,
        body=raw,
        changed=False,
        notes=Notes(rules.store, namespace),
    )
    return await _compressed(plain, rules, namespace) if request.able else plain


async def _compressed(plain: Prepared, rules: Rules, namespace: str) -> Prepared:
    request, notes, raw, policy = plain.request, plain.notes, plain.body, rules.policy
    redeemable = policy.retrieval and policy.offer != "never"
    found = await notes.aget(request.wanted) if request.wanted else {}
    preparation = Preparation(
        lifecycle=NOBODY.begin("compress", namespace, fixed=True),
        plan=partial(Plan, policy=policy, redeemable=redeemable, memory=rules.memory),
        run=work,
        store=rules.store,
        namespace=namespace,
    )
    messages = list(request.messages(found))
    done = await acarried_out(preparation.steps(messages))
    compressed = done.compressed
    if any(block.skipped is None for block in compressed.blocks):
        request.shorten(compressed.messages)
    offered = redeemable and bool(
        compressed.originals or request.known or policy.offer == "always"
    )
    if offered:
        if policy.replay != "never" and (past := request.past):
            request.restore(await notes.aget(past), policy.replay)
        request.offer()
    large = len(raw) >= _THREAD_WORTH
    body = await asyncio.to_thread(request.written) if large else request.written()
    return replace(
        plain,
        body=body,
        changed=body is not raw,
        blocks=compressed.blocks,
        warnings=done.notes,
        answering=Answering(
            originals={original.key: original for original in compressed.originals},
            known=tuple(request.known),
            store=rules.store,
            namespace=namespace,
            max_tokens=policy.max_retrieval_tokens,
            max_round_tokens=policy.max_round_tokens,
            read=rules.indexes,
        )
        if offered
        else None,
    )
