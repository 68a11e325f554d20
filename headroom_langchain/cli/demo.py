"""`headroom-langchain demo`: the whole loop, on output of this machine."""

from __future__ import annotations

import hashlib
import io
import sys
import time
from typing import TYPE_CHECKING, Final

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage

from headroom_langchain.ccr.rounds.record import expand
from headroom_langchain.chat_model import HeadroomChatModel
from headroom_langchain.cli.demo_script import QUESTION, scripted_model
from headroom_langchain.cli.demo_sources import import_times, installed_packages
from headroom_langchain.cli.demo_values import Excerpted, Proof, Totals
from headroom_langchain.cli.failure import CommandError
from headroom_langchain.cli.files import to_bytes
from headroom_langchain.compressing import compress
from headroom_langchain.exact_tokens import exact_counter

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from langchain_core.messages import BaseMessage

    from headroom_langchain.cli.demo_screen import Screen
    from headroom_langchain.cli.demo_values import Output
    from headroom_langchain.reports.report import CallReport

_PAUSE: Final = 0.02
"""Seconds between two pieces of a scripted answer, for people who watch."""


def demo(options: Namespace) -> None:
    """Show the loop, from two outputs of this machine to one answer.

    Raises:
        CommandError: rich is missing, the model cannot be had or fails, or an
            original did not come back.
    """
    screen = _screen(color=not options.no_color)
    llm = _model(options.model)
    screen.introduce(options.model)
    outputs = [import_times(), installed_packages()]
    messages = conversation(outputs)
    excerpts = _excerpts(outputs, messages, llm)
    screen.show_excerpts(excerpts)
    answer = _stream(llm, messages, screen, paced=options.model is None)
    if llm.report is not None:
        screen.show_totals(_estimated(llm.report), _exact(excerpts, answer))
    proofs = [_proof(excerpt, llm) for excerpt in excerpts]
    screen.show_proofs(proofs)
    if not all(proof.equal for proof in proofs):
        msg = "an original did not come back as it was"
        raise CommandError(msg)


def conversation(outputs: Sequence[Output]) -> list[BaseMessage]:
    """Return the question, the calls and the outputs as an agent would have them."""
    calls = [
        {"name": "shell", "args": {"command": output.command}, "id": f"call_{number}"}
        for number, output in enumerate(outputs)
    ]
    results = [
        ToolMessage(output.text, tool_call_id=call["id"])
        for output, call in zip(outputs, calls, strict=True)
    ]
    return [HumanMessage(QUESTION), AIMessage("", tool_calls=calls), *results]


def _screen(*, color: bool) -> Screen:
    try:
        from headroom_langchain.cli.demo_screen import Screen
    except ImportError as error:
        msg = "the demo needs rich: pip install 'headroom-langchain[cli]'"
        raise CommandError(msg) from error
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Outputs have characters that not every terminal can show.
        sys.stdout.reconfigure(errors="replace")
    return Screen(color=color)


def _model(name: str | None) -> HeadroomChatModel:
    if name is None:
        return HeadroomChatModel(scripted_model())
    try:
        return HeadroomChatModel(name)
    except Exception as error:  # each provider has its own errors
        msg = f"no model {name!r}: {error}"
        raise CommandError(msg) from error


def _excerpts(
    outputs: Sequence[Output], messages: Sequence[BaseMessage], llm: HeadroomChatModel
) -> list[Excerpted]:
    """Compress beforehand what the model is about to compress to the same bytes."""
    result = compress(messages, store=llm.store, model=llm.inner)
    first = len(messages) - len(outputs)
    blocks = [block for block in result.blocks if block.message >= first]
    return [
        Excerpted(output=output, block=block, text=message.text)
        for output, block, message in zip(
            outputs, blocks, result.messages[first:], strict=True
        )
    ]


def _stream(
    llm: HeadroomChatModel,
    messages: Sequence[BaseMessage],
    screen: Screen,
    *,
    paced: bool,
) -> AIMessage:
    """Stream the answer to the screen, with the retrievals as they happen."""
    whole: AIMessageChunk | None = None
    told = 0
    chunks = llm.stream(list(messages))
    with screen.answering(QUESTION) as live:
        while (chunk := _next(chunks)) is not None:
            whole = chunk if whole is None else whole + chunk
            retrievals = llm.report.retrievals if llm.report else ()
            for retrieval in retrievals[told:]:
                live.retrieved(retrieval)
            told = len(retrievals)
            live.say(chunk.text)
            if paced and screen.watched:
                time.sleep(_PAUSE)
    return whole or AIMessage("")


def _next(chunks: Iterator[AIMessageChunk]) -> AIMessageChunk | None:
    try:
        return next(chunks, None)
    except Exception as error:  # each provider has its own errors
        msg = f"the model failed: {type(error).__name__}: {error}"
        raise CommandError(msg) from error


def _estimated(report: CallReport) -> Totals:
    """Add up a call; a round is sent what the rounds before it retrieved."""
    sent = sum(
        report.tokens_after
        + sum(r.tokens for r in report.retrievals if r.round < number)
        for number in range(1, report.rounds + 1)
    )
    return Totals(
        before=report.tokens_before,
        after=report.tokens_after,
        retrieved=sum(retrieval.tokens for retrieval in report.retrievals),
        rounds=report.rounds,
        sent=sent,
    )


def _exact(excerpts: Sequence[Excerpted], answer: AIMessage) -> tuple[int, int] | None:
    """Count the tokens before, and after with what was retrieved, if that is free."""
    count = exact_counter()
    if count is None:
        return None
    hidden, _ = expand([answer])
    retrieved = [m.text for m in hidden if isinstance(m, ToolMessage)]
    before = sum(count(excerpt.output.text) for excerpt in excerpts)
    after = sum(count(text) for text in [*(e.text for e in excerpts), *retrieved])
    return before, after


def _proof(excerpt: Excerpted, llm: HeadroomChatModel) -> Proof:
    """Compare what the command wrote with what the store gives back."""
    key = excerpt.block.key
    original = llm.store.get(key) if key else None
    returned = original.content if original else excerpt.output.text if not key else ""
    return Proof(
        name=excerpt.output.name,
        size=len(excerpt.output.raw),
        written=hashlib.sha256(excerpt.output.raw).hexdigest(),
        returned=hashlib.sha256(to_bytes(returned)).hexdigest(),
    )
