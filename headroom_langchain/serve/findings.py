"""What is found out about a request while it is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headroom_langchain.reports.report import BlockReport, RetrievalReport
from headroom_langchain.serve.client import Client
from headroom_langchain.serve.handled import Handled, Outcome
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.problems import Problem


@dataclass(slots=True, kw_only=True)
class Findings:
    """What is found out about a request while it is served."""

    dialect: str = ""
    namespace: str = ""
    model: str = ""
    stream: bool = False
    outcome: Outcome = "ok"
    problem: Problem | None = None
    """What the client was told that went wrong."""
    rounds: int = 1
    blocks: tuple[BlockReport, ...] = ()
    retrievals: Sequence[RetrievalReport] = ()
    """Growing while the request is served."""
    usage: Json | None = None
    notes: list[str] = field(default_factory=list)

    def handled(self, client: Client) -> Handled:
        """Return what is known when the request is over."""
        failed = self.problem is not None and self.outcome == "ok"
        return Handled(
            id=client.id,
            at=client.at,
            method=client.method,
            path=client.path,
            dialect=self.dialect,
            namespace=self.namespace,
            model=self.model,
            stream=self.stream,
            status=client.status,
            outcome="failed" if failed else self.outcome,
            problem=self.problem.message if self.problem else "",
            seconds=client.seconds,
            first_byte=client.first_byte,
            bytes_in=client.bytes_in,
            bytes_out=client.bytes_out,
            rounds=self.rounds,
            blocks=self.blocks,
            retrievals=tuple(self.retrievals),
            usage=self.usage,
            notes=tuple(self.notes),
        )
