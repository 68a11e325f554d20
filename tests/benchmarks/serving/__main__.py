"""What serving costs: `python -m tests.benchmarks.serving [PYTHON_WITH_HEADROOM_AI]`.

Short requests with nothing to compress, and one with a tool result that is compressed,
to a provider that answers at once: asked directly, through this package's server, and
through that of headroom-ai if a Python that has it is named.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from headroom_langchain.serve.server.listening import LOOPBACK, listen

from .load import compressed_request, load, short_request

_SECONDS: Final = 4.0
_CLIENTS: Final = (1, 8, 32)
_REQUESTS: Final = {
    "whole": short_request(stream=False),
    "stream": short_request(stream=True),
    "compressed": compressed_request(),
}
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print a line for each server and number of clients."""
    with ExitStack() as running:
        upstream = _free_port()
        provider = [sys.executable, "-m", "tests.benchmarks.serving.upstream"]
        running.enter_context(_process([*provider, str(upstream)], upstream))
        servers: dict[str, tuple[int, int]] = {"directly": (upstream, 0)}
        ours, port = _ours(upstream)
        servers["this package"] = (port, running.enter_context(_process(ours, port)))
        if len(sys.argv) > 1:
            home = running.enter_context(TemporaryDirectory())
            theirs, port, settings = _theirs(Path(sys.argv[1]), upstream, home)
            started = _process(theirs, port, settings)
            servers["headroom-ai"] = (port, running.enter_context(started))
        print(f"{'':14}{'':12}{'clients':>8}{'req/s':>9}{'first ms':>10}{'CPU ms':>8}")
        for kind, request in _REQUESTS.items():
            for clients in _CLIENTS:
                for name, (port, pid) in servers.items():
                    _measure(name, kind, port, pid, request, clients)
        for name, (_, pid) in servers.items():
            if pid:
                print(f"{name}: {_memory(pid):.0f} MB resident")


def _measure(  # noqa: PLR0917 - a row of a table
    name: str, kind: str, port: int, pid: int, request: bytes, clients: int
) -> None:
    asyncio.run(load(port, request, clients=clients, seconds=0.5))
    before = _cpu(pid)
    seen = asyncio.run(load(port, request, clients=clients, seconds=_SECONDS))
    spent = 1000 * (_cpu(pid) - before) / seen.requests
    print(
        f"{name:14}{kind:12}{clients:8}{seen.rate:9.0f}"
        f"{1000 * seen.first_byte:10.2f}{spent:8.2f}"
    )


def _ours(upstream: int) -> tuple[list[str], int]:
    port = _free_port()
    address = f"http://127.0.0.1:{upstream}"
    command = [sys.executable, "-m", "headroom_langchain", "serve"]
    return [*command, "--port", str(port), "--anthropic-upstream", address], port


def _theirs(
    python: Path, upstream: int, home: str
) -> tuple[list[str], int, dict[str, str]]:
    port = _free_port()
    settings = {
        "ANTHROPIC_TARGET_API_URL": f"http://127.0.0.1:{upstream}",
        "HEADROOM_OFFLINE": "1",
        "HOME": home,
        "HEADROOM_WORKSPACE_DIR": home,
    }
    command = [str(python.with_name("headroom")), "proxy", "--no-rate-limit"]
    return [*command, "--port", str(port)], port, settings


@contextmanager
def _process(
    command: Sequence[str], port: int, settings: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run a server until the end of the block; yields its process id."""
    nowhere = subprocess.DEVNULL
    environment = {**os.environ, **(settings or {})}
    with subprocess.Popen(
        command, env=environment, stdout=nowhere, stderr=nowhere
    ) as server:
        try:
            _wait(port)
            yield server.pid
        finally:
            server.terminate()


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    msg = f"no server came up on port {port}"
    raise TimeoutError(msg)


def _free_port() -> int:
    with listen(LOOPBACK, 0) as made:
        port: int = made.getsockname()[1]
        return port


def _cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


main()
