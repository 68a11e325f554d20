"""The command line: which words it takes and what they mean."""

from __future__ import annotations

import argparse
from typing import Final

from headroom_langchain._version import __version__
from headroom_langchain.cli.serve_arguments import add_serve, add_wrap
from headroom_langchain.cli.values import factor, prices

PROGRAM: Final = "headroom-langchain"
"""The name of the command."""


def parser() -> argparse.ArgumentParser:
    """Make the parser; what it returns has the sub-command in `command`."""
    made = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Reversible context compression for LangChain.",
    )
    made.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _demo(commands)
    _compress(commands)
    _retrieve(commands)
    _eval(commands)
    _stats(commands)
    _policy(add_serve(commands))
    _policy(add_wrap(commands))
    return made


def _demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "show the whole loop on output of this machine"
    demo = commands.add_parser("demo", help=about, description=f"{about.capitalize()}.")
    demo.add_argument(
        "--model",
        metavar="PROVIDER:NAME",
        help="a model that answers, such as openai:gpt-5; without it a script does",
    )
    demo.add_argument("--no-color", action="store_true", help="print without colors")


def _compress(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "compress a file as if a tool had written it"
    compress = commands.add_parser(
        "compress",
        help=about,
        description=f"{about.capitalize()}: the compressed text goes to stdout, "
        "the figures to stderr.",
    )
    compress.add_argument("file", metavar="FILE", help="the file; - reads stdin")
    compress.add_argument(
        "--store",
        metavar="STORE",
        help="keep the original in this SQLite file and leave parts out; "
        "without it the text is only rewritten without loss",
    )
    compress.add_argument(
        "--json", action="store_true", help="print text and figures as one JSON object"
    )
    compress.add_argument(
        "--tool", metavar="NAME", default="tool", help="the tool that wrote the text"
    )
    compress.add_argument(
        "--ask", metavar="WORDS", default="", help="what is looked for: shown first"
    )
    compress.add_argument(
        "--budget",
        metavar="X",
        type=factor,
        help="factor on the size of the excerpt (default: 1.0)",
    )
    _policy(compress)


def _retrieve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "answer from a kept original as a model would be answered"
    retrieve = commands.add_parser(
        "retrieve", help=about, description=f"{about.capitalize()}."
    )
    retrieve.add_argument("hash", metavar="HASH", help="the hash in the marker")
    retrieve.add_argument(
        "query",
        metavar="QUERY",
        nargs="?",
        help="words, /regex/, or a JSON path that starts with $",
    )
    retrieve.add_argument(
        "--store", metavar="STORE", required=True, help="the SQLite file of originals"
    )
    retrieve.add_argument(
        "--lines", metavar="A-B", help="only these lines, such as 120-180"
    )
    retrieve.add_argument(
        "--whole", action="store_true", help="write the exact bytes of the original"
    )


def _eval(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "what compression would do to saved conversations and files"
    made = commands.add_parser(
        "eval",
        help=about,
        description=f"{about.capitalize()}: LangChain messages, messages of OpenAI "
        "and Anthropic, runs exported from LangSmith (JSON, JSON Lines), and any "
        "other text as the output of a tool. Nothing is changed or sent anywhere, "
        "unless a model is named.",
    )
    made.add_argument("paths", metavar="PATH", nargs="+", help="a file or a folder")
    made.add_argument("--json", action="store_true", help="print one JSON object")
    made.add_argument(
        "--html", metavar="FILE", help="write a page with every text, before and after"
    )
    made.add_argument(
        "--no-texts", action="store_true", help="leave texts out of page and JSON"
    )
    made.add_argument(
        "--model",
        metavar="PROVIDER:NAME",
        help="ask this model for the last answer of each conversation, with the "
        "whole conversation and with the compressed one",
    )
    made.add_argument(
        "--tool",
        metavar="NAME",
        default="tool",
        help="the tool that wrote files without conversations",
    )
    made.add_argument(
        "--ask",
        metavar="WORDS",
        default="",
        help="what was asked before they were written; --model needs it for them",
    )
    made.add_argument(
        "--preset",
        choices=("lossless", "balanced", "compact"),
        help="how far texts are compressed (default: balanced)",
    )
    made.add_argument(
        "--budget",
        metavar="X",
        type=factor,
        help="factor on the size of excerpts (default: 1.0)",
    )
    _policy(made)
    made.add_argument(
        "--all-tools",
        action="store_true",
        help="also the tools whose output is left alone by default, such as Read",
    )
    made.add_argument(
        "--price",
        metavar="X",
        type=factor,
        default=3.0,
        help="of a million input tokens (default: 3.00)",
    )
    made.add_argument(
        "--cached-price",
        metavar="X",
        type=factor,
        default=0.3,
        help="of a million cached input tokens (default: 0.30)",
    )
    made.add_argument("--no-color", action="store_true", help="print without colors")


def _stats(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "what a store holds, and what calls with it saved"
    made = commands.add_parser(
        "stats",
        help=about,
        description=f"{about.capitalize()}: in tokens and, with a price, in money, "
        "net of what retrievals took.",
    )
    made.add_argument(
        "--store", metavar="STORE", required=True, help="the SQLite file of originals"
    )
    made.add_argument(
        "--namespace", metavar="NAME", help="only this tenant's (default: of all)"
    )
    made.add_argument("--json", action="store_true", help="print one JSON object")
    money = made.add_mutually_exclusive_group()
    money.add_argument(
        "--model", metavar="NAME", help="take the price that is known of this model"
    )
    money.add_argument(
        "--price",
        metavar="IN[,CACHED[,OUT]]",
        type=prices,
        help="of a million tokens: input, input from the provider's cache "
        "(default: as input), output",
    )
    made.add_argument("--no-color", action="store_true", help="print without colors")


def _policy(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--policy",
        metavar="FILE",
        help="rules in TOML, or JSON in *.json: fields of CompressionPolicy, such as "
        '[tools."sql_*"] with budget = 0.5; other options come before it',
    )
