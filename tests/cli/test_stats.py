"""`headroom-langchain stats`, as people run it."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from commands import printed, run
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from headroom_langchain import HeadroomChatModel, SqliteCCRStore
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.cli import main
from headroom_langchain.testing import Call, ScriptedChatModel, Turn

LOG = "\n".join(
    f"12:00:{number % 60:02d} INFO request {number} served in {number % 17} ms"
    for number in range(600)
)
MESSAGES: list[BaseMessage] = [
    HumanMessage("What went wrong?"),
    AIMessage("", tool_calls=[{"name": "shell", "args": {}, "id": "c"}]),
    ToolMessage(LOG, tool_call_id="c", name="shell"),
]
ASKS = Turn(
    tool_calls=(Call(name="headroom_retrieve", args={"hash": content_key(LOG)}),)
)
SEEN = Turn(
    text="It was 599.",
    usage={
        "input_tokens": 1000,
        "output_tokens": 7,
        "total_tokens": 1007,
        "input_token_details": {"cache_read": 400},
    },
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a store that served three calls of two tenants."""
    path = tmp_path / "originals.db"
    with SqliteCCRStore(path) as store:
        inner = ScriptedChatModel(turns=[ASKS, SEEN, SEEN, SEEN])
        inner.model_name = "gpt-5.4"
        llm = HeadroomChatModel(inner, store=store)
        for tenant in ("default", "default", "acme"):
            llm.invoke(MESSAGES, {"configurable": {"headroom_namespace": tenant}})
    return path


def found(*words: str | Path) -> Any:
    return json.loads(printed("stats", "--json", "--store", *map(str, words)))


def test_json_has_what_is_held_and_what_was_saved(path: Path) -> None:
    """`--json` prints one object: originals, sums, and every line of the book."""
    said = found(path)
    held, saved = said["originals"], said["saved"]
    assert held["count"] == held["namespaces"] == 2
    assert held["bytes"] == 2 * len(LOG)
    assert held["kinds"] == {"logs": {"originals": 2, "bytes": 2 * len(LOG)}}
    assert said["file_bytes"] >= path.stat().st_size
    assert (saved["calls"], saved["requests"], saved["retrievals"]) == (3, 4, 1)
    assert saved["tokens_saved"] == saved["tokens_before"] - saved["tokens_after"]
    assert 0 < saved["tokens_net_saved"] < saved["tokens_saved"]
    assert saved["calls"] == sum(line["calls"] for line in said["lines"])
    assert {line["model"] for line in said["lines"]} == {"gpt-5.4"}


def test_one_tenant_can_be_asked_for(path: Path) -> None:
    """With `--namespace` nothing of others is told."""
    said = found(path, "--namespace", "acme")
    assert (said["originals"]["count"], said["saved"]["calls"]) == (1, 1)
    assert {line["namespace"] for line in said["lines"]} == {"acme"}


def test_money_is_told_at_prices_that_are_known_or_named(path: Path) -> None:
    """The models' own prices, those of one model, or the user's."""
    own = found(path)["saved"]["money"]
    same = found(path, "--model", "gpt-5.4")["saved"]["money"]
    dear = found(path, "--price", "5,0.5,30")["saved"]["money"]
    assert own["saved"] == pytest.approx(own["plain"] - own["paid"])
    assert own["saved"] > 0
    assert own["unpriced"] == []
    assert same["saved"] == own["saved"]
    # gpt-5.4 costs 2.5, 0.25 cached, and 15 for output.
    assert dear["paid"] == pytest.approx(2 * own["paid"])


def test_the_tables_name_tools_kinds_and_tenants(path: Path) -> None:
    """The terminal gets what is held, what was saved, and of what."""
    shown = printed("stats", "--store", str(path)).decode()
    for words in ("net saved", "By tool", "shell", "logs", "acme", "Cost in USD"):
        assert words in shown
    assert "By model" not in shown


def test_without_rich_there_is_plain_text(path: Path, tmp_path: Path) -> None:
    """The same tables come without colors or frames."""
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("raise ImportError\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
    }
    plain = run("stats", "--store", path, environment=environment)
    assert plain.returncode == 0, plain.stderr
    with_rich = printed("stats", "--store", str(path))
    assert _tables(plain.stdout) == _tables(with_rich)


def _tables(shown: bytes) -> list[str]:
    """Return the words below the path of the store, which may be broken in two."""
    return shown.decode().partition("Kept by kind")[2].split()


def test_a_store_that_served_nobody_says_so(tmp_path: Path) -> None:
    """There are no tables of nothing, and JSON has zeros."""
    path = tmp_path / "new.db"
    SqliteCCRStore(path).close()
    shown = printed("stats", "--store", str(path)).decode()
    assert "No figures of calls yet" in shown
    assert "By tool" not in shown
    said = found(path)
    assert (said["originals"]["count"], said["saved"]["calls"]) == (0, 0)
    assert said["saved"]["money"] is None


def test_texts_tried_out_do_not_count(tmp_path: Path) -> None:
    """What `compress --store` does saves nobody anything."""
    path, text = tmp_path / "s.db", tmp_path / "log.txt"
    text.write_text(LOG)
    printed("compress", str(text), "--store", str(path))
    said = found(path)
    assert (said["originals"]["count"], said["saved"]["calls"]) == (1, 0)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--store", "missing.db"], 1, "there is no store"),
        (["--store", "text.db"], 1, "not a database"),
        (["--store", "other.db"], 1, "something else"),
        ([], 2, "--store"),
        (["--store", "s.db", "--price", "0"], 2, "no number above 0"),
        (["--store", "s.db", "--price", "1,2,3,4"], 2, "more than IN,CACHED,OUT"),
        (["--store", "s.db", "--price", "1", "--model", "m"], 2, "not allowed with"),
    ],
)
def test_what_cannot_be_told_is_refused(
    words: list[str],
    code: int,
    reason: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error names what is wrong, and nothing goes to stdout."""
    (tmp_path / "text.db").write_text("no database at all, but long enough" * 9)
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE mine (a)")
    SqliteCCRStore(tmp_path / "s.db").close()
    placed = [str(tmp_path / w) if w.endswith(".db") else w for w in words]
    try:
        ended: object = main(["stats", *placed])
    except SystemExit as error:
        ended = error.code
    shown = capsys.readouterr()
    assert (ended, shown.out) == (code, "")
    assert reason in shown.err


def test_a_model_without_a_known_price_is_refused(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error says how to give one."""
    assert main(["stats", "--store", str(path), "--model", "nobody-knows"]) == 1
    reason = "no price of 'nobody-knows' is known: give --price"
    assert reason in capsys.readouterr().err
