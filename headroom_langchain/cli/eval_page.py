"""An evaluation as one page of HTML that needs nothing else.

It has no script and loads nothing; texts are escaped, so that what stands in a tool
output stays text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from typing import Final

from headroom_langchain.display.compared import compared, plain
from headroom_langchain.display.html import drawn, sheet
from headroom_langchain.display.legible import legible
from headroom_langchain.display.view import counted, saved
from headroom_langchain.evaluation.answers import Answer, Answers
from headroom_langchain.evaluation.replay import Replayed, Text
from headroom_langchain.evaluation.results import Evaluation
from headroom_langchain.evaluation.saved import short_names
from headroom_langchain.evaluation.summary import KindFigures, Summary

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
    own = resources.files(__package__).joinpath("eval_page.css").read_text("utf-8")
    parts = [
        f"{_HEAD}<style>{sheet()}{own}</style></head><body>",
        '<main class="headroom page" style="overflow-wrap:anywhere">',
        "<h1>What compression would do</h1>",
        f"<p>{_word(_intro(evaluation))}</p>",
        _tiles(evaluation.summary),
        *_kinds(evaluation.summary),
        *_conversations(evaluation.replayed, texts=texts),
        *(_answers(evaluation) if texts else ()),
        *_unread(evaluation),
        "</main></body></html>",
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
        (saved(plain, compressed), "tokens saved", ""),
        (f"{plain:,} → {compressed:,}", f"tokens in {summary.requests:,} requests", ""),
        (saved(summary.cost_plain, summary.cost_compressed), "cost saved", ""),
        (
            f"{summary.cost_plain:.4f} → {summary.cost_compressed:.4f}",
            "cost with the prompt cache",
            "",
        ),
        (f"{summary.breaks}", "prefix breaks", " bad" if summary.breaks else ""),
    ]
    inner = "".join(
        f'<div class="tile{mood}"><b>{value}</b>'
        f'<span class="hr-soft">{name}</span></div>'
        for value, name, mood in tiles
    )
    return f'<div class="tiles">{inner}</div>'


def _kinds(summary: Summary) -> Iterator[str]:
    names = ("kind", "texts", "before", "after", "saved", "", "parts hidden in")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    yield '<h2>Texts by kind</h2><div class="wide" tabindex="0"><table class="kinds">'
    yield f"<tr>{heads}</tr>"
    for each in summary.kinds:
        yield _kind(each)
    yield "</table></div>"


def _kind(each: KindFigures) -> str:
    before, after = each.tokens_before, each.tokens_after
    if each.left:
        cells = [f"left alone: {_word(each.kind)}", f"{each.texts:,}", f"{before:,}"]
        cells += [""] * 4
    else:
        cells = [_word(each.kind), f"{each.texts:,}", f"{before:,}", f"{after:,}"]
        cells += [saved(before, after), _bar(before, after), f"{each.hidden:,}"]
    left = ' class="left"' if each.left else ""
    return f"<tr{left}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _conversations(replayed: Sequence[Replayed], *, texts: bool) -> Iterator[str]:
    yield "<h2>Conversations and files</h2>"
    names = short_names([each.name for each in replayed])
    for each, name in zip(replayed, names, strict=True):
        before, after = each.plain.tokens, each.compressed.tokens
        breaks = f", {each.breaks} prefix breaks" if each.breaks else ""
        yield (
            f"<details><summary>{_word(name)} {_bar(before, after)} "
            f'<span class="hr-soft">{before:,} → {after:,} tokens in '
            f"{counted(each.requests, 'request')}, {saved(before, after)} saved"
            f"{breaks}</span></summary>"
        )
        yield from (f"<p>{_word(note)}</p>" for note in each.notes)
        for text in each.texts:
            yield from _text(text, texts=texts)
        yield "</details>"


def _text(text: Text, *, texts: bool) -> Iterator[str]:
    report = text.report
    tool = _word(report.tool or report.role)
    before, after = report.tokens_before, report.tokens_after
    if report.skipped is not None:
        told = f"left alone: {_word(report.skipped)}, {before:,} tokens"
    else:
        hidden = f"; {_word(report.omitted)} hidden" if report.omitted else ""
        told = (
            f"{_word(report.kind or '')}, {before:,} → {after:,} tokens, "
            f"{saved(before, after)} saved{hidden}"
        )
    yield (
        f"<details><summary>message {report.message}, {tool} {_bar(before, after)} "
        f'<span class="hr-soft">{told}</span></summary>'
    )
    if texts:
        changed = report.skipped is None
        yield compared(text.before, text.after) if changed else plain(text.before)
    yield "</details>"


def _answers(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.answers:
        yield f"<h2>Answers of {_word(evaluation.model or '')}</h2>"
    for each in evaluation.answers:
        yield from _pair(each)


def _pair(answers: Answers) -> Iterator[str]:
    yield f"<details open><summary>{_word(answers.question)} "
    yield f'<span class="hr-soft">{_word(answers.name)}</span></summary>'
    yield '<div class="hr-two">'
    for name, answer in (
        ("the whole conversation", answers.plain),
        ("the compressed one", answers.compressed),
    ):
        yield f"<div><h3>{name}{_usage(answer)}</h3>"
        calls = f"\ncalls {', '.join(answer.calls)}" if answer.calls else ""
        told = answer.error or f"{answer.text}{calls}"
        yield f'<div class="answer">{_word(told.strip())}</div></div>'
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
        yield f"<p>{_word(each.name)}: {_word(each.reason)}</p>"


def _bar(before: int, after: int) -> str:
    return drawn(before, after, before or 1)


def _word(text: str) -> str:
    return escape(legible(text))
