"""What an excerpt of a configuration file shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.config.compressor import Config
from headroom_langchain.compression.excerpt import NOTHING_ASKED, Excerpt, Interest
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.settings import Settings
from headroom_langchain.tokens import estimate_tokens

SERVICE = """\
  {name}:
    image: registry.example/{name}:{tag}
    restart: unless-stopped
    replicas: {replicas}
    environment:
      NODE_ENV: {mode}
      CACHE: redis://redis:6379/{number}
    logging: *logging
"""
HEAD = "x-logging: &logging\n  driver: json-file\nservices:\n"


def services(**odd: str) -> str:
    """A file of forty services; the twentieth has other values."""
    usual = {"tag": "2.14.0", "replicas": "3", "mode": "production"}
    parts = [
        SERVICE.format(
            name=f"service{number}",
            number=number,
            **(usual | odd if number == 20 else usual),
        )
        for number in range(40)
    ]
    return HEAD + "".join(parts)


def excerpt(text: str, interest: Interest = NOTHING_ASKED) -> Excerpt:
    """Compress a text to the budget that fits it."""
    reading = Config().read(text, Sample.of(text))
    assert reading is not None
    budget = Config().budget(estimate_tokens(text))
    return reading.excerpt(budget=budget, interest=interest)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("tag", "latest", "image: registry.example/service20:latest"),
        ("replicas", "0", "replicas: 0"),
        ("replicas", "90", "replicas: 90"),
        ("mode", "development", "NODE_ENV: development"),
        ("mode", "production\n    privileged: true", "privileged: true"),
        ("mode", "production  # TODO: rotate", "# TODO: rotate"),
    ],
)
def test_what_differs_is_shown_with_what_it_stands_under(
    name: str, value: str, line: str
) -> None:
    """The one service that differs is shown, and its name above."""
    shown = excerpt(services(**{name: value})).text
    assert line in shown
    assert shown.index("  service20:") < shown.index(line)


def test_anchors_are_shown() -> None:
    """An anchor that others refer to is shown."""
    assert "x-logging: &logging" in excerpt(services()).text


def test_sections_are_shown() -> None:
    """Every section of an INI file is shown."""
    parts = [
        f"[part{n}]\n" + "".join(f"key_{n}_{k} = {k}\n" for k in range(30))
        for n in range(8)
    ]
    shown = excerpt("\n".join(parts)).text
    assert all(f"[part{n}]" in shown for n in range(8))


def test_warning_in_a_comment_is_shown() -> None:
    """A comment that warns is shown, one that tells of ordinary things need not be."""
    lines = [f"; remark {n}\nname_{n} = {n}" for n in range(300)]
    lines[123] = "; WARNING: never enable this in production\nunsafe = off"
    assert "; WARNING: never enable this" in excerpt("\n".join(lines)).text


def test_what_the_call_asked_for_is_shown() -> None:
    """A setting that the tool call names is shown."""
    shown = excerpt(services(), Interest(arguments=("service33",)))
    assert "service33:2.14.0" in shown.text


@pytest.mark.parametrize(
    "text",
    [
        services(),
        "[tool.x]\nkey = 1\nother = [\n  'a',\n  'b',\n]\n# why\n[tool.y]\nz = 'w'\n"
        * 4,
        "; a remark\n; another\n[part]\nkey = value\n" * 9,
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n---\n" * 9,
    ],
)
def test_configuration_is_recognised(text: str) -> None:
    """YAML, TOML, INI and manifests are configuration."""
    assert Config().likeness(Sample.of(text)) > 0.5


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    y = x\n    return y\n" * 20,
        "It was a dark night. The rain fell.\n" * 20,
        "2024-01-01 10:00:00 INFO started: ok\n" * 20,
        '{"a": 1,\n "b": 2}\n' * 20,
        "",
    ],
)
def test_other_texts_are_no_configuration(text: str) -> None:
    """Code, prose, logs and JSON are left to others."""
    assert Config().likeness(Sample.of(text)) == 0


def test_settings_know_what_they_stand_under() -> None:
    """Each line names the line that it belongs to."""
    lines = ["a:", "  - name: x", "    b:", "      c: 1", "  - name: y", "d: 2"]
    assert list(Settings(lines).parents) == [-1, 0, 1, 2, 0, -1]


@given(st.text(alphabet=st.sampled_from("ab:=[]{}#-|\"' \n\t;é"), max_size=500))
@settings(deadline=None, max_examples=150)
def test_any_text_is_read(text: str) -> None:
    """No text makes the compressor fail, and unmarked lines are lines of the text."""
    reading = Config().read(text, Sample.of(text))
    if reading is None:
        assert not text.strip()
        return
    told = reading.excerpt(budget=40, interest=NOTHING_ASKED)
    lines = set(text.split("\n"))
    for line in told.text.split("\n"):
        assert line in lines or line.startswith("[... "), line


def test_settings_that_are_comments_are_shown() -> None:
    """A setting that stands in a comment with its default is shown, its text is not."""
    remark = "\n".join(["# It is told at length what this is for, and when."] * 9)
    names = [f"toast.level{number}" for number in range(12)]
    text = "".join(f"{remark}\n#{name} = {at}\n\n" for at, name in enumerate(names))
    assert Config().likeness(Sample.of(text)) > 0.5
    told = excerpt(text).text
    assert [at for at, name in enumerate(names) if f"#{name} = {at}" not in told] == []


def test_script_in_a_setting_shows_its_first_line() -> None:
    """Of a text that runs over lines the first line is shown."""
    steps = "".join(
        f"  - name: Step {n}\n    run: |\n      tool{n} --check\n"
        + "      echo all is well with it\n      echo and so it goes on\n" * 3
        for n in range(30)
    )
    told = excerpt(f"jobs:\n  steps:\n{steps}").text
    assert sum(f"tool{n} --check" in told for n in range(30)) > 15
