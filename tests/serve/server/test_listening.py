"""The socket that requests come in by."""

from __future__ import annotations

import pytest

from headroom_langchain.errors import ConfigurationError
from headroom_langchain.serve.server.listening import (
    address_of,
    is_loopback,
    listen,
)


def test_a_port_that_is_taken_is_told_with_the_remedy() -> None:
    """Who listens where somebody listens is told to take another port."""
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            ConfigurationError, match=rf"port {port} .* in use: .*--port"
        ):
            listen("127.0.0.1", port)


def test_a_port_is_free_once_its_server_has_ended() -> None:
    """A server can be started again at once."""
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
    with listen("127.0.0.1", port) as second:
        assert address_of(second) == f"http://127.0.0.1:{port}"


def test_an_address_of_nobody_here_is_refused() -> None:
    """A host that is not this machine's cannot be listened on."""
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_an_address_for_all_is_told_as_one_that_leads_here() -> None:
    """Nobody can connect to 0.0.0.0, so it is not told to anybody."""
    with listen("0.0.0.0", 0) as listener:  # noqa: S104 - that is what is tested
        assert address_of(listener).startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - only asked about
        ("::", False),
        ("192.0.2.1", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_what_only_this_machine_reaches(host: str, *, alone: bool) -> None:
    """Only addresses of loopback and `localhost` count as this machine alone."""
    assert is_loopback(host) is alone
