"""A disk that is full or cannot be written costs a note, and what it has is read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import unprivileged
from disks import can_mount, full, mounted, no_file_grows, protectable, read_only
from talks import KEY, WAYS, Way, ending, history, said, scripted

from headroom_langchain import (
    HeadroomChatModel,
    InMemoryCCRStore,
    Original,
    SqliteCCRStore,
    StoreError,
    compress,
)
from headroom_langchain.testing import Turn, ask_for_original

KEPT = Original.of("kept before\r\n" * 2000, kind="logs", tool="shell")
NEW = Original.of("new\n" * 100_000)
FULL = "disk is full|disk I/O error"
"""What SQLite says of a disk, and of a file that may not grow."""


class Place:
    """Where a store is, and how to make its disk fail."""

    def __init__(self, folder: Path, *, disk: bool) -> None:
        self.path = folder / "originals.db"
        self._disk = disk

    def full(self) -> AbstractContextManager[None]:
        """Leave no room for another page."""
        if self._disk:
            return full(self.path.parent)
        sizes = [file.stat().st_size for file in self.path.parent.iterdir()]
        return no_file_grows(max(sizes))

    def read_only(self) -> AbstractContextManager[None]:
        """Let nothing be written; files must be closed."""
        return read_only(self.path.parent)


@pytest.fixture(params=["disk", "limit"] if can_mount() else ["limit"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Give a place on a small disk, and one where the size of files is limited."""
    folder = tmp_path / "disk"
    if request.param == "disk":
        with mounted(folder):
            yield Place(folder, disk=True)
    else:
        folder.mkdir()
        yield Place(folder, disk=False)


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[Place]:
    """Give a place that can be made read-only."""
    with protectable(tmp_path / "disk") as folder:
        yield Place(folder, disk=True)


def reading(store: SqliteCCRStore) -> HeadroomChatModel:
    """A model that reads an original and says what it found."""
    turns = [
        ask_for_original(lines=f"{KEY + 1}-{KEY + 1}"),
        lambda seen: Turn(text=said(seen[-1].text)),
    ]
    return HeadroomChatModel(scripted(turns=turns), store=store)


def noted(model: HeadroomChatModel, why: str) -> None:
    """The report has one note: what the store said."""
    assert model.report is not None
    (note,) = model.report.notes
    assert note.startswith("originals were not kept: StoreError: the store '")
    assert re.search(why, note)


@pytest.mark.parametrize("way", WAYS)
async def test_a_full_disk_costs_a_note(
    place: Place, way: Way, nothing_left: None
) -> None:
    """The call answers, reads its originals, and the report says why none was kept."""
    with SqliteCCRStore(place.path) as store:
        store.put(KEPT)
        model = reading(store)
        with place.full():
            assert await way(model, history("ann")) == ending("ann")
        noted(model, FULL)
        model = reading(store)
        assert await way(model, history("ann")) == ending("ann")
        assert model.report is not None
        assert model.report.notes == ()


@pytest.mark.parametrize("way", WAYS)
async def test_a_read_only_file_costs_a_note(
    lasting: Place, way: Way, nothing_left: None
) -> None:
    """The call answers, reads its originals, and the report says why none was kept."""
    with SqliteCCRStore(lasting.path) as store:
        store.put(KEPT)
    with lasting.read_only(), SqliteCCRStore(lasting.path) as store:
        model = reading(store)
        assert await way(model, history("ann")) == ending("ann")
        noted(model, "is read-only: make the file and its folder writable")


@pytest.mark.parametrize("way", WAYS)
async def test_markers_are_redeemed_from_a_read_only_file(
    lasting: Place, way: Way, nothing_left: None
) -> None:
    """What an earlier process left out is read by the model all the same."""
    with SqliteCCRStore(lasting.path) as store:
        sent = compress(history("ann"), store=store).messages
    with lasting.read_only(), SqliteCCRStore(lasting.path) as store:
        model = reading(store)
        assert await way(model, sent) == ending("ann")
        assert model.report is not None
        assert model.report.notes == ()


def test_what_was_kept_is_read_from_a_full_disk(place: Place) -> None:
    """Noting its use needs room that is not there; it is returned nevertheless."""
    times = count(0, 1000)
    with SqliteCCRStore(place.path, clock=lambda: next(times)) as store:
        store.put(KEPT)
        with place.full():
            assert store.get(KEPT.key) == KEPT
            store.put(KEPT)
            with pytest.raises(StoreError, match=FULL):
                store.put(NEW)
            assert store.get(NEW.key) is None
            assert store.get(KEPT.key) == KEPT
        store.put(NEW)
        assert store.get(NEW.key) == NEW


