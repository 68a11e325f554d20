"""`compress` and `retrieve` work as a pair, on any file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from commands import here, key_in, printed, run, told
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.marker import COMPLETE, marked_keys
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore
from headroom_langchain.cli.files import to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    Command = Callable[..., CompletedProcess[bytes]]

UNKNOWN = "0123456789abcdef01234567"
LOG = b"".join(
    b"2026-01-01T00:00:%02d INFO request %d served in %d ms\n" % (n % 60, n, n * 7 % 90)
    for n in range(6000)
)
FILES = {
    "log of 400 KB": LOG + b"2026-01-01T00:00:59 ERROR the disk is full\r\n",
    "one long line": b"x" * 400_000,
    "binary junk": bytes(n * n % 251 for n in range(50_000)),
    "ill-formed surrogates": b"caf\xe9 \xed\xa0\x80 line\n\x00" * 900,
    "escaped surrogates": json.dumps(
        [{"id": n, "text": f"\ud800 {n}", "note": "x" * n} for n in range(300)]
    ).encode(),
    "invalid JSON": json.dumps(
        [{"id": n, "of": f"{n * 7919 % 9973:x}" * 9} for n in range(400)]
    ).encode()[:-9],
    "deep brackets": b"[" * 60_000,
}


@pytest.mark.parametrize(
    ("name", "command"),
    [*((name, here) for name in FILES), ("ill-formed surrogates", run)],
)
def test_what_was_stored_comes_back_byte_for_byte(
    name: str, command: Command, tmp_path: Path
) -> None:
    """A large file of any content is shortened, and comes back to the last byte."""
    content = FILES[name]
    (tmp_path / "file").write_bytes(content)
    store = tmp_path / "originals.db"
    compressed = command("compress", tmp_path / "file", "--store", store)
    assert "left out" in told(compressed, code=0)
    assert len(compressed.stdout) < len(content)
    back = command("retrieve", key_in(compressed.stdout), "--store", store, "--whole")
    assert told(back, code=0) == ""
    assert back.stdout == content


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.binary(max_size=60), min_size=1, max_size=30),
    st.sampled_from([b"\n", b"\r\n", b" ", b'", "']),
)
def test_any_bytes_come_back(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], between: bytes
) -> None:
    """Whatever the bytes, the output is they themselves or their key returns them."""
    folder = tmp_path_factory.mktemp("any")
    content = between.join(pieces * 30)
    (folder / "file").write_bytes(content)
    store = str(folder / "originals.db")
    shown = printed("compress", str(folder / "file"), "--store", store)
    if shown == content or shown.endswith(COMPLETE.encode()):
        return
    assert printed("retrieve", key_in(shown), "--store", store, "--whole") == content


def test_an_empty_file_stays_empty(tmp_path: Path) -> None:
    """An empty file is compressed to nothing, and the figures say why."""
    (tmp_path / "empty").touch()
    result = here("compress", tmp_path / "empty", "--store", tmp_path / "originals.db")
    assert "below trigger" in told(result, code=0)
    assert result.stdout == b""


def test_stdin_is_read_for_a_dash() -> None:
    """`-` compresses what comes in through stdin, line ends as they are."""
    result = run("compress", "-", given=b"a few words\r\n")
    told(result, code=0)
    assert result.stdout == b"a few words\r\n"


def test_nothing_is_left_out_without_a_store(tmp_path: Path) -> None:
    """Without a store no marker is written, and the figures name the remedy."""
    (tmp_path / "log").write_bytes(LOG)
    result = here("compress", tmp_path / "log")
    assert "--store FILE" in told(result, code=0)
    assert b"headroom_retrieve" not in result.stdout


def test_json_has_the_text_and_its_figures(tmp_path: Path) -> None:
    """`--json` prints one object: what is printed without it, and the figures."""
    (tmp_path / "log").write_bytes(LOG + b"\xff")
    words = ["compress", str(tmp_path / "log"), "--store", str(tmp_path / "s.db")]
    found = json.loads(printed(*words, "--json"))
    assert to_bytes(found["text"]) == printed(*words)
    assert marked_keys(found["text"])[-1:] == [found["key"]]
    assert found["kind"] == "logs"
    assert found["tokens_after"] < found["tokens_before"]


def test_what_is_asked_for_is_shown(tmp_path: Path) -> None:
    """`--ask` names what the excerpt shows first."""
    (tmp_path / "log").write_bytes(LOG.replace(b"request 4321 ", b"request walnut "))
    words = ["compress", str(tmp_path / "log"), "--store", str(tmp_path / "s.db")]
    assert b"walnut" in printed(*words, "--ask", "walnut")


def test_a_smaller_budget_shows_less(tmp_path: Path) -> None:
    """`--budget` scales the size of the excerpt."""
    (tmp_path / "junk").write_bytes(FILES["binary junk"])
    words = ["compress", str(tmp_path / "junk"), "--store", str(tmp_path / "s.db")]
    assert len(printed(*words, "--budget", "0.3")) < len(printed(*words))


def test_results_of_exact_tools_are_left_alone(tmp_path: Path) -> None:
    """`--tool` names a tool, and one whose results are exact is left alone."""
    (tmp_path / "log").write_bytes(LOG)
    words = ["compress", str(tmp_path / "log"), "--store", str(tmp_path / "s.db")]
    assert printed(*words, "--tool", "read_file") == LOG


@pytest.fixture
def kept(tmp_path: Path) -> tuple[str, str]:
    """A store with the log in it, and the key of the log."""
    path = str(tmp_path / "originals.db")
    with SqliteCCRStore(path) as store:
        return path, store.put(Original.of(LOG.decode(), kind="logs"))


def test_a_query_returns_the_passages_about_it(kept: tuple[str, str]) -> None:
    """With words, the lines about them come back with their numbers."""
    store, key = kept
    assert b"\n4322: 2026" in printed("retrieve", key, "request 4321", "--store", store)


def test_lines_are_returned_by_number(kept: tuple[str, str]) -> None:
    """With `--lines`, those lines come back."""
    store, key = kept
    shown = printed("retrieve", key, "--store", store, "--lines", "7-8")
    numbered = [line for line in shown.split(b"\n") if line[:2] in {b"7:", b"8:"}]
    assert [line[3:] for line in numbered] == LOG.split(b"\n")[6:8]


def test_the_first_page_is_the_answer_to_a_bare_hash(kept: tuple[str, str]) -> None:
    """With neither words nor lines, the answer is the beginning and how to go on."""
    store, key = kept
    shown = printed("retrieve", key, "--store", store)
    assert b"\n1: 2026" in shown
    assert b"go on with" in shown


def test_an_original_that_was_never_bytes_is_written(tmp_path: Path) -> None:
    """A text with lone surrogates that no file had is written, not refused."""
    path = str(tmp_path / "originals.db")
    with SqliteCCRStore(path) as store:
        key = store.put(Original.of("a \ud83d \udc80"))
    shown = printed("retrieve", key, "--store", path, "--whole")
    assert shown == "a \ud83d \udc80".encode("utf-8", "surrogatepass")


def test_an_unknown_hash_is_an_error(kept: tuple[str, str]) -> None:
    """A hash that leads nowhere ends with code 1 and says what is wrong."""
    for whole in ([], ["--whole"]):
        result = here("retrieve", UNKNOWN, "--store", kept[0], *whole)
        assert f"nothing is stored under `{UNKNOWN}`" in told(result, code=1)
        assert result.stdout == b""


def test_a_missing_store_is_not_made(tmp_path: Path) -> None:
    """`retrieve` does not make the store that it does not find."""
    store = tmp_path / "missing.db"
    result = here("retrieve", UNKNOWN, "--store", store)
    assert "there is no store" in told(result, code=1)
    assert not store.exists()


@pytest.mark.parametrize("name", ["missing", "folder", "a\nb"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str) -> None:
    """What is no readable file ends with code 1 and its name."""
    (tmp_path / "folder").mkdir()
    path = str(tmp_path / name)
    result = here("compress", path)
    start = f"headroom-langchain: cannot read {path!r}: "
    assert told(result, code=1).startswith(start)


def test_a_store_that_is_no_store_is_an_error(tmp_path: Path) -> None:
    """A file that is no store is neither used nor changed, and nothing is printed."""
    (tmp_path / "log").write_bytes(LOG)
    result = run("compress", tmp_path / "log", "--store", tmp_path / "log")
    assert "check that the file is a store" in told(result, code=1)
    assert result.stdout == b""
    assert (tmp_path / "log").read_bytes() == LOG
