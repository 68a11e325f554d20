"""`headroom-langchain eval`: what compression would do to somebody's own texts."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from headroom_langchain.cli.failure import CommandError
from headroom_langchain.cli.files import to_bytes
from headroom_langchain.cli.policy_file import read_policy
from headroom_langchain.evaluation.replay import Replay
from headroom_langchain.evaluation.results import Evaluation
from headroom_langchain.evaluation.saved import Conversation, read_saved
from headroom_langchain.evaluation.summary import Prices, saved_percent, summarize
from headroom_langchain.exact_tokens import ENCODING, exact_counter
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from headroom_langchain.evaluation.answers import Answers
    from headroom_langchain.evaluation.replay import Text


def evaluate(options: Namespace) -> None:
    """Evaluate the files and folders that the options name.

    Raises:
        CommandError: There is nothing to evaluate, the model cannot be had, the
            page cannot be written, or rich is missing.
    """
    evaluation = _evaluated(options)
    if options.html:
        _write_page(evaluation, options)
    if options.json:
        print(_as_json(evaluation, texts=not options.no_texts))
        return
    try:
        from headroom_langchain.cli.eval_screen import show
    except ImportError as error:
        msg = "the table needs rich: pip install 'headroom-langchain[cli]', or --json"
        raise CommandError(msg) from error
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    show(evaluation, color=not options.no_color)
    if options.html:
        print(f"written: {options.html}", file=sys.stderr)


def _evaluated(options: Namespace) -> Evaluation:
    saved = list(read_saved(options.paths, tool=options.tool, question=options.ask))
    conversations = [each for each in saved if isinstance(each, Conversation)]
    unread = [each for each in saved if not isinstance(each, Conversation)]
    if not conversations:
        reasons = "; ".join(f"{each.name!r}: {each.reason}" for each in unread)
        msg = f"nothing to evaluate: {reasons or 'no files there'}"
        raise CommandError(msg)
    policy = _policy(options)
    exact = exact_counter()
    replay = Replay(policy, exact or estimate_tokens)
    replayed = tuple(replay.run(conversation) for conversation in conversations)
    prices = Prices(fresh=options.price, cached=options.cached_price)
    return Evaluation(
        replayed=replayed,
        summary=summarize(replayed, prices),
        unread=tuple(unread),
        counted=ENCODING if exact else "estimate",
        answers=_answers(options.model, conversations, policy),
        model=options.model,
    )


def _policy(options: Namespace) -> CompressionPolicy:
    changes = {
        "preset": options.preset,
        "budget": options.budget,
        "exclude_tools": () if options.all_tools else None,
    }
    return read_policy(options.policy, changes)


def _answers(
    model: str | None,
    conversations: Sequence[Conversation],
    policy: CompressionPolicy,
) -> tuple[Answers, ...]:
    if model is None:
        return ()
    from headroom_langchain.evaluation.answers import Asking

    try:
        asking = Asking(model, policy)
    except Exception as error:  # each provider has its own errors
        msg = f"no model {model!r}: {error}"
        raise CommandError(msg) from error
    asked = (asking.ask(conversation) for conversation in conversations)
    return tuple(answers for answers in asked if answers is not None)


def _write_page(evaluation: Evaluation, options: Namespace) -> None:
    from headroom_langchain.cli.eval_page import page

    html = page(evaluation, texts=not options.no_texts)
    try:
        Path(options.html).write_bytes(to_bytes(html))
    except OSError as error:
        msg = f"cannot write {options.html!r}: {error.strerror or error}"
        raise CommandError(msg) from error


def _as_json(evaluation: Evaluation, *, texts: bool) -> str:
    """Return one line of ASCII."""
    summary = evaluation.summary
    return json.dumps(
        {
            "summary": {
                **asdict(summary),
                "saved_percent": round(
                    saved_percent(summary.plain.tokens, summary.compressed.tokens), 1
                ),
                "cost_saved_percent": round(
                    saved_percent(summary.cost_plain, summary.cost_compressed), 1
                ),
            },
            "tokens_counted": evaluation.counted,
            "conversations": [
                {
                    "name": each.name,
                    "output": each.output,
                    "requests": each.requests,
                    "plain": asdict(each.plain),
                    "compressed": asdict(each.compressed),
                    "breaks": each.breaks,
                    "notes": each.notes,
                    "texts": [_text(text, whole=texts) for text in each.texts],
                }
                for each in evaluation.replayed
            ],
            "unread": [asdict(each) for each in evaluation.unread],
            "model": evaluation.model,
            "answers": [asdict(each) for each in evaluation.answers if texts],
        }
    )


def _text(text: Text, *, whole: bool) -> dict[str, object]:
    shown = {"after": text.after} if whole and text.report.skipped is None else {}
    return {**asdict(text.report), **shown}
