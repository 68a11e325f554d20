"""An evaluation as one page of HTML that needs nothing else.

It has no script and loads nothing; texts are escaped, so that what stands in a tool
output stays text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from typing import Final

from headroom_langchain.evaluation.answers import Answer, Answers
from headroom_langchain.evaluation.replay import Replayed, Text
from headroom_langchain.evaluation.results import Evaluation
from headroom_langchain.evaluation.saved import short_names
from headroom_langchain.evaluation.summary import KindFigures, Summary, saved_percent

_MOST: Final = 60_000
"""Characters of one text on the page."""

_HEAD: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>What compression would do</title>"
)


def page(evaluation: Evaluation, *, texts: bool) -> str:
    """Return the page.

    Args:
        evaluation: What was found out.
        texts: Show the texts themselves, before and after. Without them the page
            has figures and the names of files and tools only, and no answers.
    """
    style = resources.files(__package__).joinpath("eval_page.css").read_text("utf-8")
    parts = [
        f"{_HEAD}<style>{style}</style></head><body>",
        "<h1>What compression would do</h1>",
        f"<p>{escape(_intro(evaluation))}</p>",
        _tiles(evaluation.summary),
        *_kinds(evaluation.summary),
        *_conversations(evaluation.replayed, texts=texts),
        *(_answers(evaluation) if texts else ()),
        *_unread(evaluation),
        "</body></html>",
    ]
    return "\n".join(parts)


def _intro(evaluation: Evaluation) -> str:
    counted = evaluation.counted
    how = "estimated" if counted == "estimate" else f"counted in {counted}"
    prices = evaluation.summary.prices
    return (
        f"Tokens are {how}. Compressed requests include the definition of the "
        "retrieval tool, not what a model would retrieve. Cost is per million input "
        f"tokens {prices.fresh:.2f}, cached {prices.cached:.2f}."
    )


def _tiles(summary: Summary) -> str:
    plain, compressed = summary.plain.tokens, summary.compressed.tokens
    tiles = [
        (_saved(plain, compressed), "tokens saved", ""),
        (f"{plain:,} → {compressed:,}", f"tokens in {summary.requests:,} requests", ""),
        (_saved(summary.cost_plain, summary.cost_compressed), "cost saved", ""),
        (
            f"{summary.cost_plain:.4f} → {summary.cost_compressed:.4f}",
            "cost with the prompt cache",
            "",
        ),
        (f"{summary.breaks}", "prefix breaks", " bad" if summary.breaks else ""),
    ]
    inner = "".join(
        f'<div class="tile{mood}"><b>{value}</b><span class="soft">{name}</span></div>'
        for value, name, mood in tiles
    )
    return f'<div class="tiles">{inner}</div>'


def _kinds(summary: Summary) -> Iterator[str]:
    yield "<h2>Texts by kind</h2><table><tr><th>kind<th>texts<th>before<th>after"
    yield "<th>saved<th><th>parts hidden in</tr>"
    for each in summary.kinds:
        yield _kind(each)
    yield "</table>"


def _kind(each: KindFigures) -> str:
    if each.left:
        cells = [f"left alone: {escape(each.kind)}", f"{each.texts:,}"]
        cells += [f"{each.tokens_before:,}", "", "", "", ""]
        return f'<tr class="left"><td>{"<td>".join(cells)}</tr>'
    cells = [
        escape(each.kind),
        f"{each.texts:,}",
        f"{each.tokens_before:,}",
        f"{each.tokens_after:,}",
        _saved(each.tokens_before, each.tokens_after),
        _bar(each.tokens_before, each.tokens_after),
        f"{each.hidden:,}",
    ]
    return f"<tr><td>{'<td>'.join(cells)}</tr>"


def _conversations(replayed: Sequence[Replayed], *, texts: bool) -> Iterator[str]:
    yield "<h2>Conversations and files</h2>"
    names = short_names([each.name for each in replayed])
    for each, name in zip(replayed, names, strict=True):
        before, after = each.plain.tokens, each.compressed.tokens
        breaks = f", {each.breaks} prefix breaks" if each.breaks else ""
        yield (
            f"<details><summary>{escape(name)} {_bar(before, after)} "
            f'<span class="soft">{before:,} → {after:,} tokens in {each.requests:,} '
            f"request{'s' if each.requests > 1 else ''}, {_saved(before, after)} saved"
            f"{breaks}</span></summary>"
        )
        yield from (f"<p>{escape(note)}</p>" for note in each.notes)
        for text in each.texts:
            yield from _text(text, texts=texts)
        yield "</details>"


def _text(text: Text, *, texts: bool) -> Iterator[str]:
    report = text.report
    tool = escape(report.tool or report.role)
    before, after = report.tokens_before, report.tokens_after
    if report.skipped is not None:
        told = f"left alone: {escape(report.skipped)}, {before:,} tokens"
    else:
        hidden = f"; {escape(report.omitted)} hidden" if report.omitted else ""
        told = (
            f"{escape(report.kind or '')}, {before:,} → {after:,} tokens, "
            f"{_saved(before, after)} saved{hidden}"
        )
    yield (
        f"<details><summary>message {report.message}, {tool} {_bar(before, after)} "
        f'<span class="soft">{told}</span></summary>'
    )
    if texts and report.skipped is None:
        shown = frozenset(text.after.split("\n"))
        yield '<div class="two"><div><h3>as it was; colored: not shown</h3><pre>'
        yield _before(text.before, shown)
        yield "</pre></div><div><h3>as it would be sent</h3><pre>"
        yield _after(text.after)
        yield "</pre></div></div>"
    elif texts:
        yield f"<pre>{_cut(text.before)}</pre>"
    yield "</details>"


def _before(text: str, shown: frozenset[str]) -> str:
    """Color what is not shown, where lines of the text are shown at all."""
    lines = text[:_MOST].split("\n")
    if not any(line.strip() and line in shown for line in lines):
        return _cut(text)
    colored = (
        escape(line)
        if line in shown or not line.strip()
        else f'<span class="gone">{escape(line)}</span>'
        for line in lines
    )
    return "\n".join(colored) + _rest(text)


def _after(text: str) -> str:
    marked = (
        f'<span class="mark">{escape(line)}</span>'
        if line.startswith("[") and line.endswith("]")
        else escape(line)
        for line in text[:_MOST].split("\n")
    )
    return "\n".join(marked) + _rest(text)


def _cut(text: str) -> str:
    return escape(text[:_MOST]) + _rest(text)


def _rest(text: str) -> str:
    more = len(text) - _MOST
    return f"… and {more:,} characters more" if more > 0 else ""


def _answers(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.answers:
        yield f"<h2>Answers of {escape(evaluation.model or '')}</h2>"
    for each in evaluation.answers:
        yield from _pair(each)


def _pair(answers: Answers) -> Iterator[str]:
    yield f"<details open><summary>{escape(answers.question)} "
    yield f'<span class="soft">{escape(answers.name)}</span></summary>'
    yield '<div class="two">'
    for name, answer in (
        ("the whole conversation", answers.plain),
        ("the compressed one", answers.compressed),
    ):
        yield f"<div><h3>{name}{_usage(answer)}</h3>"
        calls = f"\ncalls {', '.join(answer.calls)}" if answer.calls else ""
        told = answer.error or f"{answer.text}{calls}"
        yield f'<div class="answer">{escape(told.strip())}</div></div>'
    yield "</div></details>"


def _usage(answer: Answer) -> str:
    told = []
    if answer.input_tokens is not None:
        told.append(f"{answer.input_tokens:,} tokens in")
    if answer.output_tokens is not None:
        told.append(f"{answer.output_tokens:,} out")
    if answer.retrievals:
        told.append(f"{answer.retrievals} retrieved")
    return ": " + ", ".join(told) if told else ""


def _unread(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.unread:
        yield "<h2>Not read</h2>"
    for each in evaluation.unread:
        yield f"<p>{escape(each.name)}: {escape(each.reason)}</p>"


def _bar(before: float, after: float) -> str:
    width = min(100.0, 100 * after / before) if before else 0.0
    return f'<span class="bar"><i style="width:{width:.1f}%"></i></span>'


def _saved(before: float, after: float) -> str:
    return f"{saved_percent(before, after):.1f} %"
