"""Results that agents share by name, hash and excerpt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from teams import BACKENDS, KEY, LOG, NEEDLE, REPORT, fresh_prefix, opened

from headroom_langchain import AtRest, CompressionPolicy, compress_text
from headroom_langchain.ccr.marker import marked_keys
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.errors import ConfigurationError, StoreError
from headroom_langchain.shared_context import SharedContext


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("name", BACKENDS)
async def test_agents_share_through_any_store(name: str, tmp_path: Path) -> None:
    """What one puts another gets to the last byte, finds, and may forget."""
    prefix = fresh_prefix()
    async with opened(name, tmp_path) as store:
        one, other = (SharedContext(store, prefix=prefix) for _ in range(2))
        put = await one.aput("log", LOG, agent="ops", description="of the workers")
        odd = "\ud800\0 Ä\r\n"
        await one.aput("odd.name Ä", odd, agent="\ud801")
        assert await other.areference("log") == put
        assert await other.aget("log") == LOG
        assert await other.aget(put) == LOG
        assert await other.aget("odd.name Ä") == odd
        names = [reference.name for reference in await other.areferences()]
        assert names == ["log", "odd.name Ä"]
        (found,) = await other.asearch("worker 3 253 ms")
        assert found.name == "log"
        assert NEEDLE in found.text
        await other.adelete("log")
        assert await one.aget("log") is None
        assert await one.areference("log") is None
        assert await one.aget(put) is None
        await one.aclear()
        assert (await one.astats()).results == 0


@pytest.mark.parametrize("name", BACKENDS)
async def test_no_namespace_is_part_of_another(name: str, tmp_path: Path) -> None:
    """Names that begin alike, and names with dots, are names of different teams."""
    prefix = fresh_prefix()
    async with opened(name, tmp_path) as store:
        teams = [
            SharedContext(store, prefix=prefix, namespace=team)
            for team in ("a", "ab", "a.b", "")
        ]
        for number, shared in enumerate(teams):
            await shared.aput("log", f"{number}")
        for number, shared in enumerate(teams):
            (only,) = await shared.areferences()
            assert await shared.aget(only) == f"{number}"


@pytest.mark.parametrize("name", ["memory", "sqlite"])
async def test_sync_and_async_agree(name: str, tmp_path: Path) -> None:
    """Each method has a twin that does the same."""
    async with opened(name, tmp_path) as store:
        shared = SharedContext(store, clock=Clock())
        put = shared.put("log", LOG, agent="ops")
        assert await shared.aput("log", LOG, agent="ops") == put
        assert shared.reference("log") == await shared.areference("log") == put
        assert shared.references() == await shared.areferences() == [put]
        assert shared.get("log") == await shared.aget("log") == LOG
        found = shared.search("worker 3 253 ms", name="log")
        assert found == await shared.asearch("worker 3 253 ms", name="log")
        assert shared.stats() == await shared.astats()
        shared.delete("log")
        assert await shared.aget("log") is None


def test_a_reference_is_small_and_says_what_it_is() -> None:
    """There is an excerpt with a marker, and the figures of both texts."""
    shared = SharedContext(InMemoryStore())
    made = shared.put("log", LOG, agent="ops", description="what the workers did")
    assert made.key == KEY
    assert marked_keys(made.excerpt) == [KEY]
    assert made.kind == "logs"
    assert "lines" in made.omitted
    assert made.tokens_after < made.tokens_before / 4
    assert made.text.startswith('Shared result "log" of ops: what the workers did\n')
    small = shared.put("note", "All is well.")
    assert (small.excerpt, small.omitted) == ("All is well.", "")
    assert small.text == 'Shared result "note"\nAll is well.'


def test_a_description_decides_what_is_shown() -> None:
    """Lines that the description is about are in the excerpt."""
    shared = SharedContext(InMemoryStore())
    assert NEEDLE in shared.put("log", LOG, description="253 ms").excerpt
    assert NEEDLE not in shared.put("log", LOG, description="the workers").excerpt


def test_a_policy_decides_about_excerpts() -> None:
    """The rules are those of the tool that a result is said to be of."""
    policy = CompressionPolicy(exclude_tools=("wiki",))
    shared = SharedContext(InMemoryStore(), policy=policy)
    assert shared.put("log", LOG, tool="wiki").excerpt == LOG
    assert marked_keys(shared.put("log", LOG).excerpt) == [KEY]


def test_what_was_only_rewritten_is_kept() -> None:
    """Also where the excerpt has everything, all of it can be got as it was."""
    table = "[" + ",\n ".join(f'{{"id": {n}, "name": "n"}}' for n in range(90)) + "]"
    shared = SharedContext(InMemoryStore())
    made = shared.put("table", table)
    assert made.excerpt == compress_text(table).text != table
    assert shared.get("table") == table


@settings(deadline=None, max_examples=25)
@given(
    name=st.text(st.characters(), max_size=20),
    text=st.text(st.characters(), max_size=100),
    times=st.integers(0, 100),
)
def test_anything_can_be_shared(name: str, text: str, times: int) -> None:
    """Any text under any name comes back, and so does its reference."""
    shared = SharedContext(InMemoryStore())
    content = text * times
    made = shared.put(name, content, agent=text, description=text)
    assert shared.get(name) == content
    assert shared.references() == [made]


def test_a_name_stands_for_the_last_content() -> None:
    """Putting again replaces; the old reference still leads to the old content."""
    shared = SharedContext(InMemoryStore())
    old = shared.put("log", LOG)
    shared.put("log", REPORT)
    assert shared.get("log") == REPORT
    assert shared.get(old) == LOG
    assert len(shared.references()) == 1


def test_a_content_under_two_names_is_kept_for_both() -> None:
    """Forgetting one name leaves the content to the other."""
    shared = SharedContext(InMemoryStore())
    shared.put("one", LOG)
    shared.put("two", LOG)
    shared.delete("one")
    assert shared.get("one") is None
    assert shared.get("two") == LOG
    shared.delete("two")
    assert shared.store.get(KEY) is None
    shared.delete("two")


def test_results_expire() -> None:
    """A name is gone after its time, what an excerpt leaves out somewhat later."""
    clock = Clock()
    shared = SharedContext(InMemoryStore(), ttl=100, clock=clock)
    made = shared.put("log", LOG)
    clock.now += 50
    shared.put("note", "All is well.")
    clock.now += 49
    assert shared.get("log") == LOG
    clock.now += 1
    assert shared.get("log") is None
    assert shared.reference("log") is None
    assert [reference.name for reference in shared.references()] == ["note"]
    assert shared.search("worker") == []
    assert shared.get(made) == LOG
    clock.now += 1000
    assert shared.store.get(KEY) is None
    assert shared.stats().results == 0


class Expiring(InMemoryStore):
    """A store that can expire items, and writes down when."""

    supports_ttl = True

    def __init__(self) -> None:
        super().__init__()
        self.minutes: list[Any] = []

    def batch(self, ops: Any) -> Any:
        done = list(ops)
        self.minutes += [op.ttl for op in done if hasattr(op, "ttl")]
        return super().batch(done)


@pytest.mark.parametrize(
    ("ttl", "minutes"),
    [(90, [2, 2, 2]), (3600, [75, 75, 60]), (None, [None, None, None])],
)
def test_stores_that_expire_are_told(ttl: float | None, minutes: list[Any]) -> None:
    """Whole minutes reach the store, for the content's two items and the name."""
    store = Expiring()
    SharedContext(store, ttl=ttl).put("log", LOG)
    assert store.minutes == minutes


