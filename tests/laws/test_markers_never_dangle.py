"""Every marker that a model sees can be redeemed in that very call.

The caller's history has the originals, so whatever becomes of a store between two
turns, or within one, a wrapped model that asks for a key gets its lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from conversations import called
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    messages_from_dict,
    messages_to_dict,
)
from langchain_core.stores import InMemoryByteStore
from langgraph.store.memory import InMemoryStore
from outputs import MAKERS
from ways import WAYS, Ask

from headroom_langchain import (
    ByteStoreCCRStore,
    CCRStore,
    CompressionPolicy,
    HeadroomChatModel,
    InMemoryCCRStore,
    LangGraphCCRStore,
    Original,
    SqliteCCRStore,
)
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME, marked_keys
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.structure.passages import read_document
from headroom_langchain.testing import Call, ScriptedChatModel, Turn

ANSWERED: Final = "That is all."
LINES: Final = 3
TTL: Final = 100.0
POLICY: Final = CompressionPolicy(max_round_tokens=100_000)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        """Start at a time that is no special one."""
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


Opens = Callable[[Path, int, Clock], CCRStore]
"""Opens a store in a folder, with its bytes at most and a clock for its expiry."""

STORES: Mapping[str, Opens] = {
    "memory": lambda _, max_bytes, clock: InMemoryCCRStore(
        max_bytes=max_bytes, ttl=TTL, clock=clock
    ),
    "sqlite": lambda folder, max_bytes, clock: SqliteCCRStore(
        folder / "originals.db", max_bytes=max_bytes, ttl=TTL, clock=clock
    ),
    "langgraph": lambda _folder, _bytes, clock: LangGraphCCRStore(
        InMemoryStore(), ttl=TTL, clock=clock
    ),
    "bytes": lambda _folder, _bytes, clock: ByteStoreCCRStore(
        InMemoryByteStore(), ttl=TTL, clock=clock
    ),
}


@pytest.fixture(params=sorted(STORES), scope="module")
def opens(request: pytest.FixtureRequest) -> Opens:
    """What opens each kind of store in turn."""
    return STORES[request.param]


class Frail(CCRStore):
    """A store whose writes or reads fail when they are told to."""

    def __init__(self, store: CCRStore, broken: set[str]) -> None:
        """Stand in front of a store."""
        self.store, self.broken = store, broken

    def put_many(
        self, originals: Sequence[Original], *, namespace: str = "default"
    ) -> None:
        self._fail("put")
        self.store.put_many(originals, namespace=namespace)

    def get_many(
        self, keys: Sequence[str], *, namespace: str = "default"
    ) -> Mapping[str, Original]:
        self._fail("get")
        return self.store.get_many(keys, namespace=namespace)

    def close(self) -> None:
        self.store.close()

    def _fail(self, what: str) -> None:
        if what in self.broken:
            msg = f"cannot {what}"
            raise ConnectionError(msg)


def asks_for_all(messages: list[BaseMessage]) -> Turn:
    """A turn that asks for the original behind every marker in a request."""
    keys = dict.fromkeys(
        key for message in messages for key in marked_keys(str(message.content))
    )
    calls = (
        Call(name=RETRIEVE_TOOL_NAME, args={"hash": key, "lines": f"1-{LINES}"})
        for key in keys
    )
    return Turn(text="" if keys else "Nothing is hidden.", tool_calls=tuple(calls))


@dataclass(kw_only=True)
class World:
    """A conversation, the process that leads it, and its store."""

    opens: Opens
    folder: Path
    max_bytes: int
    clock: Clock = field(default_factory=Clock)
    broken: set[str] = field(default_factory=set)
    history: list[BaseMessage] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start the first process."""
        self.history.append(SystemMessage("You are of help."))
        self.start()

    def start(self) -> None:
        """Start a process, with a new model and a store that is opened anew."""
        opened = self.opens(self.folder, self.max_bytes, self.clock)
        self.store = Frail(opened, self.broken)
        self.inner = ScriptedChatModel(turns=[asks_for_all, ANSWERED] * 40)
        self.model = HeadroomChatModel(self.inner, store=self.store, policy=POLICY)

    def restart(self) -> None:
        """End the process; the conversation was written down."""
        self.store.close()
        written = json.dumps(messages_to_dict(self.history))
        self.history = messages_from_dict(json.loads(written))
        self.start()

    def expire(self) -> None:
        """Let the time pass after which a store forgets."""
        self.clock.now += TTL + 1

    def delete(self) -> None:
        """Delete all files of the store under the process."""
        for file in self.folder.iterdir():
            file.unlink()

    def fail(self, what: str) -> None:
        """Let the store's writes or reads fail from now on, or no longer."""
        self.broken ^= {what}

    def turn(self, ask: Ask, texts: Sequence[str]) -> int:
        """Ask something, with new tool results; returns how many markers there were.

        The model asks for every marker it sees, and must get each one's lines.
        """
        self.history.append(HumanMessage(f"Question {len(self.history)}?"))
        for text in texts:
            self.texts[content_key(text)] = text
            self.history += called(text, number=len(self.history))
        before = len(self.inner.requests)
        self.history.append(ask(self.model, self.history))
        seen, *rest = self.inner.requests[before:]
        calls = asks_for_all(list(seen.messages)).tool_calls
        if not calls:
            return 0
        told = [m.text for m in rest[-1].messages if isinstance(m, ToolMessage)]
        for call, answer in zip(calls, told[-len(calls) :], strict=True):
            self.check(str(dict(call.args)["hash"]), answer)  # type: ignore[arg-type] # a mapping, as made above
        return len(calls)

    def live(self, story: Iterable[tuple[Any, ...]]) -> None:
        """Let things happen: each is the name of a method, and its arguments."""
        for step, *arguments in story:
            getattr(self, step)(*arguments)

    def check(self, key: str, answer: str) -> None:
        """Check that an answer has the first lines of the original."""
        document = read_document(self.texts[key])
        assert key in answer
        for at in range(min(LINES, len(document.lines))):
            assert document.line(at)[:60] in answer


