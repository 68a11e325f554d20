"""`headroom-langchain serve`: a server for the clients of providers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from headroom_langchain.cli.failure import CommandError
from headroom_langchain.cli.serve_arguments import server_settings
from headroom_langchain.errors import HeadroomError
from headroom_langchain.serve.server.listening import address_of, is_loopback, listen

if TYPE_CHECKING:
    from argparse import Namespace

    from headroom_langchain.serve.server.settings import ServerSettings


def serve(options: Namespace) -> None:
    """Serve until the process is told to stop.

    Raises:
        CommandError: It cannot be served so.
    """
    settings = server_settings(options)
    try:
        from headroom_langchain.serve.server.logs import logged_to_stderr
        from headroom_langchain.serve.server.run import run

        with (
            logged_to_stderr(settings.log, color=settings.color),
            listen(settings.host, options.port) as listener,
        ):
            run(settings, listener, partial(_tell, settings, address_of(listener)))
    except (HeadroomError, ImportError) as error:
        raise CommandError(str(error)) from error


def _tell(settings: ServerSettings, address: str) -> None:
    """Tell whoever started the server what they need to know."""
    if settings.log == "json":
        told = {"event": "listening", "address": address, "workers": settings.workers}
        print(json.dumps(told), file=sys.stderr, flush=True)
    else:
        print("\n".join(_introduced(settings, address)), flush=True)
    for warning in _warnings(settings):
        print(f"warning: {warning}", file=sys.stderr, flush=True)


def _introduced(settings: ServerSettings, address: str) -> Iterator[str]:
    several = f", with {settings.workers} workers" if settings.workers > 1 else ""
    yield f"Serving on {address}{several}. Clients need nothing but its address:"
    yield ""
    yield f"  ANTHROPIC_BASE_URL={address}"
    yield f"  OPENAI_BASE_URL={address}/v1"
    yield ""
    yield f"Requests go to  {settings.upstreams.anthropic}"
    yield f"                {settings.upstreams.openai}"
    yield f"Originals go to {_place(settings)}"
    if settings.page:
        yield f"What happens is shown at {address}/"
    yield ""


def _place(settings: ServerSettings) -> str:
    if settings.store is None:
        return "the memory of this process"
    from headroom_langchain.serve.server.originals import is_postgres, shown

    if is_postgres(settings.store):
        return shown(settings.store)
    return str(Path(settings.store).absolute())


def _warnings(settings: ServerSettings) -> Iterator[str]:
    if is_loopback(settings.host):
        return
    yield (
        f"{settings.host} is reached from other machines. Requests, keys of clients "
        "among them, are not encrypted on the way here: put TLS in front."
    )
    if settings.show_contents:
        yield "Who reaches the page can read the originals of every client."
