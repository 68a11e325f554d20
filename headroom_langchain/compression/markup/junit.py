"""Test reports in the form of JUnit: failures first and in full, then the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.structure.json_text import JsonValue, Number, write_json
from headroom_langchain.tokens import estimate_tokens

JUNIT_ROOTS: Final = frozenset(("testsuites", "testsuite"))
"""The outermost elements of a report."""

_BAD: Final = ("failure", "error", "flakyFailure", "rerunFailure", "flakyError")
_OUTPUTS: Final = ("system-out", "system-err")
_ASIDE: Final = frozenset((*_OUTPUTS, "properties"))
_COUNTED = re.compile(r' (?:failures|errors|skipped|disabled)="[1-9]')
_SLACK: Final = 1.5
_IN_FULL: Final = 0.4
_FIRST: Final = 3
_LAST: Final = 8
_LONGEST: Final = 400
_TELLING: Final = ("E ", ">", "Caused by", "assert", "expected", "actual", "AssertionE")
_FRAME: Final = "at "
_SLOWEST: Final = 3
_DIGITS = re.compile(r"\d+|(?<=\[)[^\[\]]*(?=\])")
_NAMES: Final = 6
_WIDEST: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One test."""

    name: str
    seconds: str
    state: str
    """`failure`, `error`, `skipped`, or empty for a test that passed."""
    message: str
    thrown: str
    """What was thrown, as the report names its type."""
    body: str
    output: str


@dataclass(frozen=True, slots=True)
class JUnitReading:
    """A test report."""

    suites: list[str]
    """The counts of each suite, in one line."""
    cases: list[_Case]
    has_more: bool
    """Whether a suite has properties or output of its own."""

    @classmethod
    def of(cls, value: JsonValue) -> JUnitReading | None:
        """Read a report; `None` when it has no test."""
        suites: list[str] = []
        cases: list[_Case] = []
        aside = 0
        for path, member in _walk(value):
            if path == "testcase":
                cases += _cases(member)
            else:
                suites += filter(None, [_told(path, member)])
                aside += isinstance(member, dict) and not _ASIDE.isdisjoint(member)
        return cls(suites, cases, bool(aside)) if cases else None

    def lossless(self) -> str | None:
        """Return `None`: a report is not all that its text is."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show what failed, then what was skipped, then what passed.

        Args:
            budget: Estimated tokens; failures may take half as much again.
            interest: What the agent was looking for.
        """
        passed = [case for case in self.cases if not case.state]
        skipped = [case for case in self.cases if case.state == "skipped"]
        lines = [*self._suites(), *self._failures(_SLACK * budget), *_skips(skipped)]
        lines += _passes(passed, budget - _cost(lines), interest)
        missing = ["markup"]
        if passed:
            missing.append(f"most of {len(passed)} passed tests")
        if self.has_more:
            missing.append("properties and output of suites")
        return Excerpt(text="\n".join(lines), omitted=", ".join(missing))

    def _failures(self, limit: float) -> list[str]:
        """Write each distinct failure, in full if all of them hardly need the room."""
        groups: dict[tuple[str, str, str], list[_Case]] = {}
        for case in self.cases:
            if case.state in _BAD:
                groups.setdefault((case.state, case.message, case.body), []).append(
                    case
                )
        lines = [line for same in groups.values() for line in _told_failure(same)]
        if _cost(lines) <= _IN_FULL * limit:
            return lines
        return _as_many_as_fit(list(groups.values()), limit)

    def _suites(self) -> list[str]:
        """The counts of all suites, or of those that are not alike."""
        loud = [line for line in self.suites if _COUNTED.search(line)]
        quiet = [line for line in self.suites if not _COUNTED.search(line)]
        more = len(quiet) - _NAMES
        if more <= 0:
            return list(self.suites)
        return [*loud, *quiet[:_NAMES], f"[{more} more suites without failures]"]


