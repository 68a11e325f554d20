"""`headroom-langchain wrap`."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commands import SECONDS, run
from serving_commands import BIG, ask_for, was_answered

from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.cli import main
from headroom_langchain.cli.wrap import environment
from headroom_langchain.testing.servers import FakeAnthropic, Reply

HERE = Path(__file__).parent
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
WAITS = (
    "import os, signal, sys\n"
    "wanted = {signal.SIGINT, signal.SIGTERM}\n"
    "signal.pthread_sigmask(signal.SIG_BLOCK, wanted)\n"
    "os.kill(os.getpid(), signal.SIGSTOP)\n"
    "sys.exit(10 * signal.sigwait(wanted) + signal.sigwait(wanted))\n"
)
"""Is stopped, as by Ctrl-Z, and ends with the numbers of two signals that it gets."""


def test_a_client_is_wrapped_as_it_is() -> None:
    """Anthropic's client gets its answer, and the provider less than it was sent."""
    replies = [
        Reply(text="Looking. ", tool_calls=(ask_for(content_key(BIG)),)),
        Reply(text="The disk is full."),
    ]
    with FakeAnthropic(replies) as upstream:
        result = run(
            *("wrap", "--", sys.executable, HERE / "wrapped_client.py"),
            environment={**os.environ, "ANTHROPIC_BASE_URL": upstream.url},
        )
        sent, asked = upstream.requests
    assert result.returncode == 3, result.stderr
    said, variables = result.stdout.decode().splitlines()
    assert said == "Looking. The disk is full."
    assert re.fullmatch(r"(http://127\.0\.0\.1:\d+/v1) \1", variables)
    assert len(sent.received.raw) < len(BIG) / 2
    assert "Bearer sk-ant-api03-0123456789" in sent.received.headers.values()
    assert was_answered(asked)
    (told,) = result.stderr.decode().splitlines()
    pattern = (
        r"headroom-langchain: 1 request, [\d,]+ -> [\d,]+ tokens of messages "
        r"\(9\d % less\), 1 retrieval of \d+ tokens"
    )
    assert re.fullmatch(pattern, told), told


@POSIX
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("sh -c 'exit 7'", 7),
        ("-- sh -c 'exit 7'", 7),
        ("--no-page -- sh -c 'exit 0' --no-page", 0),
        ("sh -c 'exit $#' sh -- --help", 2),
        ("-- sh -c 'exit $#' sh -- --help", 2),
        ("env -- A=5 sh -c 'exit $A'", 5),
        ("sh -c 'kill -9 $$'", 128 + 9),
        ("no-such-command", 127),
        ("/", 126),
    ],
)
def test_the_exit_code_is_that_of_the_command(words: str, code: int) -> None:
    """A command ends as it would without, also by a signal, or when it cannot run."""
    assert main(["wrap", *shlex.split(words)]) == code


@POSIX
def test_signals_are_the_command_s() -> None:
    """What stops the command stops `wrap`; other signals are for the command alone."""
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "headroom_langchain",
            "wrap",
            sys.executable,
            "-c",
            WAITS,
        ],
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as started:
        _, status = os.waitpid(started.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        os.killpg(started.pid, signal.SIGCONT)
        started.send_signal(signal.SIGTERM)
        started.send_signal(signal.SIGINT)
        _, errors = started.communicate(timeout=SECONDS)
    assert started.returncode in {10 * 15 + 2, 10 * 2 + 15}
    assert errors == b"headroom-langchain: 0 requests\n"


def test_what_the_command_prints_is_all_there_is(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nothing but the command writes to stdout, and one line goes to stderr."""
    code = main(["wrap", sys.executable, "-c", "print(input())"])
    out, errors = capfd.readouterr()
    assert code == 1  # nobody types
    assert out == ""
    assert errors.splitlines()[-1] == "headroom-langchain: 0 requests"


def test_a_command_is_needed() -> None:
    """Without a command there is nothing to do."""
    assert main(["wrap", "--no-page"]) == 2
    assert main(["wrap", "--no-page", "--"]) == 2


def test_a_server_that_cannot_be_starts_no_command(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """When the server cannot be had, the command is not run without it."""
    store = str(tmp_path / "no" / "s.db")
    assert main(["wrap", "--store", store, sys.executable, "-c", "print(1)"]) == 1
    out, errors = capfd.readouterr()
    assert out == ""
    assert "folder exists" in errors


def test_only_base_urls_are_others() -> None:
    """The environment of the command is the one there is, with three variables set."""
    given = {"PATH": "/bin", "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": "http://a/v1"}
    made = environment(given, "http://127.0.0.1:9")
    assert made == {
        "PATH": "/bin",
        "OPENAI_API_KEY": "x",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "OPENAI_API_BASE": "http://127.0.0.1:9/v1",
    }
    assert given["OPENAI_BASE_URL"] == "http://a/v1"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_server_is_not_looked_for_behind_a_proxy(name: str) -> None:
    """Where clients use a proxy, this machine is excepted from it."""
    given = {name: "http://proxy:3128", "NO_PROXY": "example.org"}
    made = environment(given, "http://127.0.0.1:9")
    assert made["NO_PROXY"] == "example.org,127.0.0.1"
    assert made["no_proxy"] == "127.0.0.1"
