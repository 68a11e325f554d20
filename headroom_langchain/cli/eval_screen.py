"""An evaluation in the terminal: three tables, and what a model answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from headroom_langchain.evaluation.answers import Answer, Answers
from headroom_langchain.evaluation.replay import Replayed
from headroom_langchain.evaluation.results import Evaluation
from headroom_langchain.evaluation.saved import short_names
from headroom_langchain.evaluation.summary import KindFigures, Summary, saved_percent

_WIDEST: Final = 110
_MOST_ROWS: Final = 20
_MOST_ANSWER: Final = 600


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the command end as any other does whose output nobody reads."""
        raise BrokenPipeError


def show(evaluation: Evaluation, *, color: bool) -> None:
    """Print an evaluation to stdout.

    Args:
        evaluation: What was found out.
        color: Use colors where stdout is a terminal that has them.
    """
    console = _Console(highlight=False, emoji=False, markup=False, no_color=not color)
    console.width = min(console.width, _WIDEST)
    for part in _parts(evaluation):
        console.print(part)


def _parts(evaluation: Evaluation) -> Iterable[RenderableType]:
    summary = evaluation.summary
    yield _kinds(summary)
    yield Text()
    yield _conversations(evaluation.replayed)
    yield Text()
    yield _totals(summary)
    for answers in evaluation.answers:
        yield Text()
        yield _answers(answers)
    yield Text()
    yield Text(_footnote(evaluation), style="dim")


def _kinds(summary: Summary) -> Table:
    table = _table("Texts", "texts", "before", "after", "saved", "parts hidden in")
    for each in summary.kinds:
        table.add_row(*_kind(each), style="dim" if each.left else "")
    return table


def _kind(each: KindFigures) -> tuple[str, ...]:
    if each.left:
        name = f"left alone: {each.kind}"
        return (name, f"{each.texts:,}", f"{each.tokens_before:,}", "", "", "")
    return (
        each.kind,
        f"{each.texts:,}",
        f"{each.tokens_before:,}",
        f"{each.tokens_after:,}",
        _saved(each.tokens_before, each.tokens_after),
        f"{each.hidden:,}",
    )


def _conversations(replayed: tuple[Replayed, ...]) -> Table:
    heading = "Conversations and files"
    table = _table(heading, "requests", "sent", "compressed", "saved", "prefix breaks")
    names = short_names([each.name for each in replayed])
    pairs = zip(replayed, names, strict=True)
    largest = sorted(pairs, key=lambda pair: -pair[0].plain.tokens)
    for each, name in largest[:_MOST_ROWS]:
        table.add_row(
            name,
            f"{each.requests:,}",
            f"{each.plain.tokens:,}",
            f"{each.compressed.tokens:,}",
            _saved(each.plain.tokens, each.compressed.tokens),
            Text(f"{each.breaks}", style="bold red" if each.breaks else ""),
        )
    if len(largest) > _MOST_ROWS:
        more = len(largest) - _MOST_ROWS
        table.add_row(f"and {more} smaller", "", "", "", "", "", style="dim")
    return table


def _totals(summary: Summary) -> Table:
    table = _table("All requests", "tokens", "of them cached", "cost", "saved")
    plain, compressed = summary.plain, summary.compressed
    table.add_row(
        "as they are",
        f"{plain.tokens:,}",
        f"{plain.cached:,}",
        f"{summary.cost_plain:.4f}",
        "",
    )
    table.add_row(
        "compressed",
        f"{compressed.tokens:,}",
        f"{compressed.cached:,}",
        f"{summary.cost_compressed:.4f}",
        _saved(summary.cost_plain, summary.cost_compressed),
        style="bold",
    )
    return table


def _answers(answers: Answers) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("asked", Text(answers.question[:_MOST_ANSWER], style="bold"))
    table.add_row("as it is", _answer(answers.plain))
    table.add_row("compressed", _answer(answers.compressed))
    return table


def _answer(answer: Answer) -> Text:
    if answer.error is not None:
        return Text(answer.error, style="red")
    text = answer.text
    if len(text) > _MOST_ANSWER:
        text = f"{text[:_MOST_ANSWER]}…"
    told = [text, f"calls {', '.join(answer.calls)}" if answer.calls else ""]
    if answer.input_tokens is not None:
        told.append(f"{answer.input_tokens:,} in, {answer.output_tokens:,} out")
    if answer.retrievals:
        told.append(f"{answer.retrievals} retrieved")
    return Text("\n".join(part for part in told if part))


def _footnote(evaluation: Evaluation) -> str:
    prices = evaluation.summary.prices
    counted = evaluation.counted
    how = "estimated" if counted == "estimate" else f"counted in {counted}"
    first = (
        f"Tokens are {how}. Compressed requests include the definition of the "
        "retrieval tool, not what a model would retrieve. Cost is per million "
        f"{prices.fresh:.2f}, cached {prices.cached:.2f}."
    )
    lines = [first]
    lines += [f"not read: {each.name}: {each.reason}" for each in evaluation.unread]
    notes = dict.fromkeys(note for each in evaluation.replayed for note in each.notes)
    lines += [f"note: {note}" for note in notes]
    return "\n".join(lines)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, overflow="fold", ratio=1)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    table.expand = True
    return table


def _saved(before: float, after: float) -> str:
    return f"{saved_percent(before, after):.1f} %"
