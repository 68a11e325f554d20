"""The model of the demo when no other is named: it plays a script.

Its words are fixed, what it says is not: each turn reads what the model was sent,
the excerpts first and then the answers of `headroom_retrieve`, and takes every
name and number from there. It never sees an original.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from langchain_core.messages import AIMessage, BaseMessage, ToolCall, ToolMessage

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME, marked_keys
from headroom_langchain.testing.scripted import ScriptedChatModel
from headroom_langchain.testing.turns import Call, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUESTION: Final = (
    "Importing langgraph.graph takes long. Which module costs the most by itself, "
    "what imports it, and what does its package require?"
)
"""What the demo asks. The excerpts show neither the importer nor the whole list."""

_IMPORT = re.compile(
    r"^(?:(\d+): )?import time: +(\d+) \| +(\d+) \|( +)(\S+)$", re.MULTILINE
)
_ROW = re.compile(r"^(\d+),\"?([\w.-]+)", re.MULTILINE)
_REQUIREMENT = re.compile(r"(?:\d+:)?\s+\"([\w.-]+)([^\"]*)\",?$")
_NAMED = re.compile(r"(?:\(name|\"name\"): \"([^\"]+)\"")
_LIST = re.compile(r"requires_dist(?: \(.*\)|\"): \[$")
_MATCHING = re.compile(r": (\d+) of ([\d,]+) matching lines")
_MOST_NAMES: Final = 4
_OUTERMOST: Final = 1
_MOST_LOOKS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One line of the log of import times."""

    line: int
    """Its number, or 0 where the text has none."""
    own: int
    """Microseconds for the module itself."""
    total: int
    """Microseconds with all that it imports."""
    depth: int
    """Spaces before the name."""
    module: str

    @property
    def package(self) -> str:
        """The outermost package of the module."""
        return self.module.partition(".")[0]


def scripted_model() -> ScriptedChatModel:
    """Make the model; it answers one question after two or three retrievals."""
    return ScriptedChatModel(turns=[_turn] * (_MOST_LOOKS + 2), chunking=4)


def imports(text: str) -> Iterator[Import]:
    """Read the lines of a log of import times, with or without their numbers."""
    for line, own, total, spaces, module in _IMPORT.findall(text):
        yield Import(
            line=int(line or 0),
            own=int(own),
            total=int(total),
            depth=len(spaces),
            module=module,
        )


def requirements(text: str, package: str) -> list[str]:
    """Read what a package requires, what only its extras require left out.

    Args:
        text: An answer of `headroom_retrieve`: the values at a path, or passages,
            some of which may be about other packages.
        package: The package, as it is imported.
    """
    names: list[str] = []
    is_own, in_list = True, False
    for line in text.splitlines():
        named = _NAMED.search(line)
        if named is not None or line.startswith("@ "):
            is_own = named is not None and _is_same(named[1], package)
            in_list = is_own and "requires_dist" in line
        elif _LIST.search(line):
            in_list = is_own
        elif line.endswith(("]", "],")):
            in_list = False
        elif in_list and (found := _REQUIREMENT.match(line)):
            names += [found[1]] if "extra ==" not in found[2] else []
    return names


def _turn(messages: list[BaseMessage]) -> Turn:
    """Look for the slowest module, then dig where it is, then tell."""
    log, packages = _excerpts(messages)
    rounds = _rounds(messages)
    looks = [texts[0] for calls, texts in rounds if "lines" not in calls[0]["args"]]
    slowest = _slowest("\n".join([log, *looks]))
    if not marked_keys(log) or len(looks) < len(rounds):
        whole = max(found.total for found in imports(log))
        return _tell(slowest, whole, rounds[-1][1] if rounds else [])
    if not looks or (len(looks) < _MOST_LOOKS and not _is_complete(looks[-1])):
        return _look(slowest, log)
    return _dig(slowest, log, packages)


def _look(slowest: Import, log: str) -> Turn:
    """Ask for every module that costs as much as the slowest one seen so far."""
    text = (
        f"Of what I see, `{slowest.module}` costs the most by itself: "
        f"{_time(slowest.own)}. Is anything as slow among the other lines?\n\n"
    )
    return Turn(text=text, tool_calls=_calls((log, at_least(slowest.own), None)))


