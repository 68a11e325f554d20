"""The command itself: its words, its exit codes, what it loads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from commands import SECONDS, run, told

from headroom_langchain import __version__

if TYPE_CHECKING:
    from pathlib import Path


def test_the_version_is_told() -> None:
    """`--version` prints the version of the package."""
    result = run("--version")
    told(result, code=0)
    assert result.stdout.decode().split() == ["headroom-langchain", __version__]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "unknown",
        "compress",
        "compress file --budget 0",
        "compress file --budget nan",
        "compress file --budget much",
        "retrieve 0123",
        "retrieve 0123 words --whole --store s.db",
        "retrieve 0123 --lines 1-2 --whole --store s.db",
    ],
)
def test_words_that_make_no_sense_are_refused(words: str, tmp_path: Path) -> None:
    """A command line that makes no sense ends with code 2 and prints nothing."""
    result = run(*(word.replace("file", str(tmp_path)) for word in words.split()))
    told(result, code=2)
    assert result.stdout == b""


@pytest.mark.parametrize(
    "words", [["compress", "-"], ["compress", "-", "--json"], ["demo"]]
)
def test_output_that_nobody_reads_ends_the_command(words: list[str]) -> None:
    """A closed pipe ends the command quietly, with the code of other commands."""
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [sys.executable, "-m", "headroom_langchain", *words],
        check=False,
        input=b"words",
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=SECONDS,
    )
    os.close(writing)
    assert result.returncode == 141
    assert b"Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
def test_ctrl_c_ends_the_command(tmp_path: Path) -> None:
    """An interrupt ends the command with code 130 and without a traceback."""
    endless = tmp_path / "endless"
    os.mkfifo(endless)
    started = subprocess.Popen(
        [sys.executable, "-m", "headroom_langchain", "compress", str(endless)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # Waits until the command has opened it, and lets it wait for more.
    writer = os.open(endless, os.O_WRONLY)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=SECONDS)
    os.close(writer)
    assert started.returncode == 130
    assert errors == b""


@pytest.mark.parametrize(
    ("words", "unloaded"),
    [
        (["--version"], {"langchain_core", "pydantic", "sqlite3", "rich"}),
        (["retrieve", "0", "--store", "no"], {"langchain_core", "pydantic", "rich"}),
        (["stats", "--store", "no"], {"langchain_core", "pydantic", "rich"}),
        (["wrap", "--help"], {"langchain_core", "pydantic", "uvicorn", "rich"}),
        (["compress", "missing"], {"langgraph", "numpy", "openai", "rich", "tiktoken"}),
    ],
)
def test_a_command_loads_what_it_needs(words: list[str], unloaded: set[str]) -> None:
    """A command does not load the libraries that only others need."""
    code = (
        "import sys\n"
        "from headroom_langchain.cli import main\n"
        "try:\n"
        f"    main({words!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "print('loaded', *sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    loaded = set(result.stdout.partition("loaded ")[2].split())
    assert "headroom_langchain.cli" in loaded
    assert not unloaded & loaded
