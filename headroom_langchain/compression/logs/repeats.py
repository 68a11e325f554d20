"""Say what the failures and warnings that are not shown are.

Each belongs to one that is shown and differs from it in some words, which are
given below it. Those that are like none that is shown are told in the gap where
the first of them stood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from headroom_langchain.compression.logs.failures import (
    Failure,
    naming_text,
    stack_key,
    thread_name,
)
from headroom_langchain.compression.logs.frames import site
from headroom_langchain.compression.logs.variants import ELLIPSIS, told_apart
from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.log_lines import Log

_FAILURES = 1.8
_WARNINGS = 0.9
_LEAST_ROOM = 130
_MOST_ROOM = 1500
_QUOTED = 180
_RUN = 3
_FEW_MENTIONS = 3
_MOST_STACKS = 40
_COMPARED = 4000


@dataclass(frozen=True, slots=True)
class _Told:
    """Something that a log says, where it says it first, and the text to compare."""

    start: int
    shown_at: int
    """The last of its lines that are shown, or -1."""
    text: str
    template: str
    group: tuple[bool, int]
    telling: bool = True
    failed: bool = False


@dataclass(slots=True)
class _Alike:
    shown: list[_Told] = field(default_factory=list)
    hidden: list[_Told] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether it is about failures."""
        return any(told.failed for told in self.hidden)

    @property
    def telling(self) -> bool:
        """Whether it deserves to be told where nothing of it is shown."""
        return any(told.telling for told in self.hidden)


def notes_on_repeats(
    log: Log, failures: Sequence[Failure], shown: Sequence[int], *, budget: int
) -> Mapping[int, str]:
    """Say what is not shown, by the line below which, or instead of which, to say it.

    Args:
        log: The log.
        failures: Its distinct failures.
        shown: One byte per line.
        budget: Estimated tokens of the whole excerpt; a third may go into notes.
    """
    alike = _by_likeness(log, failures, shown)
    wanting = [one for one in alike if one.hidden and (one.shown or one.telling)]
    failed = sum(1 for one in wanting if one.failed)
    rooms = {
        True: _room(_FAILURES * budget, failed),
        False: _room(_WARNINGS * budget, len(wanting) - failed),
    }
    notes: dict[int, str] = {}
    left = (_FAILURES + _WARNINGS) * budget
    for place, one in enumerate(wanting):
        if left < 0:
            others = sum(len(other.hidden) for other in wanting[place:])
            last = f"{others:,} more failures and warnings of other kinds"
            at = one.hidden[0].start
            notes[at] = f"{notes[at]}; {last}" if at in notes else last
            break
        at, note = _note(one, rooms[one.failed])
        left -= len(note)
        notes[at] = f"{notes[at]}; {note}" if at in notes else note
    return notes | _threads(log, shown, rooms[True])


def _room(characters: float, notes: int) -> int:
    return min(_MOST_ROOM, max(_LEAST_ROOM, round(characters / max(1, notes))))


def _note(one: _Alike, room: int) -> tuple[int, str]:
    texts = [told.text for told in one.hidden]
    if one.shown:
        apart = told_apart(one.shown[0].text, texts[:_COMPARED], room=room)
        note = f"{len(texts):,} more like it"
        if len(texts) > _COMPARED:
            note += f", of the first {_COMPARED:,}"
        return one.shown[0].shown_at, f"{note}: {apart}" if apart else note
    first = texts[0].strip()
    note = first
    if len(first) > _QUOTED:
        note = first[: 2 * _QUOTED // 3] + ELLIPSIS + first[-_QUOTED // 3 :]
    if len(texts) > 1:
        apart = told_apart(texts[0], texts[1:_COMPARED], room=room)
        note += f" and {len(texts) - 1:,} like it"
        if len(texts) > _COMPARED:
            note += f", of the first {_COMPARED:,}"
        note += f": {apart}"
    return one.hidden[0].start, note


def _by_likeness(
    log: Log, failures: Sequence[Failure], shown: Sequence[int]
) -> list[_Alike]:
    """Group what is said by template; templates that are not shown by family."""
    templates: dict[str, _Alike] = {}
    for told in (*_failures(log, failures, shown), *_warnings(log, shown)):
        one = templates.setdefault(told.template, _Alike())
        (one.shown if told.shown_at >= 0 else one.hidden).append(told)
    families: dict[tuple[bool, int], _Alike] = {}
    for one in templates.values():
        if one.shown:
            families.setdefault(one.shown[0].group, one)
    found = [one for one in templates.values() if one.shown]
    for one in templates.values():
        if not one.shown:
            kin = families.get(one.hidden[0].group)
            if kin is None:
                families[one.hidden[0].group] = one
                found.append(one)
            else:
                kin.hidden += one.hidden
    return found


def _failures(
    log: Log, failures: Sequence[Failure], shown: Sequence[int]
) -> Iterator[_Told]:
    for one in failures:
        if one.place.thread:
            continue
        text = " ".join(log.lines[line].key for line in _run(one))
        at = one.start if shown[one.start] else -1
        if one.place.frames:
            text = f"{naming_text(log, one.place)} {site(log, one.place)}"
            visible = [line for line in range(one.start, one.stop) if shown[line]]
            if visible and all(shown[line] for line in one.news):
                at = visible[-1]
        more = [log.lines[line].key.strip() for line in one.evidence]
        text = " ".join([text, *more])
        group = bool(one.place.frames), one.group
        yield _Told(one.start, at, text, one.template, group, failed=True)


def _run(one: Failure) -> range:
    return range(one.start, min(one.stop, one.start + _RUN))


def _warnings(log: Log, shown: Sequence[int]) -> Iterator[_Told]:
    inside = {at for one in log.stacks for at in range(one.start, one.stop)}
    seen: set[str] = set()
    mentions = Counter(
        template
        for template, level in {
            line.key: (line.template, line.level) for line in log.lines
        }.values()
        if level == Level.NOTE
    )
    for at, line in enumerate(log.lines):
        wanted = (
            line.level == Level.WARNING or 1 < mentions[line.template] <= _FEW_MENTIONS
        )
        if wanted and line.key not in seen and at not in inside:
            seen.add(line.key)
            place = at if shown[at] else -1
            group = False, line.family
            telling = line.level == Level.WARNING
            yield _Told(at, place, line.key, line.template, group, telling)


def _threads(log: Log, shown: Sequence[int], room: int) -> dict[int, str]:
    """Name the threads whose stacks are equal to one that is shown."""
    stacks: dict[str, list[str]] = {}
    places: dict[str, int] = {}
    for stack in log.stacks:
        if stack.thread:
            key = stack_key(log, stack)
            stacks.setdefault(key, []).append(thread_name(log, stack))
            places.setdefault(key, stack.start)
    notes: dict[int, str] = {}
    for key, names in islice(stacks.items(), _MOST_STACKS):
        if len(names) > 1:
            others = told_apart(names[0], names[1:], room=room)
            notes[places[key]] = f"{len(names):,} threads with this stack: {others}"
    return {at: note for at, note in notes.items() if shown[at]} | {
        at: f"{note} ({log.lines[at].key[:_QUOTED]})"
        for at, note in notes.items()
        if not shown[at]
    }