def test_a_store_opened_on_a_full_disk_writes_once_there_is_room(place: Place) -> None:
    """Such a store reads first, says why it cannot write, and writes later."""
    with SqliteCCRStore(place.path) as store:
        store.put(KEPT)
    with place.full():
        store = SqliteCCRStore(place.path)
        assert store.get(KEPT.key) == KEPT
        with pytest.raises(StoreError, match=r"originals\.db"):
            store.put(NEW)
    with store:
        store.put(NEW)
        assert [store.get(one.key) for one in (KEPT, NEW)] == [KEPT, NEW]


def test_an_export_to_a_full_disk_leaves_what_was_there(place: Place) -> None:
    """The error names the file, and no half one stays beside it."""
    archive = place.path.with_name("archive")
    archive.write_text("an older one")
    store = InMemoryCCRStore()
    store.put(KEPT)
    with place.full(), pytest.raises(StoreError, match=r"archive.*could not be"):
        store.export_to(archive)
    assert [file.name for file in archive.parent.iterdir()] == ["archive"]
    assert archive.read_text() == "an older one"


def test_a_read_only_file_is_read_and_listed(lasting: Place) -> None:
    """Everything works that writes nothing; the rest says that it is read-only."""
    times = count(0, 1000)
    with SqliteCCRStore(lasting.path) as store:
        store.put(KEPT)
    with lasting.read_only():
        store = SqliteCCRStore(lasting.path, clock=lambda: next(times))
        assert store.get(KEPT.key) == KEPT
        store.put(KEPT)
        assert store.stats().originals == 1
        assert [entry.key for entry in store.entries()] == [KEPT.key]
        for writes in (
            lambda: store.put(NEW),
            lambda: store.delete_many([KEPT.key]),
            store.sweep,
        ):
            with pytest.raises(StoreError, match="read-only"):
                writes()
        assert store.get(KEPT.key) == KEPT
        store.close()


def test_a_read_only_file_that_becomes_writable_is_written(lasting: Place) -> None:
    """The store need not be made again."""
    with SqliteCCRStore(lasting.path) as store:
        store.put(KEPT)
    with lasting.read_only():
        store = SqliteCCRStore(lasting.path)
        with pytest.raises(StoreError, match="read-only"):
            store.put(NEW)
    with store:
        store.put(NEW)
        assert store.get(NEW.key) == NEW


def test_a_read_only_copy_has_what_was_written_last(
    lasting: Place, tmp_path: Path
) -> None:
    """Originals that are only in the `-wal` of a store that was not closed are read."""
    source = tmp_path / "source.db"
    with SqliteCCRStore(source) as store:
        store.put(KEPT)
        for end in ("", "-wal"):
            shutil.copy(f"{source}{end}", f"{lasting.path}{end}")
    with lasting.read_only(), SqliteCCRStore(lasting.path) as store:
        assert store.get(KEPT.key) == KEPT
        with pytest.raises(StoreError, match="read-only"):
            store.put(NEW)


@pytest.fixture
def public() -> Iterator[Path]:
    """Give a folder that everybody may look into."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.parametrize("left", [(), ("-wal",), ("-wal", "-shm")])
@pytest.mark.parametrize("folder_rights", [0o777, 0o555])
def test_rights_to_read_are_enough_to_read(
    public: Path, left: tuple[str, ...], folder_rights: int
) -> None:
    """Whatever its process left behind, a file that is not writable is read twice."""
    source, folder = public / "originals.db", public / "folder"
    folder.mkdir()
    store = SqliteCCRStore(source)
    store.put(unprivileged.KEPT)
    if not left:
        store.close()
    for end in ("", *left):
        shutil.copy(f"{source}{end}", folder)
        Path(f"{folder / source.name}{end}").chmod(0o444)
    store.close()
    folder.chmod(folder_rights)
    told = [
        subprocess.run(
            [sys.executable, unprivileged.__file__, str(folder / source.name)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        for _ in range(2)
    ]
    folder.chmod(0o755)
    for answer in told:
        assert answer.startswith("returned")
        assert "it is read-only: make the file and its folder writable" in answer
