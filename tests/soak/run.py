"""One trial: a provider, the server with its workers, clients, and a killed worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Final

from headroom_langchain.serve.server.listening import LOOPBACK, listen

from .clients import Client, Seen

_MOST_MEMORY: Final = 250.0
"""Megabytes that a worker may have, with all its caches full."""
_MOST_GROWTH: Final = 1.15
"""How much larger the workers may be in the last quarter than in the second one."""
_LONG: Final = 300.0
"""Seconds after which caches are full, so that nothing may grow any more."""
_ROOT: Final = Path(__file__).parents[2]
_KILLS: Final = 4
"""How often a worker is killed in a trial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How long and how hard."""

    seconds: float
    streams: int
    workers: int
    echo: bool = False
    """Whether to print what is seen on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was seen."""

    outcomes: Counter[str]
    faults: tuple[str, ...]
    """What must not happen."""
    memory: tuple[float, ...]
    """Megabytes of all workers together, every second or so."""
    left_open: int
    """Streams that the provider still had open at the end."""

    def __str__(self) -> str:
        """Return it for people."""
        lines = [f"{count:8,}  {what}" for what, count in sorted(self.outcomes.items())]
        quarter = max(1, len(self.memory) // 4)
        early, late = self.memory[quarter : 2 * quarter], self.memory[-quarter:]
        lines += [
            f"{self.outcomes.total():8,}  requests",
            f"{mean(early or late):8.0f}  MB, all workers, in the second quarter",
            f"{mean(late):8.0f}  MB, all workers, at the end",
            f"{self.left_open:8,}  streams left open upstream",
            *(f"FAULT: {fault}" for fault in self.faults[:20]),
            f"{len(self.faults):8,}  faults",
        ]
        return "\n".join(lines)


async def run(trial: Trial) -> Result:
    """Run a trial."""
    upstream, port = _free_port(), _free_port()
    with TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "server.log"
        provider = await _python(
            folder / "provider.log", "-m", "tests.soak.upstream", str(upstream)
        )
        server = await _python(
            log,
            *("-m", "headroom_langchain", "serve", "--port", str(port)),
            *("--anthropic-upstream", f"http://127.0.0.1:{upstream}"),
            *("--store", str(folder / "originals.db")),
            *("--workers", str(trial.workers)),
        )
        try:
            await _up(upstream, "/open")
            await _up(port, "/healthz")
            result = await _load(trial, port, upstream, server.pid)
        finally:
            for process in (server, provider):
                with suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()
        said = log.read_text()
        if "Traceback" in said:
            trace = said[said.index("Traceback") :][:2000]
            result = replace(result, faults=(*result.faults, trace))
        return result


async def _load(trial: Trial, port: int, upstream: int, server: int) -> Result:
    seen, stop, memory = Seen(), asyncio.Event(), list[float]()
    clients = [
        asyncio.create_task(Client(port, number, seen).run(stop))
        for number in range(trial.streams)
    ]
    loop = asyncio.get_running_loop()
    began, killed = loop.time(), 0
    while (passed := loop.time() - began) < trial.seconds:
        await asyncio.sleep(min(1.0, trial.seconds / 40))
        workers = _workers(server)
        memory.append(sum(map(_megabytes, workers)))
        if passed > trial.seconds * (killed + 1) / (_KILLS + 1) and len(workers) > 1:
            killed += 1
            os.kill(workers[killed % len(workers)], signal.SIGKILL)
            if trial.echo:
                print(f"{passed:6.0f} s: {memory[-1]:.0f} MB, a worker was killed")
    stop.set()
    await asyncio.gather(*clients)
    if trial.workers > 1 and not killed:
        seen.faults.append("no worker could be killed: there was never more than one")
    if seen.dropped > killed * trial.streams:
        seen.faults.append(f"{seen.dropped} connections broke, {killed} workers did")
    left_open = await _left_open(upstream)
    if left_open:
        seen.faults.append(f"{left_open} streams were left open upstream")
    quarter = max(1, len(memory) // 4)
    early, late = mean(memory[quarter : 2 * quarter]), mean(memory[-quarter:])
    if max(memory) > _MOST_MEMORY * trial.workers:
        seen.faults.append(f"the workers took {max(memory):.0f} MB")
    if trial.seconds >= _LONG and late > early * _MOST_GROWTH:
        seen.faults.append(f"memory grew from {early:.0f} to {late:.0f} MB")
    return Result(
        outcomes=seen.outcomes,
        faults=tuple(seen.faults),
        memory=tuple(memory),
        left_open=left_open,
    )


def _free_port() -> int:
    with listen(LOOPBACK, 0) as made:
        port: int = made.getsockname()[1]
        return port


async def _left_open(upstream: int) -> int:
    """Return how many streams the provider has open once all clients are gone."""
    for _ in range(50):
        reader, writer = await asyncio.open_connection("127.0.0.1", upstream)
        writer.write(b"GET /open HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = await reader.readuntil(b"}")
        writer.close()
        count = int(json.loads(answer.rpartition(b"\r\n\r\n")[2])["open"])
        if not count:
            return 0
        await asyncio.sleep(0.1)
    return count


async def _python(log: Path, *arguments: str) -> asyncio.subprocess.Process:
    with log.open("wb") as file:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=_ROOT,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=file,
        )


async def _up(port: int, path: str) -> None:
    """Wait until a server answers; sockets listen before that."""
    for _ in range(300):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
            await reader.readuntil(b"}")
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    msg = f"no server came up on port {port}"
    raise TimeoutError(msg)


def _workers(server: int) -> list[int]:
    """Return the processes that serve: the children, or the server when it is alone."""
    listed = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    served = [
        int(pid) for pid in listed if b"resource_tracker" not in _command(int(pid))
    ]
    return served or [server]


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"resource_tracker"


def _megabytes(pid: int) -> float:
    with suppress(OSError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024
    return 0.0
