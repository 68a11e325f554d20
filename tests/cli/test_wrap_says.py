"""What `wrap` says in the end."""

from __future__ import annotations

import pytest

from headroom_langchain.cli.saved import Saved
from headroom_langchain.reports.report import BlockReport, RetrievalReport
from headroom_langchain.serve.handled import Handled


def _block(before: int, after: int) -> BlockReport:
    return BlockReport(
        message=0,
        role="tool",
        tool="read_log",
        kind="logs",
        key=None,
        omitted="",
        tokens_before=before,
        tokens_after=after,
        skipped=None,
    )


def _handled(
    blocks: tuple[BlockReport, ...] = (), retrievals: tuple[RetrievalReport, ...] = ()
) -> Handled:
    return Handled(
        id="a",
        at=0.0,
        method="POST",
        path="/v1/messages",
        dialect="messages",
        blocks=blocks,
        retrievals=retrievals,
    )


ASKED = RetrievalReport(round=1, arguments="{}", tokens=40, error=False)


@pytest.mark.parametrize(
    ("handled", "told"),
    [
        ([], "0 requests"),
        ([_handled()], "1 request, nothing to compress"),
        ([_handled((_block(9, 9),))] * 2, "2 requests, nothing to compress"),
        (
            [_handled((_block(3000, 300), _block(1000, 100)))],
            "1 request, 4,000 -> 400 tokens of messages (90 % less)",
        ),
        (
            [_handled((_block(200, 100),), (ASKED, ASKED)), _handled()],
            (
                "2 requests, 200 -> 180 tokens of messages (10 % less), "
                "2 retrievals of 80 tokens"
            ),
        ),
    ],
)
def test_what_was_saved_is_told_in_one_line(handled: list[Handled], told: str) -> None:
    """Requests, tokens before and after, and what retrievals took of it."""
    saved = Saved()
    for one in handled:
        saved.began()
        saved.ended(one)
    assert saved.told() == told
