"""`headroom-langchain compress`: what a model would be sent instead of a file."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headroom_langchain.cli.failure import CommandError
from headroom_langchain.cli.files import open_store, read_text, write
from headroom_langchain.cli.policy_file import read_policy
from headroom_langchain.compressing import compress_text
from headroom_langchain.exact_tokens import ENCODING, exact_counter
from headroom_langchain.reports.results import CompressedText
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from argparse import Namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a compression came to, as people are told."""

    tokens_before: int
    tokens_after: int
    counted: str
    """The encoding that the tokens were counted with, or `estimate`."""
    milliseconds: float

    @property
    def saved(self) -> float:
        """Percent of the tokens that are saved."""
        if not self.tokens_before:
            return 0.0
        return 100 * (1 - self.tokens_after / self.tokens_before)


def compress_file(options: Namespace) -> None:
    """Compress the file that the options name, to stdout.

    Raises:
        CommandError: The file cannot be read, or the store not be written.
    """
    text = read_text(options.file)
    start = time.perf_counter()
    result = _compressed(text, options)
    milliseconds = 1000 * (time.perf_counter() - start)
    exact = exact_counter()
    count = exact or estimate_tokens
    figures = Figures(
        tokens_before=count(text),
        tokens_after=count(result.text),
        counted=ENCODING if exact else "estimate",
        milliseconds=round(milliseconds, 1),
    )
    if options.json:
        print(_as_json(result, figures, options.store))
    else:
        write(result.text)
        if sys.stdout.isatty() and not result.text.endswith("\n"):
            print()
        print(_as_lines(result, figures, options.store), file=sys.stderr)


def _compressed(text: str, options: Namespace) -> CompressedText:
    policy = read_policy(options.policy, {"budget": options.budget})
    store = open_store(options.store, create=True) if options.store else None
    with store or nullcontext():
        result = compress_text(
            text,
            policy=policy,
            store=store,
            tool=options.tool,
            question=options.ask,
        )
    if result.notes:
        raise CommandError("; ".join(result.notes))
    return result


def _as_json(result: CompressedText, figures: Figures, store: str | None) -> str:
    """Return one line of ASCII, bytes that are no UTF-8 as lone surrogates."""
    return json.dumps(
        {
            "text": result.text,
            "kind": result.kind,
            "skipped": result.skipped,
            "rule": result.rule,
            "omitted": result.omitted,
            "key": result.key,
            "store": store,
            "tokens_before": figures.tokens_before,
            "tokens_after": figures.tokens_after,
            "saved_percent": round(figures.saved, 1),
            "tokens_counted": figures.counted,
            "milliseconds": figures.milliseconds,
        }
    )


def _as_lines(result: CompressedText, figures: Figures, store: str | None) -> str:
    how = "estimated" if figures.counted == "estimate" else f"in {figures.counted}"
    tokens = (
        f"{figures.tokens_before:,} before, {figures.tokens_after:,} after, "
        f"{figures.saved:.1f} % saved ({how})"
    )
    rows = [
        ("kind", result.kind or "not looked at"),
        *([("rule", f"tools.{json.dumps(result.rule)}")] if result.rule else []),
        ("tokens", tokens),
        ("time", f"{figures.milliseconds:,.0f} ms"),
    ]
    if result.skipped:
        rows.append(("as it was", result.skipped))
    elif result.key is None:
        rows.append(("left out", "nothing, only rewritten"))
    else:
        rows.append(("left out", result.omitted))
        rows.append(("key", result.key))
        back = f"headroom-langchain retrieve {result.key} --store {store} --whole"
        rows.append(("get it back", back))
    if store is None and result.skipped != "below trigger":
        rows.append(("hint", "--store FILE keeps the original there and saves more"))
    return "\n".join(f"{name:<11} {value}" for name, value in rows)
