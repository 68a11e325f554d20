"""Choose which entries of a listing an excerpt shows.

Messages and totals come first, then what was asked for, entries with unusual rights,
owners, sizes and dates, rare kinds of files, an entry of every folder, those that
lie nearest to the top, and then entries evenly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from itertools import chain
from typing import Final

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.choice import Choice, evenly
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.structure.listing_facts import Column, Facts
from headroom_langchain.structure.listing_lines import Listing, ListingForm
from headroom_langchain.structure.log_levels import Level, judge

_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_MESSAGES: Final = 0.5
_LARGEST: Final = 8
_NEWEST: Final = 3
_OLDEST: Final = 2
_SAME_NAME: Final = 3
_TOTAL: Final = "total "
_RARE: Final = 0.01
_RARE_ENDINGS: Final = 0.03
_RARE_OWNERS: Final = 0.05
_SAME_RARE: Final = 3
_MENTIONED: Final = 2
_MARKS: Final = 0.25
_MARK: Final = 12.0
_WORLD_WRITABLE: Final = 8
_DEEPEST: Final = 30
_WELL_KNOWN = re.compile(
    r"(?:readme|license|licence|copying|changelog|makefile|dockerfile|setup\.|main\."
    r"|index\.|package\.json|pyproject|cargo\.toml|go\.mod|requirements|config|settings"
    r"|\.env|docker-compose|pom\.xml|build\.gradle|cmakelists|schema|migrat|security"
    r"|secret|id_rsa|credential|\.htpasswd|core\.)",
    re.IGNORECASE,
)


def choose_entries(
    listing: Listing,
    endings: Column,
    pieces: Sequence[str],
    budget: int,
    interest: Interest,
) -> bytearray:
    """Choose what to show of a listing.

    Args:
        listing: The listing.
        endings: The endings of its files.
        pieces: Its lines as they are to be shown.
        budget: Estimated tokens of the excerpt.
        interest: What the agent was looking for.

    Returns:
        One byte per line, 1 for shown.
    """
    choice = Choice(pieces, gap=0)
    choice.add_each(_messages(listing), _MESSAGES * budget)
    marks = min(_MARKS * budget, _MARK * len(listing.folders))
    limit = max(float(choice.spent), budget - marks)
    few = max(3, len(pieces) // 20)
    kinds: tuple[tuple[Iterable[int], float], ...] = (
        (lines_with(pieces, interest.arguments, few=few), 0.3),
        (_unusual(listing), 0.6),
        (_headings(listing), 0.6),
        (_rare_values(endings, _RARE_ENDINGS), 0.4),
        (_well_known(listing), 0.3),
        (lines_with(pieces, interest.question, few=_MENTIONED), 0.3),
        (_of_each_folder(listing), 0.5),
        (_nearest(listing), 0.4),
        (evenly(_entries(listing)), 1.0),
    )
    for wanted, share in kinds:
        bound = choice.spent + share * (limit - choice.spent)
        choice.add_each(_headed(listing, wanted), bound)
    _show_totals(listing, choice.shown)
    return choice.shown


def _entries(listing: Listing) -> list[int]:
    return [at for at, one in enumerate(listing.entries) if one]


def _headings(listing: Listing) -> Iterator[int]:
    """Lines that name folders, those first whose names not many folders have."""
    if listing.form == ListingForm.TREE:
        return
    headings = sorted({heading for heading in listing.heading_of if heading >= 0})
    names = [listing.lines[at].rstrip("/:\r").rpartition("/")[2] for at in headings]
    again = Counter(names)
    often = [again[name] > _SAME_NAME for name in names]
    yield from evenly([at for at, one in zip(headings, often, strict=True) if not one])
    yield from evenly([at for at, one in zip(headings, often, strict=True) if one])


def _show_totals(listing: Listing, shown: bytearray) -> None:
    """Show the line with the total of a folder where its heading is shown."""
    for at in range(1, len(shown)):
        if not listing.entries[at] and listing.lines[at].startswith(_TOTAL):
            shown[at] = shown[at] or shown[at - 1]


def _headed(listing: Listing, wanted: Iterable[int]) -> Iterator[int]:
    """Give entries, each after the lines that name the folders it lies in."""
    for at in wanted:
        headings: list[int] = []
        heading = listing.heading_of[at]
        while heading >= 0 and len(headings) < _DEEPEST:
            headings.append(heading)
            heading = listing.heading_of[heading]
        yield from reversed(headings)
        yield at


def _messages(listing: Listing) -> Iterator[int]:
    """Lines that are no entries: errors first, one of each form, then totals."""
    headings = set(listing.heading_of)
    folders = len(headings) > 1
    again: Counter[str] = Counter()
    ranked: list[tuple[bool, int, int]] = []
    for at, line in enumerate(listing.lines):
        if listing.entries[at] or at in headings or not line.strip():
            continue
        if folders and line.startswith(_TOTAL):
            continue
        harmless = judge(line[:400])[0] < Level.WARNING
        template = f"{line[:8]}{line.rstrip()[-24:] if not harmless else ''}"
        ranked.append((harmless, again[template], at))
        again[template] += 1
    yield from (at for _, _, at in sorted(ranked))


def _unusual(listing: Listing) -> Iterable[int]:
    """Entries with sizes, dates, rights or owners that few have, in turn."""
    facts = listing.facts
    turns = (
        _by_size(facts),
        _by_date(facts),
        _by_rights(facts),
        _rare_values(facts.owners, _RARE_OWNERS),
        _rare_values(facts.modes, _RARE),
        _broken(listing),
    )
    return dict.fromkeys(chain(*turns))


def _by_size(facts: Facts) -> list[int]:
    """The largest entries."""
    sizes = facts.sizes
    return nlargest(_LARGEST, facts.sized(), key=lambda at: (sizes[at], -at))


def _by_rights(facts: Facts) -> list[int]:
    """Entries that run as their owner, and those that anybody may write."""
    odd = {mode for mode in facts.modes.counts() if _is_risky(mode)}
    found = [at for at, mode in facts.modes.items() if mode in odd]
    total = facts.modes.counts().total()
    return found if len(found) <= max(40, total // 10) else found[:3]


def _is_risky(mode: str) -> bool:
    special = "s" in mode[1:] or "S" in mode
    return special or (
        mode[_WORLD_WRITABLE] == "w" and mode[0] in "-d" and mode[9] != "t"
    )


def _by_date(facts: Facts) -> list[int]:
    """The newest entries and the oldest, unless all are of one time."""
    ages = {date: _age(date) for date in facts.dates.counts()}
    if len(ages) <= 1:
        return []
    ranked = sorted((ages[date], at) for at, date in facts.dates.items())
    newest = ranked[: -_NEWEST - 1 : -1]
    return [at for _, at in (*newest, *ranked[:_OLDEST])]


def _age(date: str) -> str:
    """Return a key by which dates of one listing are in order."""
    if date[0].isdigit():
        return date
    month, day, year = date.split()
    # A time stands instead of the year where the date is not long ago.
    recent = "9999" if ":" in year else year
    return f"{recent}{_MONTHS.find(month):03}{int(day):02}{year}"


def _rare_values(column: Column, share: float) -> list[int]:
    """Entries with values that few have, those of the rarest first."""
    counts = column.counts()
    few = max(1, share * counts.total())
    told: Counter[str] = Counter()
    found: list[tuple[int, int]] = []
    for at, value in column.items():
        if counts[value] <= few and told[value] < _SAME_RARE:
            found.append((counts[value], at))
            told[value] += 1
    return [at for _, at in sorted(found)]


def _broken(listing: Listing) -> list[int]:
    if listing.form != ListingForm.TREE:
        return []
    named = ((at, listing.name(at)) for at in _entries(listing))
    return [at for at, name in named if " " in name and _alarming(name)]


def _alarming(name: str) -> bool:
    return judge(name[:200])[0] >= Level.WARNING or any(
        word in name for word in ("UNMET", "invalid", "extraneous", "recursive")
    )


def endings_of(listing: Listing) -> Column:
    """Return the endings of the names of files, with their dots; empty for none."""
    endings = Column(len(listing.lines))
    for at, one in enumerate(listing.entries):
        if one:
            endings.put(at, _ending(listing.name(at)))
    return endings


def _ending(name: str) -> str:
    base = name.partition(" ")[0].rstrip("*@/=")
    dot = base.rfind(".")
    return base[dot:].lower() if dot > 0 else ""


def _well_known(listing: Listing) -> Iterable[int]:
    places = _entries(listing)
    return evenly([at for at in places if _WELL_KNOWN.match(listing.name(at))])


def _of_each_folder(listing: Listing) -> Iterable[int]:
    first: dict[int, int] = {}
    for at, folder in enumerate(listing.folder_of):
        if folder >= 0:
            first.setdefault(folder, at)
    return evenly(list(first.values()))


def _nearest(listing: Listing) -> list[int]:
    """Entries by how many folders they lie in."""
    depth = {number: name.count("/") for number, name in enumerate(listing.folders)}
    top = [at for at, folder in enumerate(listing.folder_of) if folder >= 0]
    least = min(depth.values(), default=0)
    near = [at for at in top if depth[listing.folder_of[at]] <= least + 1]
    near.sort(key=lambda at: depth[listing.folder_of[at]])
    return near if len(near) < len(top) // 2 else []
