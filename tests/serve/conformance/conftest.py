"""A house for every test, and the clients it is tried with."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from upstreams import StrictUpstream
from upstreams.stage import Stage

from conformance.house import House
from conformance.speakers import SPEAKERS
from conformance.speaking import How, Speaker


@pytest.fixture(scope="session")
def _servers() -> Iterator[House]:
    # Client, application and upstream are threads that wait for one another.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    with StrictUpstream() as upstream, Stage() as stage:
        yield House(upstream, stage)
    sys.setswitchinterval(interval)


@pytest.fixture
def house(_servers: House) -> Iterator[House]:
    """An application in front of an upstream that has seen nothing."""
    _servers.open()
    yield _servers
    _servers.close()


@pytest.fixture
def upstream(house: House) -> StrictUpstream:
    """The upstream behind the application."""
    return house.upstream


@pytest.fixture(params=["chat", "messages", "replayed"])
def client(request: pytest.FixtureRequest, house: House) -> Speaker:
    """A client of each protocol in turn."""
    return house.speaker(request.param)


@pytest.fixture(params=sorted(SPEAKERS))
def speaker(request: pytest.FixtureRequest, house: House) -> Speaker:
    """Each client in turn, and each of the ways in which it goes on."""
    return house.speaker(request.param)


@pytest.fixture(params=["stream", "whole"])
def how(request: pytest.FixtureRequest) -> How:
    """As a stream, and in one piece."""
    chosen: How = request.param
    return chosen
