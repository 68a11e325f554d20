"""What was hidden is on the message, and comes back as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.load import dumpd
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
    messages_from_dict,
    messages_to_dict,
)

from headroom_langchain.ccr.rounds.record import (
    DROPPED,
    Answer,
    Record,
    Round,
    expand,
    visible_digest,
)


def asking(text: str = "Let me see.") -> AIMessage:
    call: Any = {"name": "headroom_retrieve", "args": {"hash": "a"}, "id": "h"}
    return AIMessage(text, tool_calls=[call], id="r1")


def answered(*texts: str) -> AIMessage:
    """An answer that took hidden rounds, one for each text the model was told."""
    told = [Round.of(asking(), [Answer(call_id="h", text=text)]) for text in texts]
    visible = AIMessage("Let me see.\n\nThe disk.", id="r1")
    rounds = (*told, Round.of(AIMessage("The disk."), ()))
    record = Record(rounds=rounds, digest=visible_digest(visible))
    return visible.model_copy(
        update={"additional_kwargs": {"kept": 1, "headroom": record.to_json()}}
    )


def texts(messages: list[BaseMessage]) -> list[str]:
    return [message.text for message in messages]


HISTORY: list[BaseMessage] = [
    HumanMessage("first"),
    answered("told one"),
    HumanMessage("second"),
    answered("told two"),
]


@pytest.mark.parametrize(
    ("replay", "replayed"),
    [("always", ["told one", "told two"]), ("same_turn", ["told two"]), ("never", [])],
)
def test_replay_is_a_matter_of_policy(replay: Any, replayed: list[str]) -> None:
    """Records come back always, within the turn, or never; none is sent as such."""
    expanded, notes = expand(HISTORY, replay)
    told = [m.text for m in expanded if isinstance(m, ToolMessage)]
    assert told == replayed
    assert not notes
    assert all("headroom" not in m.additional_kwargs for m in expanded)


def test_a_replayed_answer_is_the_rounds_it_took() -> None:
    """The exchange stands where the answer stood, each round as it was said."""
    expanded, _ = expand(HISTORY[:2])
    assert texts(expanded) == ["first", "Let me see.", "told one", "The disk."]
    asked = expanded[1]
    assert isinstance(asked, AIMessage)
    assert asked.tool_calls[0]["args"] == {"hash": "a"}


@pytest.mark.parametrize(
    "edit",
    [
        {"content": "Let me see.\n\nThe [redacted]."},
        {
            "tool_calls": [
                {"name": "search", "args": {}, "id": "s", "type": "tool_call"}
            ]
        },
    ],
)
def test_an_edited_answer_counts_as_it_is(edit: dict[str, Any]) -> None:
    """What somebody changed is not brought back from the record."""
    edited = HISTORY[1].model_copy(update=edit)
    expanded, notes = expand([HISTORY[0], edited])
    assert expanded[1].content == edited.content
    assert expanded[1].additional_kwargs == {"kept": 1}
    (note,) = notes
    assert "message 1" in note
    assert "prefix breaks" in note


@pytest.mark.parametrize(
    "record",
    [
        None,
        7,
        {},
        {"v": 2},
        {"v": 1, "rounds": [{"message": 3}], "digest": ""},
        {"v": 1, "rounds": [{"message": {"content": "", "tool_calls": "x"}}]},
        {
            "v": 1,
            "digest": visible_digest(AIMessage("x")),
            "rounds": [
                {
                    "message": {"content": "x"},
                    "answers": [{"id": [None], "text": "t", "error": False}],
                }
            ],
        },
    ],
)
def test_a_record_of_somebody_else_is_left_out(record: Any) -> None:
    """What cannot be read as a record is not replayed and raises nothing."""
    message = AIMessage("x", additional_kwargs={"headroom": record})
    expanded, notes = expand([message])
    assert expanded == [AIMessage("x")]
    assert len(notes) == 1


def test_a_record_survives_json_and_serialisation() -> None:
    """Checkpoints keep messages as JSON, and the record with them."""
    again = messages_from_dict(json.loads(json.dumps(messages_to_dict(HISTORY))))
    assert expand(again) == expand(HISTORY)
    json.dumps(dumpd(HISTORY[1]))


def test_what_json_lacks_is_not_recorded() -> None:
    """Objects a client left on a message do not keep it from being stored."""
    message = asking().model_copy(
        update={"additional_kwargs": {"parsed": object(), "deep": {"a": [1, None]}}}
    )
    kept = Round.of(message, ()).message
    assert kept.additional_kwargs == {"deep": {"a": [1, None]}}


def test_the_oldest_answers_are_dropped_first() -> None:
    """A record over its size loses answers from the front, and no calls."""
    rounds = tuple(
        Round.of(asking(), [Answer(call_id="h", text=f"{n} " + "word " * 400)])
        for n in range(4)
    )
    bounded = Record(rounds=rounds, digest="d").bounded(1000)
    told = [answer.text for round_ in bounded.rounds for answer in round_.answers]
    assert [text == DROPPED for text in told] == [True, True, False, False]
    assert [round_.message for round_ in bounded.rounds] == [r.message for r in rounds]
