"""`--policy FILE`: rules that are tried out on texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import printed

from headroom_langchain.cli import main

ROWS = json.dumps(
    [{"host": f"web-{n}", "state": "up", "note": f"rack {n % 9}"} for n in range(300)]
)
TOML = """
trigger = ["tokens", 100]
roles = ["tool"]

[tools."sql_*"]
budget = 0.5
keep = ["web-177"]

[tools.get_config]
compress = false
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Return what a tool wrote."""
    path = tmp_path / "rows.json"
    path.write_text(ROWS)
    return path


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Return rules for some tools."""
    path = tmp_path / "policy.toml"
    path.write_text(TOML)
    return path


def compressed(rows: Path, *words: str | Path) -> Any:
    store = rows.parent / "s.db"
    given = ("compress", rows, "--store", store, "--json", *words)
    return json.loads(printed(*map(str, given)))


def test_the_rule_of_the_tool_applies(rows: Path, policy: Path) -> None:
    """The result follows the rule, and names it."""
    plain = compressed(rows, "--tool", "sql_main")
    ruled = compressed(rows, "--tool", "sql_main", "--policy", policy)
    assert plain["rule"] is None
    assert ruled["rule"] == "sql_*"
    assert "web-177" in ruled["text"]
    assert "web-177" not in plain["text"]
    assert ruled["tokens_after"] < plain["tokens_after"]


def test_other_tools_are_not_ruled(rows: Path, policy: Path) -> None:
    """A tool that no pattern matches is treated as by default."""
    other = compressed(rows, "--tool", "shell", "--policy", policy)
    assert other["rule"] is None
    assert other["text"] == compressed(rows, "--tool", "shell")["text"]


def test_a_rule_can_leave_a_tool_alone(
    rows: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The text goes out as it is, and both say by which rule."""
    left = compressed(rows, "--tool", "get_config", "--policy", policy)
    assert left["text"] == ROWS
    assert left["rule"] == "get_config"
    words = ["compress", rows, "--tool", "get_config", "--policy", policy]
    assert main(list(map(str, words))) == 0
    assert 'tools."get_config"' in capsys.readouterr().err


def test_json_serves_like_toml(rows: Path, policy: Path, tmp_path: Path) -> None:
    """A `*.json` with the same fields has the same effect."""
    same = tmp_path / "policy.json"
    rule = {"budget": 0.5, "keep": ["web-177"]}
    same.write_text(json.dumps({"tools": {"sql_*": rule}}))
    words = ("--tool", "sql_main", "--policy")
    one, other = compressed(rows, *words, policy), compressed(rows, *words, same)
    assert one["text"] == other["text"]


def test_options_come_before_the_file(rows: Path, tmp_path: Path) -> None:
    """`--budget` holds where the file has one, too."""
    path = tmp_path / "small.toml"
    path.write_text("budget = 0.3")
    small = compressed(rows, "--policy", path)["tokens_after"]
    large = compressed(rows, "--policy", path, "--budget", "3")["tokens_after"]
    assert small < compressed(rows)["tokens_after"] < large


def test_eval_takes_a_policy(rows: Path, policy: Path) -> None:
    """The texts of an evaluation are treated by its rules."""
    words = ("eval", rows, "--json", "--tool", "sql_main", "--policy", policy)
    evaluated = json.loads(printed(*map(str, words)))
    (text,) = evaluated["conversations"][0]["texts"]
    assert text["rule"] == "sql_*"
    assert "web-177" in text["after"]


@pytest.mark.parametrize(
    ("name", "written", "reason"),
    [
        ("missing.toml", None, "cannot read"),
        ("p.toml", "budget = ", "is no TOML"),
        ("p.json", "{", "is no JSON"),
        ("p.json", "[1]", "has no fields"),
        ("p.json", "[" * 100_000, "is no JSON"),
        ("p.toml", "buget = 1", "buget: "),
        ("p.toml", "budget = -1", "budget: "),
        ("p.toml", '[tools."sql_*"]\nkeep = ["("]', "tools"),
        ("p.toml", "[tools.x]\ncompressor = 'mine'", "tools"),
        ("p.toml", "[tools.x]\nkind = 'no such kind'", "no such kind"),
    ],
)
def test_a_file_that_makes_no_policy_is_refused(
    name: str,
    written: str | None,
    reason: str,
    rows: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error names the file and the field."""
    path = rows.parent / name
    if written is not None:
        path.write_text(written)
    for command in ("compress", "eval"):
        assert main([command, str(rows), "--policy", str(path)]) == 1
        shown = capsys.readouterr()
        assert reason in shown.err
        assert name in shown.err
        assert shown.out == ""
