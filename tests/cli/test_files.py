"""`compress` and `retrieve` work as a pair, on any file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.marker import COMPLETE, marked_keys
from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite import SqliteCCRStore
from headroom_langchain.cli import main
from headroom_langchain.cli.files import to_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
        [{"id": n, "of": "x" * 40} for n in range(400)]
    ).encode()[:-9],
    "deep brackets": b"[" * 60_000,
}


def run(
    *words: str | os.PathLike[str], given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "headroom_langchain", *words],
        capture_output=True,
        check=False,
        input=given,
        timeout=120,
    )


def told(result: subprocess.CompletedProcess[bytes], *, code: int) -> str:
    """Return what went to stderr, of a command that ended without a traceback."""
    text = result.stderr.decode()
    assert result.returncode == code, text
    assert "Traceback" not in text
    return text


def _key(compressed: bytes) -> str:
    return marked_keys(compressed.decode("utf-8", "surrogateescape"))[-1]


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_what_was_stored_comes_back_byte_for_byte(
    content: bytes, tmp_path: Path
) -> None:
    """A large file of any content is shortened, and comes back to the last byte."""
    (tmp_path / "file").write_bytes(content)
    store = tmp_path / "originals.db"
    compressed = run("compress", tmp_path / "file", "--store", store)
    assert "left out" in told(compressed, code=0)
    assert len(compressed.stdout) < len(content)
    back = run("retrieve", _key(compressed.stdout), "--store", store, "--whole")
    assert told(back, code=0) == ""
    assert back.stdout == content


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.binary(max_size=60), min_size=1, max_size=40),
    st.sampled_from([b"\n", b"\r\n", b" ", b'", "']),
)
def test_any_bytes_come_back(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], between: bytes
) -> None:
    """Whatever the bytes, the output is they themselves or their key returns them."""
    folder = tmp_path_factory.mktemp("any")
    content = between.join(pieces) * 8
    (folder / "file").write_bytes(content)
    store = str(folder / "originals.db")
    shown = _printed(["compress", str(folder / "file"), "--store", store])
    keys = marked_keys(shown.decode("utf-8", "surrogateescape"))
    if shown == content or shown.endswith(COMPLETE.encode()):
        return
    whole = _printed(["retrieve", keys[-1], "--store", store, "--whole"])
    assert whole == content


def _printed(arguments: Sequence[str]) -> bytes:
    """Run the command in this process and return its stdout."""
    result = subprocess.run(
        [sys.executable, "-m", "headroom_langchain", *arguments],
        capture_output=True,
        check=True,
    )
    return result.stdout