def _walk(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Give the suites, and the lists of tests, in their order."""
    waiting: list[tuple[str, JsonValue]] = [("", value)]
    while waiting:
        path, node = waiting.pop()
        if path == "testcase":
            yield path, node
        elif isinstance(node, list):
            waiting += [(path, member) for member in reversed(node)]
        elif isinstance(node, dict):
            if path:
                yield path, node
            members = [(name, node[name]) for name in node if name in _NESTED]
            waiting += reversed(members)


_NESTED: Final = frozenset(("testsuites", "testsuite", "testcase"))


def _told(path: str, node: JsonValue) -> str:
    members = node if isinstance(node, dict) else {}
    parts = [
        f'{name}="{_text(value)}"'
        for name, value in members.items()
        if not isinstance(value, (dict, list)) and name not in _OUTPUTS
    ]
    return f"{path} {' '.join(parts)}"[:_WIDEST] if parts else ""


def _cases(value: JsonValue) -> Iterator[_Case]:
    for node in value if isinstance(value, list) else [value]:
        if isinstance(node, dict):
            yield _case(node)


def _case(node: dict[str, JsonValue]) -> _Case:
    state = next((name for name in (*_BAD, "skipped") if name in node), "")
    told = node.get(state) if state else None
    parts = told if isinstance(told, list) else [told]
    messages: list[str] = []
    bodies: list[str] = []
    thrown = ""
    for part in parts:
        if isinstance(part, dict):
            kind, message = _text(part.get("type")), _text(part.get("message"))
            messages.append(message or kind)
            thrown = thrown or kind
            bodies.append(_text(part.get("text")))
        else:
            bodies.append(_text(part))
    place = _text(node.get("classname")) or _text(node.get("file"))
    name = _text(node.get("name"))
    return _Case(
        name=f"{place}.{name}" if place else name,
        seconds=_text(node.get("time")),
        state=state,
        message="\n".join(filter(None, messages)),
        thrown=thrown,
        body="\n".join(filter(None, bodies)),
        output="\n".join(filter(None, (_text(node.get(name)) for name in _OUTPUTS))),
    )


def _text(value: JsonValue) -> str:
    if isinstance(value, Number):
        return value.lexeme
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "text" in value:
        return _text(value["text"])
    return "" if value is None else write_json(value)


def _told_failure(same: list[_Case], *, shorten: bool = False) -> list[str]:
    """Write a failure, with the names of all tests that failed like this."""
    case = same[0]
    word = "FAILED" if "ail" in case.state else "ERROR"
    took = f" ({case.seconds} s)" if case.seconds else ""
    lines = [f"{word} {case.name}{took}"]
    if len(same) > 1:
        lines.append(f"[and {_listed([other.name for other in same[1:]])}]")
    body = case.body.strip("\n")
    lines += [line for line in case.message.split("\n") if line.strip() not in body]
    if body:
        told = body.split("\n")
        if case.thrown:
            told[0] = f'<{case.state} type="{case.thrown}">{told[0]}'
        lines += _shortened(told) if shorten else told
    if case.output and not shorten:
        lines += ["[output]", *case.output.strip("\n").split("\n")]
    return lines


def _as_many_as_fit(groups: list[list[_Case]], limit: float) -> list[str]:
    """Write failures in short until the limit, and count the others by name."""
    lines: list[str] = []
    left: list[str] = []
    spent = 0
    for same in groups:
        told = _told_failure(same, shorten=True) if spent <= limit else []
        cost = _cost(told)
        if told and (spent + cost <= limit or not lines):
            lines += told
            spent += cost
        else:
            left += [case.name for case in same]
    if left:
        lines.append(f"[{len(left)} more failed: {_listed(left)}]")
    return lines


def _shortened(lines: list[str]) -> list[str]:
    """The first and last lines of a failure, and those that say why.

    Of the frames that stand below what was thrown, the first ones tell most.
    """
    shown: list[str] = []
    hidden = frames = 0
    last = len(lines) - _LAST
    for at, line in enumerate(lines):
        plain = line.lstrip()
        frames = frames + 1 if plain.startswith(_FRAME) else 0
        near = at < _FIRST or at >= last if not frames else frames <= _FIRST
        if near or plain.startswith(_TELLING):
            if hidden:
                shown.append(f"[... {hidden} lines]")
            hidden = 0
            cut = line[:_LONGEST]
            shown.append(cut if cut == line else f"{cut}…")
        else:
            hidden += 1
    return [*shown, f"[... {hidden} lines]"] if hidden else shown


def _skips(cases: list[_Case]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for case in cases:
        reason = case.message or case.body or "no reason given"
        reasons.setdefault(reason.strip(), []).append(case.name)
    return [
        f"SKIPPED {_listed(names)}: {' '.join(reason.split())[:_WIDEST]}"
        for reason, names in reasons.items()
    ]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMES])
    more = len(names) - _NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _passes(cases: list[_Case], room: int, interest: Interest) -> list[str]:
    """The slowest tests that passed, those asked for, and families of names."""
    if not cases:
        return []
    timed = [case for case in cases if _seconds(case) > 0]
    slowest = sorted(timed, key=lambda case: -_seconds(case))[:_SLOWEST]
    told = ", ".join(f"{case.name} {case.seconds} s" for case in slowest)
    lines = [f"[{len(cases)} passed" + (f"; slowest: {told}]" if told else "]")]
    families: dict[str, list[str]] = {}
    for case in cases:
        families.setdefault(_DIGITS.sub("#", case.name), []).append(case.name)
    words = [word for word in interest.arguments if len(word) > _FIRST]
    wanted = sorted(
        families.values(),
        key=lambda names: not any(word in names[0].lower() for word in words),
    )
    spent = _cost(lines)
    for names in wanted:
        more = f" [and {len(names) - 1} like it]" if len(names) > 1 else ""
        line = f"passed {names[0][:_WIDEST]}{more}"
        spent += estimate_tokens(line) + 1
        if spent > room:
            break
        lines.append(line)
    return lines


def _seconds(case: _Case) -> float:
    try:
        return float(case.seconds)
    except ValueError:
        return 0.0


def _cost(lines: list[str]) -> int:
    return estimate_tokens("\n".join(lines))
