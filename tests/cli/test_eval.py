"""`headroom-langchain eval`, as people run it."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from commands import printed, run, told

from headroom_langchain.testing.servers import FakeOpenAI

RECORDS = json.dumps(
    [{"host": f"web-{n}", "up": n != 77} for n in range(300)], indent=1
)
LOG = "\n".join(f"12:00:{n % 60:02d} INFO served request {n}" for n in range(400))
HOSTILE = "<script>alert(1)</script> & <b>'\"" * 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two outputs and one conversation."""
    made = tmp_path / "mine"
    made.mkdir()
    (made / "hosts.json").write_text(RECORDS)
    (made / "app.log").write_text(f"{LOG}\n12:07:00 ERROR disk is full\n")
    messages = [
        {"role": "user", "content": "Which host is down?"},
        {"role": "assistant", "content": "", "tool_calls": [_call()]},
        {"role": "tool", "tool_call_id": "c", "content": RECORDS},
        {"role": "assistant", "content": "web-77"},
    ]
    (made / "talk.json").write_text(json.dumps({"messages": messages}))
    return made


def _call() -> dict[str, object]:
    function = {"name": "hosts", "arguments": "{}"}
    return {"id": "c", "type": "function", "function": function}


def test_json_has_the_figures_of_every_text(folder: Path) -> None:
    """`--json` prints one object: per kind, per conversation, per text."""
    found = json.loads(printed("eval", str(folder), "--json"))
    kinds = {each["kind"]: each["texts"] for each in found["summary"]["kinds"]}
    assert kinds == {"json_records": 2, "logs": 1}
    assert [each["output"] for each in found["conversations"]] == [True, True, False]
    assert [each["requests"] for each in found["conversations"]] == [1, 1, 2]
    log = found["conversations"][0]["texts"][0]
    assert "ERROR disk is full" in log["after"]
    assert log["key"]
    assert log["omitted"]
    assert log["tokens_after"] < log["tokens_before"]
    assert found["summary"]["breaks"] == 0
    assert 50 < found["summary"]["saved_percent"] < 100


def test_texts_can_be_left_out(folder: Path) -> None:
    """With `--no-texts` neither the JSON nor the page has anything of the texts."""
    page = folder.parent / "page.html"
    words = ("eval", str(folder), "--json", "--no-texts", "--html", str(page))
    assert b"disk is full" not in printed(*words)
    assert "disk is full" not in page.read_text()
    printed("eval", str(folder), "--json", "--html", str(page))
    assert "disk is full" in page.read_text()


def test_the_table_names_kinds_and_totals(folder: Path) -> None:
    """The terminal gets kinds, files, totals and what the figures mean."""
    shown = printed("eval", str(folder)).decode()
    for words in ("json_records", "logs", "talk.json", "prefix breaks", "compressed"):
        assert words in shown


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.targets += [v or "" for name, v in attrs if name in ("src", "href")]


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    """The page loads nothing and runs nothing, and hostile texts stay texts."""
    (tmp_path / "<b>bad.log").write_text(f"{LOG}\n{HOSTILE}\n")
    html = tmp_path / "page.html"
    printed("eval", str(tmp_path), "--json", "--html", str(html))
    page = _Page()
    page.feed(html.read_text())
    assert "script" not in page.tags
    assert page.tags.count("b") == html.read_text().count('class="tile"')
    assert page.targets == []
    assert "default-src 'none'" in html.read_text()
    assert "alert(1)" in html.read_text()


def test_a_model_answers_twice(folder: Path) -> None:
    """`--model` asks with the whole conversation and with the compressed one."""
    with FakeOpenAI(["The whole says web-77.", "The excerpt says web-77."]) as server:
        environment = {
            **os.environ,
            "OPENAI_API_KEY": "x",
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_BASE": server.url,
        }
        talk = folder / "talk.json"
        words = ("eval", str(talk), "--json", "--model", "openai:gpt-x")
        result = run(*words, environment=environment)
        told(result, code=0)
        first, second = server.requests
    [answers] = json.loads(result.stdout)["answers"]
    assert answers["question"] == "Which host is down?"
    assert answers["plain"]["text"] == "The whole says web-77."
    assert answers["compressed"]["text"] == "The excerpt says web-77."
    assert answers["plain"]["error"] is None
    assert RECORDS in [said.text for said in first.said]
    assert RECORDS not in [said.text for said in second.said]
    assert [tool.name for tool in first.tools] == ["hosts"]
    assert [tool.name for tool in second.tools] == ["hosts", "headroom_retrieve"]


def test_a_model_that_fails_is_told_beside_the_other_answer(folder: Path) -> None:
    """A call that fails is an answer that says why; the command goes on."""
    words = ("eval", str(folder / "talk.json"), "--json", "--model", "openai:gpt-x")
    environment = {
        **os.environ,
        "OPENAI_API_KEY": "x",
        "OPENAI_BASE_URL": "http://[::1]:9",
    }
    result = run(*words, environment=environment)
    told(result, code=0)
    [answers] = json.loads(result.stdout)["answers"]
    assert "Error" in answers["plain"]["error"]
    assert "Error" in answers["compressed"]["error"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("/nowhere/at/all",), 1),
        ((".", "--price", "0"), 2),
        ((".", "--preset", "tiny"), 2),
        ((), 2),
    ],
)
def test_bad_words_are_refused(
    words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    """Nothing to evaluate is an error with a reason, bad options are refused."""
    result = run("eval", *(str(tmp_path / w) if w == "missing" else w for w in words))
    assert told(result, code=code)
    assert result.stdout == b""


def test_presets_and_excluded_tools_are_options(folder: Path) -> None:
    """`--preset` and `--all-tools` change the policy that is tried out."""
    log = str(folder / "app.log")

    def after(*more: str) -> int:
        found = json.loads(printed("eval", log, "--json", *more))
        return int(found["conversations"][0]["texts"][0]["tokens_after"])

    assert after("--preset", "compact") < after()
    assert after("--preset", "lossless") > after()
    assert after("--tool", "Read") > after("--tool", "Read", "--all-tools")
