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

from langchain_core.messages import BaseMessage, ToolMessage

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
_REQUIREMENT = re.compile(r"^(?:\d+:)?\s+\"([\w.-]+)([^\"\n]*)\",?$", re.MULTILINE)
_MOST_NAMES: Final = 4


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
    """Make the model; it answers one question, with two rounds of retrieval."""
    return ScriptedChatModel(turns=[_look, _dig, _tell], chunking=4)


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


def requirements(text: str) -> list[str]:
    """Read the packages in a list of requirements, those of extras left out."""
    found = _REQUIREMENT.findall(text)
    return [name for name, rest in found if "extra ==" not in rest]


def _look(messages: list[BaseMessage]) -> Turn:
    """Take the slowest import that is shown, and ask for any that is slower."""
    log, _ = _shown(messages)
    slowest = _slowest(log)
    text = (
        f"Of what is shown, `{slowest.module}` costs the most by itself: "
        f"{_time(slowest.own)}. Is anything as slow among the lines that are not?\n\n"
    )
    first, rest = str(slowest.own)[0], len(str(slowest.own)) - 1
    query = rf"/: +(\d{{{rest + 2},}}|[{first}-9]\d{{{rest}}}) \|/"
    return Turn(text=text, tool_calls=_calls((log, query, None)))


def _dig(messages: list[BaseMessage]) -> Turn:
    """Ask what imports the slowest module, and what its package requires."""
    log, packages = _shown(messages)
    slowest = _slowest("\n".join(_retrieved(messages)) or log)
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


def _tell(messages: list[BaseMessage]) -> Turn:
    log, _ = _shown(messages)
    retrieved = [*_retrieved(messages), "", ""]
    slowest = _slowest(retrieved[0] or log)
    whole = max((found.total for found in imports(log)), default=0)
    cost = f"{_time(slowest.own)} of {_time(whole)} in all"
    parts = [
        f"`{slowest.module}` costs the most by itself: {cost}.",
        _importer(slowest, retrieved[1]),
        _needs(slowest, requirements(retrieved[2])),
    ]
    return Turn(text=" ".join(parts))


def _importer(slowest: Import, text: str) -> str:
    outer = (
        found
        for found in imports(text)
        if found.line > slowest.line and found.depth == slowest.depth - 2
    )
    importer = next(outer, None)
    if importer is None:
        return "Nothing imports it but the command itself."
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
        if name.lower().replace("-", "_").replace(".", "_") == package.lower():
            return f"$.installed[{row}].metadata.requires_dist"
    return f"{package} requires_dist"


def _shown(messages: Sequence[BaseMessage]) -> tuple[str, str]:
    """Return the excerpts of the log and of the packages."""
    log, packages = (m.text for m in messages if _is_result(m, retrieved=False))
    return log, packages


def _retrieved(messages: Sequence[BaseMessage]) -> list[str]:
    return [m.text for m in messages if _is_result(m, retrieved=True)]


def _is_result(message: BaseMessage, *, retrieved: bool) -> bool:
    if not isinstance(message, ToolMessage):
        return False
    return (message.name == RETRIEVE_TOOL_NAME) is retrieved


def _slowest(text: str) -> Import:
    return max(imports(text), key=lambda found: found.own)


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
