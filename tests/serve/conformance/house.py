"""All that stands between a client and the model: the application, and its upstream."""

from __future__ import annotations

from typing import Any, Final

from upstreams import StrictUpstream
from upstreams.stage import Sent, Stage

from conformance.seamless import is_seamless
from conformance.speakers import SPEAKERS
from conformance.speaking import Speaker
from headroom_langchain.serve import Limits, Upstreams, create_app

IN_TIME: Final = 10.0
"""Seconds after which something that must happen has not happened."""


class House:
    """An application on a stage, in front of a strict upstream."""

    def __init__(self, upstream: StrictUpstream, stage: Stage) -> None:
        """Put up servers that are already running."""
        self.upstream, self.stage = upstream, stage
        self.own_tool = False
        """Whether the client declares a tool of that name itself."""
        self.refusals = 0
        """How many malformed requests the test sends."""
        self._speakers: dict[str, Speaker] = {}

    @property
    def url(self) -> str:
        """What clients take for the address of the provider."""
        return self.stage.url

    @property
    def sent(self) -> list[Sent]:
        """What clients were sent."""
        return self.stage.sent

    def serve(self, **settings: Any) -> None:
        """Put on an application."""
        self.stage.take_off()
        address = self.upstream.url
        upstreams = Upstreams(anthropic=address, openai=f"{address}/v1")
        settings = {"limits": Limits(heartbeat=5.0), **settings}
        self.stage.put_on(create_app(upstreams=upstreams, **settings))

    def speaker(self, name: str) -> Speaker:
        """Return a client of the application."""
        if name not in self._speakers:
            self._speakers[name] = SPEAKERS[name](self.url)
        return self._speakers[name]

    def open(self) -> None:
        """Begin a test."""
        self.own_tool, self.refusals = False, 0
        self.upstream.reset()
        self.serve()

    def close(self) -> None:
        """End a test: no turn was malformed, and all answers were seamless."""
        sent = self.sent
        assert all(one.over.wait(IN_TIME) for one in sent)
        self.stage.take_off()
        assert len(self.upstream.refused) == self.refusals, self.upstream.refused
        assert self.own_tool or all(
            is_seamless(one) for one in sent if one.status == 200
        )
