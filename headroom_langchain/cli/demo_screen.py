"""What the demo looks like.

It is plain text in a calm layout, 80 columns are enough, and where there is no
terminal the same comes out without color and motion.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from headroom_langchain._version import __version__
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from headroom_langchain.cli.demo_values import Excerpted, Proof, Totals
    from headroom_langchain.reports.report import RetrievalReport

_WIDEST: Final = 100
_LINES: Final = 6
_DIGITS: Final = 8
_INDENT: Final = (0, 0, 0, 2)

_SCRIPTED: Final = (
    "The model is scripted: the order of its steps and its phrases come with this "
    "program. All else is real: the outputs, the compression, what it retrieves, and "
    "every name and number it says, which it reads from what it was sent. "
    "Put a real model in its place with --model provider:name."
)
_REAL: Final = "The model is {name}. Nothing is scripted."


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the command end as any other does whose output nobody reads."""
        raise BrokenPipeError


class Screen:
    """Prints the demo, one part after the other."""

    def __init__(self, *, color: bool) -> None:
        """Print to stdout.

        Args:
            color: Use colors where stdout is a terminal that has them.
        """
        console = _Console(
            highlight=False, emoji=False, markup=False, no_color=not color
        )
        console.width = min(console.width, _WIDEST)
        self._console = console

    @property
    def watched(self) -> bool:
        """Whether there is a terminal, and so perhaps somebody who watches."""
        return self._console.is_terminal

    def introduce(self, model: str | None) -> None:
        """Say what this is and which model answers."""
        self._console.print(Text(f"headroom-langchain {__version__}", style="bold"))
        told = _SCRIPTED if model is None else _REAL.format(name=model)
        self._print(Text(told))

    def show_excerpts(self, excerpts: Sequence[Excerpted]) -> None:
        """Show what the tools wrote, and what the model is sent of it."""
        self._head("What two commands wrote on this machine")
        commands = _grid(2, right=(1,))
        for excerpt in excerpts:
            size = f"{len(excerpt.output.raw):,} bytes"
            commands.add_row(excerpt.output.command, size)
        self._print(commands)
        self._head("What the model is sent")
        self._print(_figures(excerpts))
        for excerpt in excerpts:
            self._console.line()
            self._print(_panel(excerpt))

    def answering(self, question: str) -> LiveAnswer:
        """Show the question, and make room for the answer."""
        self._head("The answer, as it arrives")
        self._print(Text(question, style="bold"))
        return LiveAnswer(self._console)

    def show_totals(self, totals: Totals, exact: tuple[int, int] | None) -> None:
        """Show what the call came to, retrieval included."""
        self._head("Tokens")
        net = totals.after + totals.retrieved
        table = _grid(3, right=(1, 2))
        table.add_row("", Text("tokens", style="dim"), Text("saved", style="dim"))
        table.add_row("without headroom", f"{totals.before:,}", "")
        table.add_row(
            "compressed", f"{totals.after:,}", _saved(totals.before, totals.after)
        )
        table.add_row("with what was retrieved", f"{net:,}", _saved(totals.before, net))
        if totals.rounds > 1:
            table.add_row(
                f"sent in {totals.rounds} rounds, if nothing is cached",
                f"{totals.sent:,}",
                _saved(totals.before, totals.sent),
            )
        self._print(table)
        told = "These are estimates."
        if exact is not None:
            before, after = exact
            told += (
                f" o200k_base counts {before:,} before and {after:,} with what was "
                f"retrieved: {_saved(before, after)} saved."
            )
        self._print(Text(told, style="dim"))

    def show_proofs(self, proofs: Sequence[Proof]) -> None:
        """Show that what was left out can come back, to the last byte."""
        self._head("The originals, as the store returns them")
        table = _grid(4, right=(1,))
        for proof in proofs:
            verdict = Text("equal", style="green") if proof.equal else Text("DIFFERENT")
            table.add_row(
                proof.name,
                f"{proof.size:,} bytes",
                f"sha256 {proof.returned[:16]}",
                verdict,
            )
        self._print(table)

    def _head(self, title: str) -> None:
        self._console.print()
        self._console.print(Rule(Text(title, style="bold"), align="left", style="dim"))

    def _print(self, what: RenderableType) -> None:
        self._console.print(Padding(what, _INDENT))


