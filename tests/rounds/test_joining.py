"""The contents of rounds become one content, in a form that readers know."""

from __future__ import annotations

from typing import Any

import pytest

from headroom_langchain.ccr.rounds.joining import joined_content

LOOK = {"type": "text", "text": "Look."}
THINK = {"type": "thinking", "thinking": "Hm.", "signature": "s"}


@pytest.mark.parametrize(
    ("contents", "joined"),
    [
        (["Look.", "Full."], "Look.\n\nFull."),
        (["Look. ", "Full."], "Look. Full."),
        (["", "Full."], "Full."),
        ([[], "Full."], "Full."),
        ([[LOOK], "Full."], [LOOK, {"type": "text", "text": "\n\nFull."}]),
        ([[THINK], "Full."], [THINK, {"type": "text", "text": "Full."}]),
        (["Look.", [LOOK]], [LOOK, {"type": "text", "text": "\n\nLook."}]),
        ([[], []], []),
        (["", ""], ""),
    ],
)
def test_texts_stay_a_text_and_blocks_stay_blocks(contents: Any, joined: Any) -> None:
    """No text stands bare among blocks, and none is lost."""
    assert joined_content(contents) == joined
