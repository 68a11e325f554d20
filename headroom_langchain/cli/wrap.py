"""`headroom-langchain wrap`: a command, with a server for it alone.

The command has the terminal, the environment and the signals that it would have
without. Only the variables that name base URLs are others.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from headroom_langchain.cli.arguments import PROGRAM
from headroom_langchain.cli.failure import CommandError, UsageError
from headroom_langchain.cli.saved import Saved
from headroom_langchain.cli.serve_arguments import server_settings
from headroom_langchain.errors import HeadroomError
from headroom_langchain.serve.server.listening import LOOPBACK, address_of, listen
from headroom_langchain.serve.settings import ANTHROPIC, OPENAI

if TYPE_CHECKING:
    from argparse import Namespace
    from types import FrameType

    from headroom_langchain.serve.server.settings import ServerSettings

_NOT_EXECUTABLE: Final = 126
_NOT_FOUND: Final = 127
_SIGNALLED: Final = 128
_FORWARDED: Final = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
"""Signals that are the command's; not all systems have all of them."""
_TYPED: Final = ("SIGINT", "SIGQUIT")
"""Those that a terminal sends to this process and to the command alike."""
_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def wrap(options: Namespace) -> int:
    """Run a command with a server for it.

    Returns:
        The exit code of the command; 128 and the number of the signal that ended it.

    Raises:
        UsageError: There is no command.
        CommandError: It cannot be run, or the server not be started.
    """
    # Only the first -- is this command's; all others are words like any.
    command = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not command:
        msg = "which command? write it behind wrap and its options"
        raise UsageError(msg)
    given = os.environ
    settings = server_settings(
        options,
        anthropic=given.get("ANTHROPIC_BASE_URL") or ANTHROPIC,
        openai=given.get("OPENAI_BASE_URL") or given.get("OPENAI_API_BASE") or OPENAI,
    )
    saved = Saved()
    with _serving(settings, saved) as address:
        if sys.stderr.isatty():
            _say(f"what happens is shown at {address}/" if settings.page else address)
        code = _run(command, environment(given, address))
    _say(saved.told())
    return code


def environment(given: Mapping[str, str], address: str) -> dict[str, str]:
    """Return the environment of the command.

    Args:
        given: The environment of this process.
        address: Where the server is.
    """
    made = {
        **given,
        "ANTHROPIC_BASE_URL": address,
        "OPENAI_BASE_URL": f"{address}/v1",
        "OPENAI_API_BASE": f"{address}/v1",
    }
    if any(given.get(name) or given.get(name.lower()) for name in _PROXIES):
        # Clients would look for this machine's server behind their proxy.
        for name in ("NO_PROXY", "no_proxy"):
            before = given.get(name)
            made[name] = f"{before},{LOOPBACK}" if before else LOOPBACK
    return made


@contextmanager
def _serving(settings: ServerSettings, saved: Saved) -> Iterator[str]:
    """Serve in a thread, and yield the address."""
    with ExitStack() as held:
        try:
            from headroom_langchain.serve.server.logs import logged_to_stderr
            from headroom_langchain.serve.server.process import Process

            held.enter_context(logged_to_stderr(settings.log))
            listener = held.enter_context(listen(LOOPBACK, 0))
            process = Process(settings, observers=[saved])
        except (HeadroomError, ImportError) as error:
            raise CommandError(str(error)) from error
        address = address_of(listener)
        ready = threading.Event()

        def run() -> None:
            try:
                process.run(listener, ready.set)
            finally:
                ready.set()

        thread = threading.Thread(target=run, name="headroom-serve")
        thread.start()
        held.callback(thread.join)
        held.callback(process.stop)
        ready.wait()
        yield address


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command as if it had been started directly."""
    try:
        started = subprocess.Popen(command, env=environment)  # noqa: S603 - it is the user's own command
    except OSError as error:
        found = not isinstance(error, FileNotFoundError)
        msg = f"cannot run {command[0]!r}: {error.strerror or error}"
        raise NotRunError(msg, _NOT_EXECUTABLE if found else _NOT_FOUND) from error
    with _forwarding(started.pid):
        code = started.wait() if os.name != "posix" else _waited(started)
    return code if code >= 0 else _SIGNALLED - code


def _waited(started: subprocess.Popen[bytes]) -> int:
    """Wait for a process; while it is stopped, as by Ctrl-Z, this one is, too."""
    while True:
        _, status = os.waitpid(started.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            started.returncode = os.waitstatus_to_exitcode(status)
            return started.returncode
        os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(started.pid, signal.SIGCONT)


class NotRunError(CommandError):
    """A command that cannot be run; the exit code is that of a shell."""

    def __init__(self, message: str, code: int) -> None:
        """Say why."""
        super().__init__(message)
        self.code = code


@contextmanager
def _forwarding(process: int) -> Iterator[None]:
    """Pass signals on to a process."""

    def forward(number: int, _: FrameType | None) -> None:
        typed = signal.Signals(number).name in _TYPED and _from_terminal()
        if not typed:
            with suppress(ProcessLookupError):  # it may just have ended
                os.kill(process, number)

    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]
    before = {number: signal.signal(number, forward) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _from_terminal() -> bool:
    """Tell whether a signal may be typed: the command has got it as well then."""
    if os.name != "posix":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _say(told: str) -> None:
    print(f"{PROGRAM}: {told}", file=sys.stderr, flush=True)
