"""What one store exports, any store imports; a damaged file brings nothing."""

from __future__ import annotations

import os
import re
import stat
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom_langchain import CCRStore, InMemoryCCRStore, Original, SqliteCCRStore
from headroom_langchain.ccr.store.at_rest import AtRest
from headroom_langchain.errors import StoreError

any_text = st.text(st.characters(exclude_categories=()), max_size=40)
originals = st.builds(Original.of, any_text, kind=any_text, tool=st.none() | any_text)
placed = st.lists(st.tuples(any_text, originals), max_size=8)

LOG = Original.of("a line\r\nand\u2028another\0\ud800", kind="logs", tool="shell")
TABLE = Original.of("a,b\n" * 30, kind="csv")


def filled(*kept: tuple[str, Original]) -> InMemoryCCRStore:
    """A store that holds originals in their namespaces."""
    store = InMemoryCCRStore()
    for namespace, original in kept:
        store.put(original, namespace=namespace)
    return store


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a file with two originals."""
    path = tmp_path / "originals.jsonl"
    assert filled(("ann", LOG), ("bob", TABLE)).export_to(path) == 2
    return path


@settings(deadline=None, max_examples=60)
@given(kept=placed)
@example(kept=[("\ud800\udc00", Original.of("\ud83d\ude00", kind="\U0001f600"))])
def test_whatever_is_exported_is_imported(kept: list[tuple[str, Original]]) -> None:
    """Any content, namespace, kind and tool arrives in another kind of store."""
    before = filled(*kept)
    with TemporaryDirectory() as folder, SqliteCCRStore(Path(folder) / "o.db") as after:
        path = Path(folder) / "archive"
        count = before.export_to(path)
        assert after.import_from(path) == count == before.stats().originals
        for namespace, original in kept:
            expected = before.get(original.key, namespace=namespace)
            assert after.get(original.key, namespace=namespace) == expected
        assert after.stats().originals == count


def test_importing_twice_does_no_harm(archive: Path) -> None:
    """What is there already stays as it is."""
    store = InMemoryCCRStore()
    assert [store.import_from(archive) for _ in range(2)] == [2, 2]
    assert store.stats().originals == 2


def test_one_namespace_is_exported_alone(tmp_path: Path) -> None:
    """A tenant takes away what is his own."""
    path = tmp_path / "ann"
    assert filled(("ann", LOG), ("bob", TABLE)).export_to(path, namespace="ann") == 1
    store = InMemoryCCRStore()
    store.import_from(path)
    assert [entry.namespace for entry in store.entries()] == ["ann"]


def test_what_is_encrypted_at_rest_is_exported_in_clear(tmp_path: Path) -> None:
    """The file can be imported by a store with other settings."""
    at_rest = AtRest(compress=True)
    path = tmp_path / "archive"
    with SqliteCCRStore(tmp_path / "o.db", at_rest=at_rest) as store:
        store.put(TABLE)
        store.export_to(path)
    assert "a,b" in path.read_text(encoding="ascii")


def test_expired_originals_are_not_exported(tmp_path: Path) -> None:
    """What no `get` returns is in no archive."""
    now = [0.0]
    store = InMemoryCCRStore(ttl=10, clock=lambda: now[0])
    store.put(LOG)
    now[0] = 20
    assert store.export_to(tmp_path / "archive") == 0


def test_only_its_owner_can_read_an_archive(tmp_path: Path) -> None:
    """Contents stand in it in clear, whatever the umask and whatever was there."""
    path = tmp_path / "archive"
    path.touch(mode=0o644)
    before = os.umask(0)
    try:
        filled(("ann", LOG)).export_to(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def expect_refusal(path: Path) -> None:
    """The file is refused, and nothing of it is stored."""
    store = InMemoryCCRStore()
    with pytest.raises(StoreError, match=re.escape(str(path))):
        store.import_from(path)
    assert store.stats().originals == 0


def test_a_file_that_was_cut_at_any_byte_is_refused(archive: Path) -> None:
    """Nothing of it is imported, however little is missing."""
    whole = archive.read_bytes()
    for end in range(len(whole)):
        archive.write_bytes(whole[:end])
        expect_refusal(archive)


def test_a_file_that_was_changed_at_any_byte_is_refused(archive: Path) -> None:
    """Contents, keys, namespaces, kinds, tools: nothing is imported."""
    whole = archive.read_bytes()
    for at in range(len(whole)):
        archive.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        expect_refusal(archive)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines, *lines],
        lambda lines: [*lines, b"\n"],
        lambda lines: [lines[0], lines[2], lines[1], lines[3]],
        lambda lines: [lines[0], lines[1], lines[1], lines[2], lines[3]],
        lambda lines: [lines[0], lines[1], lines[3]],
        lambda lines: [b'{"headroom_originals":2}\n', *lines[1:]],
        lambda lines: [lines[0], b"[" * 100_000 + b"\n", *lines[1:]],
        lambda lines: [],
    ],
)
def test_lines_that_were_not_written_so_are_refused(
    archive: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    """Lines are not added, taken away, doubled or moved, and nothing else is read."""
    archive.write_bytes(
        b"".join(change(archive.read_bytes().splitlines(keepends=True)))
    )
    expect_refusal(archive)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """An import from nowhere and an export to nowhere say which file they meant."""
    path = tmp_path / "nowhere" / "archive"
    expect_refusal(path)
    with pytest.raises(StoreError, match="nowhere"):
        filled(("ann", LOG)).export_to(path)


class Failing(InMemoryCCRStore):
    """A store that fails while it is exported."""

    def get_many(self, *_: object, **__: object) -> dict[str, Original]:
        """Fail."""
        msg = "no answer"
        raise StoreError(msg)


def test_an_export_that_fails_leaves_what_was_there(archive: Path) -> None:
    """The file under the name is the old one, and no half one stays beside it."""
    before = archive.read_bytes()
    store: CCRStore = Failing()
    store.put(LOG)
    with pytest.raises(StoreError, match="no answer"):
        store.export_to(archive)
    assert archive.read_bytes() == before
    assert list(archive.parent.iterdir()) == [archive]


@pytest.mark.parametrize(("count", "words"), [(400, 10_000), (20, 400_000)])
def test_an_archive_is_never_in_memory_as_a_whole(
    tmp_path: Path, count: int, words: int
) -> None:
    """Exporting and importing take some originals at a time."""
    path = tmp_path / "archive"
    with SqliteCCRStore(tmp_path / "o.db") as store:
        for number in range(count):
            store.put(Original.of(f"{number:04} " * words))
        size = store.stats().bytes
        tracemalloc.start()
        try:
            store.export_to(path)
            store.import_from(path)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < size / 2


def test_what_no_import_would_take_is_not_exported(archive: Path) -> None:
    """An original under a key that is not its own is named instead of exported."""
    before = archive.read_bytes()
    store = filled(("ann", LOG), ("bob", Original(content="text", key="mine")))
    with pytest.raises(StoreError, match="'mine' is not that of its content"):
        store.export_to(archive)
    assert archive.read_bytes() == before
