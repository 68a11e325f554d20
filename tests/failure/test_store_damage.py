"""A damaged file costs what stood in the damaged place, and never says it otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest
from talks import KEY, WAYS, Way, ending, history, said, scripted

from headroom_langchain import (
    HeadroomChatModel,
    Original,
    SqliteCCRStore,
    StoreError,
    compress,
)
from headroom_langchain.testing import Turn, ask_for_original

PAGE = 4096
TREE_PAGES = (2, 5, 10, 13)
"""How pages begin on which SQLite finds others."""

ORIGINALS = [Original.of(f"<{number:02}>" * 2500, kind="logs") for number in range(12)]
ADDED = [Original.of(original.content + "!") for original in ORIGINALS]
GARBAGE = Random(7).randbytes(PAGE)  # noqa: S311 - no secret


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file of a store that keeps some originals and is closed."""
    path = tmp_path / "originals.db"
    with SqliteCCRStore(path) as store:
        store.put_many(ORIGINALS)
    return path


def overwrite(path: Path, at: int, what: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(what)


def misspell(path: Path, what: bytes, otherwise: bytes) -> None:
    overwrite(path, path.read_bytes().index(what), otherwise)


def ruin(path: Path) -> None:
    """Leave nothing but the page that every file begins with."""
    overwrite(path, PAGE, GARBAGE * (path.stat().st_size // PAGE - 1))


def readable(path: Path, originals: Sequence[Original] = ORIGINALS) -> set[str]:
    """The keys of what is returned, all of it as it was put."""
    keys = set()
    with suppress(StoreError), SqliteCCRStore(path) as store:
        for original in originals:
            with suppress(StoreError):
                found = store.get(original.key)
                assert found in (None, original)
                if found is not None:
                    keys.add(found.key)
    return keys


def content_pages(path: Path) -> Iterator[tuple[int, set[str]]]:
    """Yield where contents go on, and whose they are."""
    data = path.read_bytes()
    for at in range(0, len(data), PAGE):
        page = data[at : at + PAGE]
        whose = {o.key for o in ORIGINALS if o.content[:4].encode() in page}
        if whose and page[0] not in TREE_PAGES:
            yield at, whose


@pytest.mark.parametrize("broken", [b"", b"SQLite format 2\0", GARBAGE[:100]])
def test_a_file_without_its_header_names_itself_and_the_remedy(
    path: Path, broken: bytes
) -> None:
    """It is refused when the store is made, and left as it is."""
    overwrite(path, 0, broken or bytes(PAGE))
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"originals\.db.*move it away"):
        SqliteCCRStore(path)
    assert path.read_bytes() == before


def test_a_damaged_page_costs_what_stood_on_it(path: Path) -> None:
    """Whichever page of contents is overwritten, all other originals are read."""
    whole = path.read_bytes()
    pages = list(content_pages(path))
    assert len(pages) >= 2 * len(ORIGINALS)
    for at, whose in pages:
        overwrite(path, at, GARBAGE)
        assert readable(path) == {o.key for o in ORIGINALS} - whose
        path.write_bytes(whole)


def test_a_damaged_page_never_changes_an_original(path: Path) -> None:
    """Whichever page is overwritten, what is returned is as it was put."""
    whole = path.read_bytes()
    for at in range(0, len(whole), PAGE):
        overwrite(path, at, GARBAGE)
        readable(path)
        path.write_bytes(whole)


def test_damage_does_not_deny_other_keys_of_the_call(path: Path) -> None:
    """One call for all keys returns what single calls return."""
    at, whose = next(content_pages(path))
    overwrite(path, at, GARBAGE)
    keys = [original.key for original in ORIGINALS]
    with SqliteCCRStore(path) as store:
        assert set(store.get_many(keys)) == set(keys) - whose


def test_a_file_that_was_cut_short_returns_nothing_else(path: Path) -> None:
    """Wherever it ends, what is returned is as it was put."""
    whole = path.read_bytes()
    for end in range(0, len(whole), PAGE // 2):
        path.write_bytes(whole[:end])
        assert len(readable(path)) < len(ORIGINALS)


@pytest.mark.parametrize("flip", [b"\0", b"<", b"\xff"])
def test_a_damaged_content_is_stored_again(
    path: Path, flip: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It counts as missing, the log says so, and the next put brings it back."""
    at, (key,) = next(content_pages(path))
    overwrite(path, at + 1001, flip)
    with SqliteCCRStore(path) as store:
        assert store.get(key) is None
        assert f"{key} is damaged" in caplog.text
        assert store.stats().originals == len(ORIGINALS) - 1
        store.put_many(ORIGINALS)
    assert readable(path) == {original.key for original in ORIGINALS}


def test_a_damaged_content_is_stored_again_by_a_put_that_finds_it(path: Path) -> None:
    """What `put` has returned for can be read, whatever was there before."""
    at, _ = next(content_pages(path))
    overwrite(path, at + 1001, b"?")
    with SqliteCCRStore(path) as store:
        store.put_many(ORIGINALS)
    assert readable(path) == {original.key for original in ORIGINALS}


@pytest.mark.parametrize("column", ["used", "kind", "tool", "body", "size", "crc"])
@pytest.mark.parametrize("value", ["x'ff'", "'text'", "-7", "x''"])
def test_a_damaged_column_costs_its_row(path: Path, column: str, value: str) -> None:
    """Nothing but errors of stores is raised, and a put brings the row back."""
    first, *others = ORIGINALS
    with closing(sqlite3.connect(path)) as file, file:
        statement = f"UPDATE originals SET {column} = {value} WHERE key = ?"  # noqa: S608 - fixed above
        file.execute(statement, (first.key.encode(),))
    with SqliteCCRStore(path) as store:
        assert len(list(store.entries())) >= len(others)
        keys = [original.key for original in ORIGINALS]
        assert store.get_many(keys).items() >= {o.key: o for o in others}.items()
        store.put_many(ORIGINALS)
        assert store.get(first.key) == first
        store.sweep(max_bytes=0)
        store.put_many(ORIGINALS)
    assert readable(path) == {original.key for original in ORIGINALS}


def unclosed(path: Path, tmp_path: Path) -> Path:
    """A copy of the store as a process leaves it that is killed after a put."""
    copy = tmp_path / "copy.db"
    with SqliteCCRStore(path) as store:
        for original in ADDED:
            store.put(original)
        for end in ("", "-wal"):
            Path(f"{copy}{end}").write_bytes(Path(f"{path}{end}").read_bytes())
    return copy


@pytest.mark.parametrize(
    ("damage", "kept"),
    [
        (lambda wal: b"no log at all" * 1000, "none"),
        (lambda wal: wal[:32] + GARBAGE + wal[32 + PAGE :], "none"),
        (lambda wal: wal[: len(wal) // 2] + GARBAGE * 9, "some"),
        (lambda wal: wal[: len(wal) * 3 // 4], "some"),
        (lambda wal: wal + GARBAGE, "all"),
    ],
)
def test_a_damaged_log_costs_what_stood_in_it_from_there_on(
    path: Path, tmp_path: Path, damage: Callable[[bytes], bytes], kept: str
) -> None:
    """What is in the file itself is read, and of the log all before the damage."""
    copy = unclosed(path, tmp_path)
    wal = Path(f"{copy}-wal")
    wal.write_bytes(damage(wal.read_bytes()))
    assert readable(copy) == {original.key for original in ORIGINALS}
    found = readable(copy, ADDED)
    there = [original.key in found for original in ADDED]
    assert there == sorted(there, reverse=True)
    assert kept == ("all" if all(there) else "some" if any(there) else "none")


def reading(store: SqliteCCRStore) -> HeadroomChatModel:
    """A model that reads an original and says what it found."""
    turns = [
        ask_for_original(lines=f"{KEY + 1}-{KEY + 1}"),
        lambda seen: Turn(text=said(seen[-1].text)),
    ]
    return HeadroomChatModel(scripted(turns=turns), store=store)


@pytest.mark.parametrize("way", WAYS)
async def test_a_damaged_file_costs_a_note(
    path: Path, way: Way, nothing_left: None
) -> None:
    """The call answers, reads its originals, and the report says why none was kept."""
    ruin(path)
    with SqliteCCRStore(path) as store:
        model = reading(store)
        assert await way(model, history("ann")) == ending("ann")
    assert model.report is not None
    (note,) = model.report.notes
    assert note.startswith("originals were not kept: StoreError: the store '")
    assert "move it away" in note


@pytest.mark.parametrize("way", WAYS)
async def test_a_damaged_original_is_told_to_the_model(
    path: Path, way: Way, nothing_left: None
) -> None:
    """The model learns that it is gone, instead of reading something else."""
    with SqliteCCRStore(path) as store:
        sent = compress(history("ann"), store=store).messages
    misspell(path, b"ann key 60", b"bob")
    with SqliteCCRStore(path) as store:
        model = reading(store)
        assert (await way(model, sent)).startswith("Nothing in")
    assert model.report is not None
    assert [retrieval.error for retrieval in model.report.retrievals] == [True]