def _dig(slowest: Import, log: str, packages: str) -> Turn:
    """Ask what imports the slowest module, and what its package requires."""
    text = (
        f"It is `{slowest.module}`, on line {slowest.line}. Python writes a module "
        "before the one that imports it, so the importer comes next, one step "
        "further out.\n\n"
    )
    importer = rf"/\| {{{max(1, slowest.depth - 2)}}}[a-z_]/"
    asked: list[tuple[str, str, str | None]] = [(log, importer, f"{slowest.line + 1}-")]
    if slowest.package not in sys.stdlib_module_names:
        asked.append((packages, _requirements_of(slowest.package, packages), None))
    return Turn(text=text, tool_calls=_calls(*asked))


def _tell(slowest: Import, whole: int, found: Sequence[str]) -> Turn:
    after, needs, *_ = [*found, "", ""]
    cost = f"{_time(slowest.own)} of {_time(whole)} in all"
    parts = [
        f"`{slowest.module}` costs the most by itself: {cost}.",
        _importer(slowest, after),
        _needs(slowest, requirements(needs, slowest.package)),
    ]
    return Turn(text=" ".join(parts))


def _importer(slowest: Import, text: str) -> str:
    outer = (
        found
        for found in imports(text)
        if found.line > slowest.line and found.depth == slowest.depth - 2
    )
    importer = next(outer, None)
    if slowest.depth == _OUTERMOST:
        return "The command itself imports it."
    if importer is None:
        return "I found no line about what imports it."
    return f"`{importer.module}` imports it (line {importer.line} of the log)."


def _needs(slowest: Import, names: Sequence[str]) -> str:
    package = slowest.package
    if package in sys.stdlib_module_names:
        return "It is part of Python and requires nothing."
    if not names:
        return f"I found no requirements of `{package}`."
    listed = ", ".join(names[:_MOST_NAMES])
    if len(names) > _MOST_NAMES:
        listed += f" and {len(names) - _MOST_NAMES} more"
    return f"`{package}` requires {listed}."


def _requirements_of(package: str, shown: str) -> str:
    """Return a query: a path if the excerpt shows the row of the package."""
    for row, name in _ROW.findall(shown):
        if _is_same(name, package):
            return f"$.installed[{row}].metadata.requires_dist"
    return f"{package} requires_dist"


def _is_same(name: str, package: str) -> bool:
    """Tell whether a distribution has the name of a package that is imported."""
    return re.sub(r"[-.]", "_", name).lower() == package.lower()


def at_least(number: int) -> str:
    """Return a regular expression for imports that cost at least so much.

    It looks at the first two digits, so it also finds some that cost a little less.
    """
    digits = str(max(number, 10))
    first, second, rest = digits[0], digits[1], len(digits) - 2
    tail = r"\d" * rest
    same = rf"{first}[{second}-9]{tail}"
    more = rf"[{int(first) + 1}-9]\d{tail}|" if first < "9" else ""
    return rf"/: +(\d{{{rest + 3},}}|{more}{same}) \|/"


def _is_complete(answer: str) -> bool:
    """Tell whether an answer shows all that matches."""
    counts = _MATCHING.search(answer)
    return counts is None or counts[1] == counts[2].replace(",", "")


def _excerpts(messages: Sequence[BaseMessage]) -> tuple[str, str]:
    """Return the excerpts of the log and of the packages."""
    log, packages = (
        message.text
        for message in messages
        if isinstance(message, ToolMessage) and message.name != RETRIEVE_TOOL_NAME
    )
    return log, packages


def _rounds(messages: Sequence[BaseMessage]) -> list[tuple[list[ToolCall], list[str]]]:
    """Return the retrievals so far: the calls of each round and what came back."""
    answers = {
        message.tool_call_id: str(message.text)
        for message in messages
        if isinstance(message, ToolMessage) and message.name == RETRIEVE_TOOL_NAME
    }
    rounds = []
    for message in messages:
        calls = message.tool_calls if isinstance(message, AIMessage) else []
        if calls and calls[0]["name"] == RETRIEVE_TOOL_NAME:
            rounds.append((calls, [answers[call["id"] or ""] for call in calls]))
    return rounds


def _slowest(text: str) -> Import:
    return max(imports(text), key=lambda found: (found.own, found.line))


def _calls(*asked: tuple[str, str, str | None]) -> tuple[Call, ...]:
    """Return the calls for excerpts that have a marker."""
    calls = []
    for excerpt, query, lines in asked:
        for key in marked_keys(excerpt)[-1:]:
            wanted = {"hash": key, "query": query, "lines": lines}
            given = {name: value for name, value in wanted.items() if value}
            calls.append(Call(name=RETRIEVE_TOOL_NAME, args=given))
    return tuple(calls)


def _time(microseconds: int) -> str:
    return f"{microseconds / 1000:.1f} ms"
