"""Runs the command, in a process of its own and in this one."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

from headroom_langchain.ccr.marker import marked_keys
from headroom_langchain.cli import main

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

SECONDS = 120


def run(
    *words: str | os.PathLike[str],
    given: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "headroom_langchain", *words],
        capture_output=True,
        check=False,
        env=environment,
        input=given,
        timeout=SECONDS,
    )


def told(result: subprocess.CompletedProcess[bytes], *, code: int) -> str:
    """Return what went to stderr, of a command that ended without a traceback."""
    text = result.stderr.decode()
    assert result.returncode == code, text
    assert "Traceback" not in text
    return text


def here(*words: str | os.PathLike[str]) -> subprocess.CompletedProcess[bytes]:
    """Run the command in this process, where that makes no difference."""
    arguments = [str(word) for word in words]
    raw, errors = io.BytesIO(), io.StringIO()
    with (
        io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as stdout,
        redirect_stdout(stdout),
        redirect_stderr(errors),
    ):
        code = main(arguments)
        stdout.flush()
        shown = raw.getvalue()
    said = errors.getvalue().encode()
    return subprocess.CompletedProcess(arguments, code, stdout=shown, stderr=said)


def printed(*words: str) -> bytes:
    """Run the command in this process, which must go well, and return its stdout."""
    result = here(*words)
    told(result, code=0)
    return result.stdout


def key_in(compressed: bytes) -> str:
    """Return the key in the last marker of a compressed text."""
    return marked_keys(compressed.decode("utf-8", "surrogateescape"))[-1]
