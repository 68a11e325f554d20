"""Counts of several rounds become the counts of one answer."""

from __future__ import annotations

from typing import Any

from headroom_langchain.ccr.rounds.counting import (
    summed_usage,
    with_all_counts,
    with_all_logprobs,
)


def test_counts_are_added_wherever_a_client_leaves_them() -> None:
    """Numbers are added, also inside; what is no number is the last round's."""
    first = {"usage": {"input_tokens": 7, "tier": "a", "cache": {"read": 2}}}
    last = {"usage": {"input_tokens": 9, "tier": "b", "cache": {"read": 3, "new": 1}}}
    assert with_all_counts({**last, "model": "x"}, [first, last]) == {
        "usage": {"input_tokens": 16, "tier": "b", "cache": {"read": 5, "new": 1}},
        "model": "x",
    }


def test_what_is_missing_in_a_round_adds_nothing() -> None:
    """A round without counts, or with a count of None, changes no sum."""
    last = {"token_usage": {"total": 4, "details": None, "cached": True}}
    rounds: list[dict[str, Any]] = [
        {},
        {"token_usage": {"total": None, "details": {"n": 1}}},
        last,
    ]
    assert with_all_counts(last, rounds) == {
        "token_usage": {"total": 4, "details": {"n": 1}, "cached": True}
    }
    assert with_all_counts({"usage": "many"}, [last]) == {"usage": "many"}
    assert summed_usage(None, None) is None


def test_log_probabilities_run_on() -> None:
    """Those of all rounds stand in one list, as the chunks of a stream have them."""
    first = {"logprobs": {"content": [1, 2], "refusal": None}}
    last = {"logprobs": {"content": [3], "refusal": None}, "stop": "end"}
    told = with_all_logprobs(last, [first, {"logprobs": None}, last])
    assert told == {"logprobs": {"content": [1, 2, 3], "refusal": None}, "stop": "end"}
    assert with_all_logprobs({"stop": "end"}, [{}]) == {"stop": "end"}