def test_a_time_to_live_must_be_one() -> None:
    """A `ttl` that is not positive is refused, and so is a place that is none."""
    with pytest.raises(ConfigurationError, match="ttl"):
        SharedContext(InMemoryStore(), ttl=0)
    with pytest.raises(ConfigurationError, match="prefix"):
        SharedContext(InMemoryStore(), prefix=("a.b",))
    assert SharedContext(InMemoryStore(), ttl=1e300).put("a", "b").name == "a"


def test_namespaces_separate() -> None:
    """Who shares is said once, or by the configuration of a call."""
    store = InMemoryStore()
    one, other = SharedContext(store, namespace="a"), SharedContext(store)
    one.put("log", LOG)
    assert other.get("log") is None
    assert other.references() == []
    assert other.search("worker") == []
    config: Any = {"configurable": {"headroom_namespace": "a"}}
    get: Runnable[str, str] = RunnableLambda(lambda name: str(other.get(name)))
    assert get.invoke("log", config) == LOG
    assert get.invoke("log") == "None"


def test_excerpts_are_encrypted_like_contents() -> None:
    """With a cipher nothing that was shared stands in the store in clear."""
    store = InMemoryStore()
    at_rest = AtRest(cipher=Fernet(Fernet.generate_key()))
    shared = SharedContext(store, at_rest=at_rest)
    shared.put("log", LOG, agent="operations")
    written = str(store._data)
    assert "INFO" not in written
    assert "operations" not in written
    assert shared.get("log") == LOG
    with pytest.raises(StoreError, match="cipher"):
        SharedContext(store).get("log")


