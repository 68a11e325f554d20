"""The command `headroom-langchain`: compress, retrieve, evaluate, serve, and more.

Exit codes: 0 when all went well, 1 for an error told on stderr, 2 for a command
line that makes no sense, 130 after Ctrl-C, 141 when nobody reads the output; `wrap`
has those of the command it runs.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from headroom_langchain.cli.arguments import PROGRAM, parser
from headroom_langchain.cli.failure import CommandError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: The words after the program's name; `None` takes those of the
            process.

    Raises:
        SystemExit: The command line makes no sense, or only asks for help.
    """
    options = parser().parse_args(arguments)
    try:
        code = _run(options)
        sys.stdout.flush()
    except CommandError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:
        _forget_output()
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _run(options: Namespace) -> int:
    if options.command == "compress":
        from headroom_langchain.cli.compress import compress_file

        compress_file(options)
    elif options.command == "retrieve":
        from headroom_langchain.cli.retrieve import retrieve

        retrieve(options)
    elif options.command == "eval":
        from headroom_langchain.cli.eval import evaluate

        evaluate(options)
    elif options.command == "stats":
        from headroom_langchain.cli.stats import stats

        stats(options)
    elif options.command == "serve":
        from headroom_langchain.cli.serve import serve

        serve(options)
    elif options.command == "wrap":
        from headroom_langchain.cli.wrap import wrap

        return wrap(options)
    else:
        from headroom_langchain.cli.demo import demo

        demo(options)
    return 0


def _forget_output() -> None:
    """Let the interpreter flush into nothing, or it would complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