class LiveAnswer:
    """An answer under way: what the model says, and what it asks for.

    The paragraph being written is live; what is complete stands above it for good,
    so that an answer may be longer than the screen.
    """

    def __init__(self, console: Console) -> None:
        """Start with nothing said."""
        self._console = console
        self._paragraph = ""
        self._asked_last = False
        self._live = Live(
            Text(), console=console, refresh_per_second=20, transient=True
        )

    def __enter__(self) -> Self:
        """Show it live from here on."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it on the screen."""
        self._finish_paragraph()
        self._live.stop()

    def say(self, text: str) -> None:
        """Add a piece of text."""
        *whole, rest = (self._paragraph + text).split("\n\n")
        for paragraph in whole:
            self._paragraph = paragraph
            self._finish_paragraph()
        self._paragraph = rest.lstrip("\n")
        self._live.update(self._shown())

    def retrieved(self, retrieval: RetrievalReport) -> None:
        """Add a line about a retrieval that the caller of a model never sees."""
        self._finish_paragraph()
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(style="cyan")
        line.add_column(style="dim", overflow="fold")
        line.add_column(style="dim", justify="right", no_wrap=True)
        tokens = f"{retrieval.tokens:,} tokens"
        line.add_row(">", _call(retrieval.arguments), tokens)
        above = () if self._asked_last else (Text(),)
        self._console.print(*above, Padding(line, _INDENT), sep="\n")
        self._asked_last = True

    def _finish_paragraph(self) -> None:
        if self._paragraph.strip():
            shown = self._shown()
            self._paragraph = ""
            self._live.update(Text())
            self._console.print(shown)
            self._asked_last = False

    def _shown(self) -> RenderableType:
        if not self._paragraph:
            return Text()
        return Group(Text(), Padding(Text(self._paragraph.rstrip()), _INDENT))


def _grid(columns: int, *, right: Sequence[int] = ()) -> Table:
    table = Table.grid(padding=(0, 3))
    for column in range(columns):
        table.add_column(justify="right" if column in right else "left")
    return table


def _figures(excerpts: Sequence[Excerpted]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("output")
    for name in ("tokens", "sent", "saved"):
        table.add_column(name, justify="right")
    table.add_column("not shown")
    for excerpt in excerpts:
        block = excerpt.block
        table.add_row(
            excerpt.output.name,
            f"{block.tokens_before:,}",
            f"{block.tokens_after:,}",
            _saved(block.tokens_before, block.tokens_after),
            block.omitted or "nothing is left out",
        )
    return table


def _panel(excerpt: Excerpted) -> Panel:
    """Show the first lines of an excerpt and its last one, the marker."""
    *lines, last = excerpt.text.split("\n")
    head = Text("\n".join(map(_printable, lines[:_LINES])), no_wrap=True)
    head.overflow = "ellipsis"
    parts: list[RenderableType] = [head]
    if len(lines) > _LINES:
        more = f"({len(lines) - _LINES} more lines of the excerpt)"
        parts.append(Text(more, style="dim"))
    parts.append(Text(_printable(last), style="cyan"))
    return Panel(
        Group(*parts),
        title=Text(excerpt.output.name),
        title_align="left",
        border_style="dim",
    )


def _printable(line: str) -> str:
    """Replace what a terminal would obey instead of showing it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def _saved(before: int, after: int) -> str:
    return f"{100 * (1 - after / max(1, before)):.1f} %"


def _call(arguments: str) -> str:
    """Write a call of the tool as it would stand in code, its hash cut short."""
    try:
        given = json.loads(arguments)
        named = {str(name): str(value) for name, value in given.items()}
    except (ValueError, AttributeError):
        return f"{RETRIEVE_TOOL_NAME}({arguments})"
    named["hash"] = f"{named.get('hash', '')[:_DIGITS]}..."
    listed = ", ".join(f"{name}={value}" for name, value in named.items())
    return f"{RETRIEVE_TOOL_NAME}({listed})"
