"""What goes wrong on the wire is what the provider's own client makes of it."""

from __future__ import annotations

import threading

import pytest
from clients import CLIENTS, sockets
from talks import WAYS, Way, history, original

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.errors import RetrievalTimeoutError
from headroom_langchain.testing.servers import Break, Failure, Hold, Reply, ToolUse

ASK = Reply(
    text="Look.",
    tool_calls=(
        ToolUse(name="headroom_retrieve", args={"hash": content_key(original("ann"))}),
    ),
)
FAULTS: dict[str, Failure | Reply] = {
    "429": Failure(status=429, message="slow down", headers={"retry-after": "0"}),
    "500": Failure(status=500, message="sorry"),
    "cut": Reply(text="one two three four", breaks=Break(after=3, how="cut")),
    "error": Reply(text="one two three four", breaks=Break(after=3, how="error")),
}


async def raised(way: Way, model: object) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the question
        await way(model, history("ann"))
    return caught.value


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize("client", sorted(CLIENTS))
async def test_a_fault_on_the_wire_raises_what_the_bare_client_raises(
    client: str, fault: str, way: Way, nothing_left: None
) -> None:
    """In the first round and in a hidden one, with nothing added and nothing left."""
    broken = FAULTS[fault]
    if isinstance(broken, Reply) and way.__name__.endswith("invoked"):
        pytest.skip("an answer that is not streamed does not break in its middle")
    server_class, make = CLIENTS[client]
    before = sockets()
    with server_class([broken, broken, ASK, broken]) as server:
        bare = await raised(way, make(server.url))
        for rounds in (1, 2):
            model = HeadroomChatModel(make(server.url))
            error = await raised(way, model)
            assert type(error) is type(bare)
            assert str(error) == str(bare)
            assert not hasattr(error, "__notes__")
            assert model.report is not None
            assert model.report.rounds == rounds
            (note,) = model.report.notes
            assert note.startswith(f"round {rounds} was not finished: ")
    assert sockets() == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("client", sorted(CLIENTS))
async def test_a_hidden_round_that_takes_too_long_ends(
    client: str, way: Way, nothing_left: None
) -> None:
    """The caller gets an error of its own, the provider's connection is closed."""
    server_class, make = CLIENTS[client]
    never = threading.Event()
    waits = way.__name__.startswith("a")
    # A blocking call is not interrupted: it notices when something is handed over.
    hold = Hold(after=2, until=never) if waits else None
    policy = CompressionPolicy(round_timeout=0.1 if waits else 1e-9)
    before = sockets()
    with server_class([ASK, Reply(text="one two three", hold=hold)]) as server:
        model = HeadroomChatModel(make(server.url), policy=policy)
        error = await raised(way, model)
    assert isinstance(error, RetrievalTimeoutError)
    assert model.report is not None
    assert model.report.rounds == 2
    assert model.report.notes == (
        f"round 2 was not finished: RetrievalTimeoutError: {error}",
    )
    assert sockets() == before


@pytest.mark.parametrize("client", sorted(CLIENTS))
async def test_the_time_of_the_first_round_is_the_callers_affair(
    client: str, nothing_left: None
) -> None:
    """However short the time of a hidden round is, the first is not limited."""
    server_class, make = CLIENTS[client]
    with server_class([Reply(text="one two three")]) as server:
        policy = CompressionPolicy(round_timeout=1e-9)
        model = HeadroomChatModel(make(server.url), policy=policy)
        assert (await model.ainvoke(history("ann"))).text == "one two three"
