"""Say what the failures and warnings that are not shown are.

Each belongs to one that is shown and differs from it in some words, which are
given below it. Those that are like none that is shown are told in the gap where
the first of them stood.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from headroom_langchain.compression.logs.failures import (
    Failure,
    Failures,
    naming_text,
    stack_key,
    thread_name,
)
from headroom_langchain.compression.logs.frames import site
from headroom_langchain.compression.logs.variants import ELLIPSIS, told_apart
from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.log_lines import Log
from headroom_langchain.structure.stack_traces import Stack

_FAILURES = 1.8
_WARNINGS = 0.9
_LEAST_ROOM = 130
_MOST_ROOM = 1500
_QUOTED = 180
_RUN = 3
_FEW_MENTIONS = 3
_MOST_STACKS = 40
_MOST_MENTIONS = 2000
_COMPARED = 2000


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
    further: int = 0
    """How many more there are that are not told apart."""

    @property
    def failed(self) -> bool:
        """Whether it is about failures."""
        return any(told.failed for told in self.hidden)

    @property
    def telling(self) -> bool:
        """Whether it deserves to be told where nothing of it is shown."""
        return any(told.telling for told in self.hidden)


def notes_on_repeats(
    log: Log, failures: Failures, shown: Sequence[int], *, budget: int
) -> Mapping[int, str]:
    """Say what is not shown, by the line below which, or instead of which, to say it.

    Args:
        log: The log.
        failures: Its distinct failures.
        shown: One byte per line.
        budget: Estimated tokens of the whole excerpt; two thirds may go into notes.
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
            others = sum(len(more.hidden) + more.further for more in wanting[place:])
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
    limit = ""
    if len(texts) + one.further > _COMPARED:
        limit = f", of the first {min(len(texts), _COMPARED):,}"
    if one.shown:
        apart = told_apart(one.shown[0].text, texts[:_COMPARED], room=room)
        note = f"{len(texts) + one.further:,} more like it{limit}"
        return one.shown[0].shown_at, f"{note}: {apart}" if apart else note
    first = texts[0].strip()
    note = first
    if len(first) > _QUOTED:
        note = first[: 2 * _QUOTED // 3] + ELLIPSIS + first[-_QUOTED // 3 :]
    if len(texts) > 1:
        apart = told_apart(texts[0], texts[1:_COMPARED], room=room)
        note += f" and {len(texts) - 1 + one.further:,} like it{limit}: {apart}"
    return one.hidden[0].start, note


def _by_likeness(log: Log, failures: Failures, shown: Sequence[int]) -> list[_Alike]:
    """Group what is said by template; templates that are not shown by family."""
    templates: dict[str, _Alike] = {}
    further = {template: array("I", at) for template, at in failures.further.items()}
    told_all = chain(
        _failures(log, failures.distinct, shown), _warnings(log, shown, further)
    )
    for told in told_all:
        one = templates.setdefault(told.template, _Alike())
        (one.shown if told.shown_at >= 0 else one.hidden).append(told)
    for template, places in further.items():
        if template in templates:
            templates[template].further = sum(1 for at in places if not shown[at])
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
                kin.further += one.further
    return found


def _failures(
    log: Log, failures: Sequence[Failure], shown: Sequence[int]
) -> Iterator[_Told]:
    for one in failures:
        if one.place.thread:
            continue
        text = " ".join(log.lines.keys[line] for line in _run(one))
        at = one.start if shown[one.start] else -1
        if one.place.frames:
            text = f"{naming_text(log, one.place)} {site(log, one.place)}"
            visible = [line for line in range(one.start, one.stop) if shown[line]]
            if visible and all(shown[line] for line in one.news):
                at = visible[-1]
        more = [log.lines.keys[line].strip() for line in one.evidence]
        text = " ".join([text, *more])
        group = bool(one.place.frames), one.group
        yield _Told(one.start, at, text, one.template, group, failed=True)


def _run(one: Failure) -> range:
    return range(one.start, min(one.stop, one.start + _RUN))


def _warnings(
    log: Log, shown: Sequence[int], further: dict[str, array[int]]
) -> Iterator[_Told]:
    """Give the distinct warnings, and the notes that stand only a few times.

    Of thousands, those that are like one before are only counted.
    """
    first = _mentions(log, further)
    notes = Counter(
        log.lines.template(at)
        for at in first.values()
        if log.lines.levels[at] == Level.NOTE
    )
    for key, at in first.items():
        line = log.lines[at]
        telling = line.level == Level.WARNING
        template = log.lines.template(at)
        if telling or 1 < notes[template] <= _FEW_MENTIONS:
            place = at if shown[at] else -1
            yield _Told(at, place, key, template, (False, line.family), telling)


def _mentions(log: Log, further: dict[str, array[int]]) -> dict[str, int]:
    """Return where each distinct warning or note is first."""
    inside = log.in_stacks()
    first: dict[str, int] = {}
    known: set[str] = set()
    for at, level in enumerate(log.lines.levels):
        if level not in (Level.NOTE, Level.WARNING) or inside[at]:
            continue
        key = log.lines.keys[at]
        if key in first:
            continue
        if len(first) >= _MOST_MENTIONS:
            template = log.lines.template(at)
            known = known or {log.lines.template(one) for one in first.values()}
            if template in known:
                further.setdefault(template, array("I")).append(at)
                continue
            known.add(template)
        first[key] = at
    return first


def _threads(log: Log, shown: Sequence[int], room: int) -> dict[int, str]:
    """Name the threads whose stacks are equal to one that is shown."""
    threads = [stack for stack in log.stacks if stack.thread]
    counts = Counter(stack_key(log, stack) for stack in threads)
    equal = islice((key for key, count in counts.items() if count > 1), _MOST_STACKS)
    alike: dict[str, list[Stack]] = {key: [] for key in equal}
    for stack in threads if alike else ():
        alike.get(stack_key(log, stack), []).append(stack)
    notes: dict[int, str] = {}
    for stacks in alike.values():
        names = [thread_name(log, stack) for stack in stacks]
        others = told_apart(names[0], names[1:], room=room)
        note = f"{len(names):,} threads with this stack: {others}"
        at = stacks[0].start
        if not shown[at]:
            note = f"{note} ({log.lines.keys[at][:_QUOTED]})"
        notes[at] = note
    return notes
