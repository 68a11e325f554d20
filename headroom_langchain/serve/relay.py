"""Requests are passed on to providers: read where that can save something, else unread.

Whatever goes wrong while a request is read, it is passed on as it came.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from headroom_langchain.accounts.bookkeeping import akeep_figures
from headroom_langchain.accounts.outside import compressed_totals, retrieved_totals
from headroom_langchain.reports.report import CallReport
from headroom_langchain.serve.client import Client, Refused
from headroom_langchain.serve.dialects.dialect import Dialect
from headroom_langchain.serve.findings import Findings
from headroom_langchain.serve.hooks import wants_stream
from headroom_langchain.serve.routing import route
from headroom_langchain.serve.settings import Limits
from headroom_langchain.serve.tenants import tenant
from headroom_langchain.serve.turn.asking import Asking
from headroom_langchain.serve.turn.passing import pass_on, pass_on_watched
from headroom_langchain.serve.turn.preparing import Prepared, Rules, prepare
from headroom_langchain.serve.turn.rounds import Rounds
from headroom_langchain.serve.turn.turn import Turn
from headroom_langchain.serve.upstream import Incoming, Outgoing, Upstream
from headroom_langchain.serve.wire.headers import for_upstream
from headroom_langchain.serve.wire.problems import Problem, Provider

_log: Final = logging.getLogger("headroom_langchain.serve")
_OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Answers requests by asking upstreams."""

    upstreams: Mapping[Provider, Upstream]
    rules: Rules
    limits: Limits
    namespace: str | None = None
    """The tenant of all requests; `None` for one for each credential."""

    async def serve(self, client: Client, findings: Findings) -> None:
        """Answer a request.

        Raises:
            Refused: It is not served.
            Left: The client has left.
            UpstreamError: The upstream cannot be reached, or broke off.
        """
        where = route(client.method, client.path, client.headers)
        upstream = self.upstreams[where.provider]
        if where.dialect is None:
            await self._unread(client, upstream, findings)
        else:
            await self._read(client, upstream, where.dialect, findings)

    async def _unread(
        self, client: Client, upstream: Upstream, findings: Findings
    ) -> None:
        findings.stream = wants_stream(None, client.headers)
        await client.begin(findings.dialect, findings.model, findings.stream)
        outgoing = _outgoing(client, await client.content())
        async with _opened(upstream, outgoing) as incoming:
            await pass_on(client, incoming)

    async def _read(
        self, client: Client, upstream: Upstream, dialect: Dialect, findings: Findings
    ) -> None:
        findings.dialect = dialect.name
        raw = await client.body()
        findings.namespace = self.namespace or tenant(client.headers)
        prepared = await self._prepared(raw, dialect, findings)
        given = None if prepared is None else prepared.given
        findings.stream = wants_stream(given, client.headers)
        await client.begin(findings.dialect, findings.model, findings.stream)
        outgoing = _outgoing(client, raw, prepared)
        async with _opened(upstream, outgoing) as incoming:
            if prepared is None:
                await pass_on(client, incoming)
                return
            if prepared.answering is None or incoming.status != _OK:
                findings.problem = await pass_on_watched(
                    client, incoming, dialect, prepared
                )
            else:
                asking = Asking(
                    request=prepared.request,
                    dialect=dialect,
                    answering=prepared.answering,
                    upstream=upstream,
                    first=outgoing,
                    incoming=incoming,
                    timeout=self.rules.policy.round_timeout,
                )
                await self._turn(client, prepared, dialect, asking, findings)
        await client.end()
        await self._book(prepared, findings)

    async def close(self) -> None:
        """Let go of all upstreams."""
        for upstream in self.upstreams.values():
            await upstream.close()

    async def _prepared(
        self, raw: bytes, dialect: Dialect, findings: Findings
    ) -> Prepared | None:
        try:
            prepared = await prepare(raw, dialect, self.rules, findings.namespace)
        except Exception as error:  # noqa: BLE001 - fail open: it goes out as it came
            _log.exception("a request was passed on as it came")
            # Not what it says: that may be a text of the request.
            findings.notes.append(f"not compressed: {type(error).__name__}")
            return None
        if prepared is not None:
            findings.model = prepared.request.model
            findings.blocks = prepared.blocks
            findings.notes += prepared.warnings
            if prepared.answering is not None:
                findings.retrievals = prepared.answering.reports
        return prepared

    async def _turn(
        self,
        client: Client,
        prepared: Prepared,
        dialect: Dialect,
        asking: Asking,
        findings: Findings,
    ) -> None:
        turn = Turn(
            client,
            prepared.request,
            dialect,
            asking=asking,
            notes=prepared.notes,
            rounds=Rounds(self.rules.policy.max_rounds),
            heartbeat=self.limits.heartbeat,
            findings=findings,
        )
        try:
            await turn.run()
        finally:
            await asking.close()

    async def _book(self, prepared: Prepared, findings: Findings) -> None:
        """Write what was saved into the book of the store, if it has one."""
        roles = self.rules.policy.roles
        blocks = tuple(block for block in findings.blocks if block.role in roles)
        if not blocks:
            return
        figures = compressed_totals(blocks)
        if findings.retrievals:
            after = sum(block.tokens_after for block in prepared.blocks)
            resent = (findings.rounds - 1) * after
            figures += retrieved_totals(findings.retrievals, resent)
            figures = replace(figures, calls=1)
        report = CallReport(
            blocks=blocks,
            retrievals=tuple(findings.retrievals),
            model=findings.model,
            figures=figures,
        )
        store, namespace = self.rules.store, findings.namespace
        if failed := await akeep_figures(store, report, namespace=namespace):
            findings.notes.append(failed)


def _outgoing(
    client: Client,
    body: bytes | AsyncIterator[bytes],
    prepared: Prepared | None = None,
) -> Outgoing:
    reads = prepared is not None and prepared.answering is not None
    changed = prepared is not None and prepared.changed
    try:
        headers = for_upstream(client.headers, read=reads, changed=changed)
    except ValueError as error:
        raise Refused(Problem(status=400, message=str(error))) from error
    return Outgoing(
        method=client.method,
        target=client.target,
        headers=headers,
        body=prepared.body if prepared is not None else body,
    )


@asynccontextmanager
async def _opened(upstream: Upstream, outgoing: Outgoing) -> AsyncIterator[Incoming]:
    incoming = await upstream.open(outgoing)
    try:
        yield incoming
    finally:
        await incoming.close()