results = st.tuples(st.sampled_from(sorted(MAKERS)), st.integers(60, 200)).map(
    lambda drawn: f"{MAKERS[drawn[0]](drawn[1])}\nnumber {drawn[1]}"
)
steps = st.one_of(
    st.tuples(st.just("turn"), st.sampled_from(WAYS), st.lists(results, max_size=2)),
    st.tuples(st.sampled_from(["restart", "expire", "delete"])),
    st.tuples(st.just("fail"), st.sampled_from(["put", "get"])),
)


@settings(deadline=None, max_examples=30)
@given(
    max_bytes=st.sampled_from([3_000, 30_000, 10**9]),
    story=st.lists(steps, max_size=8),
    last=st.sampled_from(WAYS),
)
def test_markers_never_dangle(
    opens: Opens, max_bytes: int, story: Sequence[tuple[Any, ...]], last: Ask
) -> None:
    """Through restarts, evictions, expiries and failures each marker is redeemed."""
    with TemporaryDirectory() as folder:
        world = World(opens=opens, folder=Path(folder), max_bytes=max_bytes)
        assert world.turn(WAYS[0], [MAKERS["logs"](120)]) == 1
        world.live(story)
        assert world.turn(last, []) >= 1
        world.store.close()


ACCIDENTS: Mapping[str, Sequence[tuple[str, ...]]] = {
    "nothing": [],
    "a restart": [("restart",)],
    "expiry": [("expire",)],
    "a deleted file": [("delete",)],
    "a deleted file and a restart": [("delete",), ("restart",)],
    "a store that cannot be written": [("fail", "put")],
    "a store that cannot be read": [("fail", "get")],
}


@pytest.mark.parametrize("accident", ACCIDENTS)
@pytest.mark.parametrize("max_bytes", [10_000, 10**9], ids=["evicting", "roomy"])
@pytest.mark.parametrize("ask", WAYS)
def test_no_accident_between_turns_matters(
    opens: Opens, tmp_path: Path, ask: Ask, max_bytes: int, accident: str
) -> None:
    """Whatever befalls a store, markers old and new are redeemed in the next call."""
    world = World(opens=opens, folder=tmp_path, max_bytes=max_bytes)
    assert world.turn(ask, [MAKERS["logs"](150), MAKERS["search"](150)]) == 2
    world.live(ACCIDENTS[accident])
    assert world.turn(ask, [MAKERS["table"](150)]) == 3
    report = world.model.report
    assert report is not None
    assert any("cannot put" in note for note in report.notes) == ("put" in world.broken)
    world.store.close()
