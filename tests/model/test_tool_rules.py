"""One rule for one tool, on every way into the package."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from pydantic import ValidationError

from headroom_langchain import (
    CompressionPolicy,
    CompressionResult,
    ConfigurationError,
    HeadroomChatModel,
    InMemoryCCRStore,
    ToolRule,
    compress,
)
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.sample import Sample
from headroom_langchain.testing import ScriptedChatModel

LOG = "\n".join(f"10:00:{n % 60:02} INFO served request {n}" for n in range(3000))
PROSE = "\n\n".join(f"## Part {n}\n\nSome words about {n}." for n in range(500))
ROWS = json.dumps([{"id": n, "at": n * 7919 % 10_007} for n in range(2000)])


class FirstLine:
    """A compressor of one's own: shows the first line."""

    kind = "first_line"

    def __init__(self, word: str) -> None:
        self.word = word

    def likeness(self, sample: Sample) -> float:
        return 0.0

    def read(self, text: str, sample: Sample, /) -> FirstLine | None:
        return self if self.word in text else None

    def lossless(self) -> str | None:
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        return Excerpt(text=f"seen: {self.word}", omitted="all the rest")

    def budget(self, tokens: int) -> int:
        return tokens // 10


def history(*results: tuple[str, str]) -> list[BaseMessage]:
    calls = [
        {"name": tool, "args": {}, "id": str(at)}
        for at, (tool, _) in enumerate(results)
    ]
    said = [
        ToolMessage(text, tool_call_id=str(at)) for at, (_, text) in enumerate(results)
    ]
    return [HumanMessage("Look."), AIMessage("", tool_calls=calls), *said]


def compressed(
    rules: dict[str, ToolRule], *results: tuple[str, str], **policy: Any
) -> CompressionResult[BaseMessage]:
    return compress(
        history(*results),
        policy=CompressionPolicy(tools=rules, **policy),
        store=InMemoryCCRStore(),
    )


def test_a_rule_holds_for_its_tool_alone() -> None:
    """The results of other tools are treated as without the rule."""
    rules = {"sql_*": ToolRule(compress=False)}
    result = compressed(rules, ("sql_query", ROWS), ("other", ROWS))
    of_sql, other = result.blocks[-2:]
    assert (of_sql.rule, of_sql.skipped) == ("sql_*", "excluded tool")
    assert other == compressed({}, ("sql_query", LOG), ("other", ROWS)).blocks[-1]
    assert other.rule is None


def test_the_first_pattern_that_matches_counts() -> None:
    """A special rule before a general one is the exception to it."""
    rules = {"sql_ddl": ToolRule(compress=False), "SQL_*": ToolRule(budget=0.5)}
    result = compressed(rules, ("sql_ddl", ROWS), ("sql_query", ROWS))
    assert [block.rule for block in result.blocks[-2:]] == ["sql_ddl", "SQL_*"]
    assert result.messages[-2].content == ROWS
    assert result.messages[-1].content != ROWS


def test_a_rule_brings_an_excluded_tool_back() -> None:
    """`compress=True` comes before `exclude_tools`."""
    bare = compressed({}, ("read_file", LOG)).blocks[-1]
    ruled = compressed({"read_file": ToolRule(compress=True)}, ("read_file", LOG))
    assert bare.skipped == "excluded tool"
    assert ruled.blocks[-1].skipped is None


@pytest.mark.parametrize("text", [PROSE, ROWS], ids=["prose", "rows"])
def test_a_budget_makes_more_or_less_of_a_tool(text: str) -> None:
    """Half the budget shows less, twice the budget more."""
    sizes = [
        compressed({"run": ToolRule(budget=budget)}, ("run", text)).tokens_after
        for budget in (0.25, 1.0, 2.5)
    ]
    assert sizes == sorted(set(sizes))


def test_a_trigger_of_its_own() -> None:
    """A tool may be spared up to another size than the rest."""
    rules = {"run": ToolRule(trigger=("tokens", 10**6))}
    spared, other = compressed(rules, ("run", LOG), ("other", LOG)).blocks[-2:]
    assert spared.skipped == "below trigger"
    assert other.skipped is None


