"""What a rule keeps is shown, in the words of the text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain import CompressionPolicy, InMemoryCCRStore, compress_text
from headroom_langchain.compression.kept import kept
from headroom_langchain.rules.tool_rule import ToolRule

LOG = "\n".join(f"10:00:{n % 60:02} INFO served request {n}" for n in range(3000))
HOSTS = [{"host": f"web-{n}", "used": 40 + n % 30, "up": True} for n in range(900)]
CODE = "\n\n".join(
    f"def handler_{n}(request):\n    value = request.get({n})\n    return value * {n}"
    for n in range(400)
)
TABLE = "\n".join(["id,host,load", *(f"{n},web-{n},{n % 7}" for n in range(1500))])
PROSE = "\n\n".join(f"## Part {n}\n\nSome words about part {n}." for n in range(500))
SAMPLES = {
    "log": (LOG, r"request 1234$", "10:00:34 INFO served request 1234"),
    "json on one line": (
        json.dumps(HOSTS),
        r'"web-437"',
        json.dumps(HOSTS[437]),
    ),
    "json on many lines": (
        json.dumps(HOSTS, indent=2),
        r"web-437\b",
        '"host": "web-437",',
    ),
    "code": (CODE, r"handler_211\b", "def handler_211(request):"),
    "table": (TABLE, r"^777,", "777,web-777,0"),
    "prose": (PROSE, r"part 333\.", "Some words about part 333."),
}


def shown(text: str, *patterns: str, policy: CompressionPolicy | None = None) -> str:
    policy = policy or CompressionPolicy()
    rule = ToolRule(keep=patterns)
    result = compress_text(
        text,
        policy=policy.model_copy(update={"tools": {"run": rule}}),
        store=InMemoryCCRStore(),
        tool="run",
    )
    assert result.skipped is None
    assert result.tokens_after < result.tokens_before / 2
    return result.text


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_what_a_rule_keeps_is_shown(name: str) -> None:
    """A line that a pattern is found in is in the excerpt, whatever the kind."""
    text, pattern, line = SAMPLES[name]
    assert line not in shown(text)
    assert line in shown(text, pattern)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_is_shown_at_the_smallest_budget(name: str) -> None:
    """What is kept does not count against the budget."""
    text, pattern, line = SAMPLES[name]
    assert line in shown(text, pattern, policy=CompressionPolicy(budget=0.01))


def test_what_is_in_view_is_not_repeated() -> None:
    """A line that the excerpt shows anyway stands there once."""
    assert shown(LOG, r"request 0$").count("served request 0\n") == 1


def test_a_pattern_that_matches_everything_sends_the_original() -> None:
    """What a rule would fill goes out whole, never larger."""
    rule = ToolRule(keep=(".",))
    result = compress_text(
        LOG,
        policy=CompressionPolicy(tools={"*": rule}),
        store=InMemoryCCRStore(),
    )
    assert result.text == LOG
    assert result.skipped == "nothing to rewrite"


def test_a_pattern_may_end_at_the_end_of_a_line_of_windows() -> None:
    """`$` matches before a carriage return and a line feed, as before the latter."""
    assert "served request 1234\n" in shown(LOG.replace("\n", "\r\n"), r"request 1234$")


def test_a_pattern_may_only_look_ahead() -> None:
    """A line is kept for what it has, though no character of it is matched."""
    assert "served request 1234\n" in shown(LOG, r"^(?=.*1234)(?=.*served)")


def test_places_of_a_very_long_line_do_not_repeat_each_other() -> None:
    """A match within a place that is shown makes no further one."""
    text = "".join(f"<{number}>" for number in range(10_000, 12_000))
    piece = "\n".join(kept(text, shown="", patterns=(r"\d",), json=False))
    numbers = [f"<{number}>" for number in range(10_000, 12_000)]
    assert max(piece.count(number) for number in numbers) == 1
    assert sum(number in piece for number in numbers) > 1_800


def test_of_a_very_long_line_the_place_is_shown() -> None:
    """A line of a megabyte is not kept whole for one word in it."""
    text = "word " * 100_000 + "needle " + "word " * 100_000
    (piece,) = kept(text, shown="", patterns=("needle",), json=False)
    assert "…" in piece
    assert "needle" in piece
    assert len(piece) < 400


LINES = st.lists(st.text('ab {}[]":,1\r', max_size=12), max_size=30)


@settings(deadline=None, max_examples=200)
@given(lines=LINES, json_like=st.booleans())
def test_every_match_is_in_view(*, lines: list[str], json_like: bool) -> None:
    """Whatever the text is, each line with a match is shown, or nearly all of it."""
    text = "\n".join(lines)
    piece = "\n".join(kept(text, shown="", patterns=("a",), json=json_like))
    matching = [line for line in text.split("\n") if "a" in line]
    assert bool(piece) == bool(matching)
    if not json_like and len(piece) < len(text):
        for line in matching:
            assert line.strip("\r") in piece


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_what_a_rule_keeps_whole_goes_out_whole(ends: str) -> None:
    """When nearly every line is kept, the original says it in fewer words."""
    text = LOG.replace("\n", ends)
    rule = ToolRule(keep=("request",))
    policy = CompressionPolicy(tools={"*": rule})
    assert compress_text(text, policy=policy, store=InMemoryCCRStore()).text == text


def test_the_count_of_what_is_hidden_tells_what_is_kept() -> None:
    """The last line is honest about lines that a rule brought back."""
    last = shown(LOG, r"request 1234$", r"request 1235$").splitlines()[-1]
    assert "lines (2 kept) hidden" in last