@pytest.mark.parametrize("value", [{}, {"data": 3}, {"data": "!"}, {"data": "AHt9"}])
def test_what_is_no_reference_is_not_there(value: dict[str, Any]) -> None:
    """Items that something else wrote are passed over."""
    store = InMemoryStore()
    shared = SharedContext(store)
    shared.put("log", LOG)
    place = ("headroom", "shared", "names", "default")
    written = store.get(place, "log")
    assert written is not None
    store.put((*place, "deeper"), "log", written.value)
    assert len(shared.references()) == 1
    store.put(place, "other", written.value)
    assert shared.reference("other") is None
    store.put(place, "log", value)
    assert shared.reference("log") is None
    assert shared.references() == []


class Broken(InMemoryStore):
    """A store that cannot be reached."""

    def batch(self, ops: Any) -> Any:
        msg = "no route to host"
        raise OSError(msg)

    async def abatch(self, ops: Any) -> Any:
        return self.batch(ops)


async def test_a_store_that_fails_is_told() -> None:
    """Sharing is asked for, so that what cannot be shared is an error."""
    shared = SharedContext(Broken())
    with pytest.raises(StoreError, match="no route"):
        shared.put("log", LOG)
    with pytest.raises(StoreError, match="no route"):
        await shared.aput("log", LOG)
    with pytest.raises(StoreError, match="no route"):
        shared.get("log")


@pytest.fixture
def several() -> SharedContext:
    """Three results, two of which say something of road 77."""
    store: BaseStore = InMemoryStore()
    shared = SharedContext(store)
    shared.put("log", LOG)
    shared.put("report", REPORT)
    shared.put("note", "Road 77 is closed.")
    return shared


def test_a_search_names_the_results_that_match(several: SharedContext) -> None:
    """Those that match best come first, those that do not match are left out."""
    found = several.search("the budget of road")
    assert [passages.name for passages in found] == ["report", "note"]
    assert "the budget of road" in found[0].text
    assert several.search("zebra") == []
    assert several.search("road", name="nothing") == []
    (only,) = several.search("road 77", name="note")
    assert (only.name, only.key) == ("note", content_key("Road 77 is closed."))


def test_expressions_and_paths_find_too(several: SharedContext) -> None:
    """A query may be a regular expression or a JSON path."""
    assert [one.name for one in several.search(r"/road 7+\b/")] == ["report", "note"]
    several.put("json", '{"roads": [{"id": 1, "open": true}, {"id": 2}]}')
    (found,) = several.search("$.roads[1].id")
    assert found.name == "json"
    with pytest.raises(ConfigurationError, match="query"):
        several.search(" ")
    with pytest.raises(ConfigurationError):
        several.search("/(/")
    with pytest.raises(ConfigurationError, match="max_tokens"):
        several.search("road", max_tokens=10)


def test_passages_keep_to_their_budget() -> None:
    """Over many results there are at most five passages, together no longer."""
    shared = SharedContext(InMemoryStore())
    for number in range(9):
        shared.put(f"{number}", f"{REPORT}\n\nFile {number}.")
    few = shared.search("budget", max_tokens=200)
    many = shared.search("budget", max_tokens=2000)
    assert (len(few), len(many)) == (2, 5)
    assert len("".join(one.text for one in few)) < 200 * 6


def test_figures_add_up(several: SharedContext) -> None:
    """The figures are the sums of those of the references."""
    stats = several.stats()
    references = several.references()
    assert stats.results == 3
    assert stats.tokens_before == sum(one.tokens_before for one in references)
    assert stats.tokens_saved == stats.tokens_before - stats.tokens_after > 0
    several.clear()
    assert several.references() == []
    assert several.store.get(KEY) is None