def test_a_kind_is_taken_at_its_word() -> None:
    """Results are read as the kind that the rule names, if they can be."""
    as_logs = compressed({"run": ToolRule(kind="logs")}, ("run", ROWS)).blocks[-1]
    assert as_logs.kind == "logs"
    impossible = compressed({"run": ToolRule(kind="json_records")}, ("run", LOG))
    assert impossible.blocks[-1].kind == "logs"


def test_an_unknown_kind_is_an_error() -> None:
    """A rule that can never work is no silent fallback."""
    with pytest.raises(ConfigurationError, match=r"'lgos'.*logs"):
        compressed({"run": ToolRule(kind="lgos")}, ("run", LOG))


def test_a_compressor_for_one_tool() -> None:
    """A compressor of one's own reads the results of its tool, and no others."""
    rules = {"run": ToolRule(compressor=FirstLine("request"))}
    own, other = compressed(rules, ("run", LOG), ("other", LOG)).blocks[-2:]
    assert (own.kind, other.kind) == ("first_line", "logs")
    cannot = compressed(rules, ("run", ROWS)).blocks[-1]
    assert cannot.kind == "json_records"


def test_a_rule_holds_for_one_call() -> None:
    """The configuration of a call may bring rules along."""
    inner = ScriptedChatModel(turns=["fine", "fine"])
    model = HeadroomChatModel(inner)
    messages = history(("run", LOG))
    rules = {"run": {"compress": False}}
    model.invoke(messages, {"configurable": {"headroom_tools": rules}})
    model.invoke(messages)
    first, second = (request.messages[-1].content for request in inner.requests)
    assert first == LOG
    assert second != LOG


def test_rules_are_part_of_a_value() -> None:
    """A policy with rules is compared, hashed, copied, pickled and written."""
    rules = {"a*": ToolRule(budget=2.0), "b": ToolRule(keep=("x",))}
    policy = CompressionPolicy(tools=rules)
    same = [
        copy.deepcopy(policy),
        pickle.loads(pickle.dumps(policy)),  # noqa: S301 - made in this test
        CompressionPolicy.model_validate_json(policy.model_dump_json()),
        CompressionPolicy().model_copy(update={"tools": rules}),
    ]
    assert {policy, *same} == {policy}
    turned = CompressionPolicy(tools=dict(reversed(rules.items())))
    assert turned != policy
    rules.clear()
    assert len(policy.tools) == 2


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("keep", ("(",), "no regular expression"),
        ("keep", ("(a+)+$",), "can run for ever"),
        ("budget", 0, "greater than 0"),
        ("compressor", "logs", "no 'kind'"),
        ("trigger", 250, "tuple"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(field: str, value: Any, says: str) -> None:
    """A mistake shows when the rule is written, and the message names it."""
    with pytest.raises(ValidationError, match=says):
        ToolRule(**{field: value})


def test_a_change_of_a_policy_is_checked() -> None:
    """A copy with a field that there is not, or a value that does not fit, is none."""
    with pytest.raises(ValidationError):
        CompressionPolicy().model_copy(update={"budgets": 2.0})
    with pytest.raises(ValidationError):
        CompressionPolicy().model_copy(update={"budget": -1})


RULES = {
    "more": ToolRule(budget=3.0),
    "less": ToolRule(budget=0.05),
    "kept": ToolRule(keep=("7",)),
    "kept everything": ToolRule(keep=(".",)),
    "another kind": ToolRule(kind="code"),
    "own": ToolRule(compressor=FirstLine("1")),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("text", [LOG, ROWS, PROSE], ids=["log", "rows", "prose"])
def test_the_laws_hold_under_any_rule(text: str, rule: ToolRule) -> None:
    """Under a rule, too, results are reversible, never larger, idempotent, causal."""
    store = InMemoryCCRStore()
    policy = CompressionPolicy(tools={"run": rule})
    messages = history(("run", text))
    first = compress(messages, policy=policy, store=store)
    block = first.blocks[-1]
    if block.key is not None:
        original = store.get(block.key)
        assert original is not None
        assert original.content == text
    assert len(str(first.messages[-1].content)) <= len(text)
    again = compress(first.messages, policy=policy, store=store)
    assert again.messages == first.messages
    longer = [*messages, AIMessage("So."), *history(("run", text[::-1]))]
    later = compress(longer, policy=policy, store=store)
    assert later.messages[: len(messages)] == first.messages
