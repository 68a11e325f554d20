"""The words of `serve` and `wrap`, and what they mean for a server."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from headroom_langchain.cli.failure import CommandError
from headroom_langchain.cli.values import count, factor, port, size
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.serve.settings import ANTHROPIC, OPENAI, Limits

if TYPE_CHECKING:
    from headroom_langchain.serve.server.settings import ServerSettings

_PORT: Final = 8787
_LIMITS: Final = Limits()
_KEEP: Final = 30
"""Days; every request has its originals with it, so few are needed for long."""
_DAY: Final = 24 * 3600


def add_serve(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `serve`; it is returned for the options that commands share."""
    about = "compress on the way from any client to its provider"
    made = commands.add_parser(
        "serve",
        help=about,
        description=f"{about.capitalize()}: clients get the address of this server for "
        "a base URL and change nothing else. It speaks Anthropic Messages, OpenAI Chat "
        "Completions and OpenAI Responses.",
    )
    made.add_argument(
        "--host",
        metavar="HOST",
        default="127.0.0.1",
        help="where to listen (default: 127.0.0.1, for this machine alone)",
    )
    made.add_argument(
        "--port",
        metavar="PORT",
        type=port,
        default=_PORT,
        help=f"the port; 0 for one that is free (default: {_PORT})",
    )
    made.add_argument(
        "--workers",
        metavar="N",
        type=count,
        default=1,
        help="processes that serve; several need --store (default: 1)",
    )
    made.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a further name by which the page and metrics may be asked for; * for any",
    )
    made.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="how each request is logged on stderr (default: text)",
    )
    made.add_argument(
        "--grace",
        metavar="SECONDS",
        type=count,
        default=30,
        help="how long running requests may take when it is stopped (default: 30)",
    )
    made.add_argument("--no-color", action="store_true", help="log without colors")
    _shared(made)
    return made


def add_wrap(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `wrap`; it is returned for the options that commands share."""
    about = "run a command whose requests are compressed"
    made = commands.add_parser(
        "wrap",
        help=about,
        description=f"{about.capitalize()}: a server is started as by `serve`, on a "
        "free port of this machine, and the command finds it in ANTHROPIC_BASE_URL, "
        "OPENAI_BASE_URL and OPENAI_API_BASE. What these name already is where "
        "requests are passed on to.",
    )
    made.add_argument(
        "--log-format",
        choices=("text", "json"),
        help="log each request on stderr (default: not, the terminal is another's)",
    )
    _shared(made)
    made.add_argument(
        "words",
        metavar="COMMAND",
        nargs=argparse.REMAINDER,
        help="the command with its own words and options; -- may stand before it",
    )
    return made


def server_settings(
    options: argparse.Namespace, *, anthropic: str = ANTHROPIC, openai: str = OPENAI
) -> ServerSettings:
    """Return what the options of `serve` or `wrap` say.

    Args:
        options: The options.
        anthropic: Where requests go when no option says so.
        openai: Likewise.

    Raises:
        CommandError: They make no server.
    """
    from headroom_langchain.cli.policy_file import read_policy
    from headroom_langchain.serve.server.settings import ServerSettings
    from headroom_langchain.serve.settings import Upstreams

    given = vars(options)
    try:
        return ServerSettings(
            upstreams=Upstreams(
                anthropic=options.anthropic_upstream or anthropic,
                openai=options.openai_upstream or openai,
            ),
            policy=read_policy(options.policy, {}),
            store=options.store,
            ttl=options.keep * _DAY,
            namespace=options.namespace,
            limits=Limits(
                max_body=options.max_body,
                max_requests=options.max_requests,
                heartbeat=options.heartbeat,
                read_timeout=options.read_timeout,
            ),
            workers=given.get("workers", 1),
            host=given.get("host", "127.0.0.1"),
            names=tuple(given.get("allow_host", ())),
            page=not options.no_page,
            show_contents=options.show_contents,
            log=options.log_format,
            color=_colored(no=given.get("no_color", True)),
            grace=given.get("grace", 1),
        )
    except ConfigurationError as error:
        raise CommandError(str(error)) from error


def _colored(*, no: bool) -> bool:
    return not no and not os.environ.get("NO_COLOR") and sys.stderr.isatty()


def _shared(command: argparse.ArgumentParser) -> None:
    """Add what both commands take."""
    for name, address in (("anthropic", ANTHROPIC), ("openai", OPENAI)):
        command.add_argument(
            f"--{name}-upstream",
            metavar="URL",
            help=f"where its requests go (default: {address})",
        )
    command.add_argument(
        "--store",
        metavar="STORE",
        help="keep originals in this SQLite file, or in PostgreSQL at "
        "postgresql://... (default: in memory)",
    )
    command.add_argument(
        "--keep",
        metavar="DAYS",
        type=factor,
        default=_KEEP,
        help=f"forget originals that were not used for so long (default: {_KEEP})",
    )
    command.add_argument(
        "--namespace",
        metavar="NAME",
        help="the tenant of all requests (default: one for each key of a client)",
    )
    command.add_argument(
        "--max-body",
        metavar="BYTES",
        type=size,
        default=_LIMITS.max_body,
        help="largest body of a request, such as 500K, 64M (default: 64M)",
    )
    command.add_argument(
        "--max-requests",
        metavar="N",
        type=count,
        default=_LIMITS.max_requests,
        help="requests at the same time, for each worker "
        f"(default: {_LIMITS.max_requests})",
    )
    command.add_argument(
        "--heartbeat",
        metavar="SECONDS",
        type=factor,
        default=_LIMITS.heartbeat,
        help=f"how often a stream that waits says so (default: {_LIMITS.heartbeat:g})",
    )
    command.add_argument(
        "--read-timeout",
        metavar="SECONDS",
        type=factor,
        default=_LIMITS.read_timeout,
        help="how long an upstream may say nothing "
        f"(default: {_LIMITS.read_timeout:g})",
    )
    command.add_argument("--no-page", action="store_true", help="no page at /")
    command.add_argument(
        "--show-contents", action="store_true", help="let the page show originals"
    )
