"""What the demo compresses: real output of the machine it runs on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from typing import Final

from headroom_langchain.cli.demo_values import Output
from headroom_langchain.cli.failure import CommandError

_SECONDS: Final = 60
"""How long a command may take; it takes about one."""


def import_times() -> Output:
    """Return the log of how long each module takes to import.

    Raises:
        CommandError: The modules could not be imported.
    """
    code = "import langgraph.graph"
    done = _run("-X", "importtime", "-c", code)
    if done is None or done.returncode:
        told = (
            "" if done is None else f": {done.stderr[-500:].decode(errors='replace')}"
        )
        msg = f"{sys.executable} -X importtime -c {code!r} failed{told}"
        raise CommandError(msg)
    return Output(
        name="import times",
        command=f'python -X importtime -c "{code}"',
        raw=done.stderr,
    )


def installed_packages() -> Output:
    """Return what pip knows of the packages of this environment.

    Where there is no pip that can tell, the same is read from the packages.
    """
    done = _run("-m", "pip", "--disable-pip-version-check", "inspect")
    if done is not None and not done.returncode:
        name, command, raw = "pip inspect", "python -m pip inspect", done.stdout
    else:
        name, command, raw = "packages", "importlib.metadata (no pip here)", _packages()
    return Output(name=name, command=command, raw=raw)


def _run(*arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    try:
        return subprocess.run(  # noqa: S603 - this very Python, with fixed words
            [sys.executable, *arguments],
            capture_output=True,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _packages() -> bytes:
    """Return what `pip inspect` would say, as far as the packages tell."""
    installed = [
        {"metadata": package.metadata.json, "installer": package.read_text("INSTALLER")}
        for package in metadata.distributions()
    ]
    return json.dumps({"version": "1", "installed": installed}, indent=2).encode()
