"""Where hidden exchanges stood, for clients that send an answer's items back.

A hidden call and its output are noted under the visible items next to them: behind the
one before, and before the one behind. An item is known again by its id, or by what
clients keep when they drop ids: the id of a call, encrypted reasoning, the text of a
message with what was said before it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from headroom_langchain.serve.dialects.dialect import Exchange, Notes
from headroom_langchain.serve.dialects.responses.input import Input
from headroom_langchain.serve.dialects.responses.items import (
    call_id_of,
    is_hidden,
    outputs,
    repeated,
    role_of,
    said,
    without_id,
)
from headroom_langchain.serve.wire.body import Json

_PREFIX: Final = "exchange:"


def past(items: Sequence[Json]) -> list[str]:
    """Return the names of the notes that there may be on the items of a request."""
    return [name for names in _names(items) for name in names]


def restore(given: Input, notes: Notes, replay: Literal["always", "same_turn"]) -> None:
    """Put exchanges back next to the items that they stood next to."""
    items = given.items
    turn = max((i for i, one in enumerate(items) if role_of(one) == "user"), default=-1)
    known = {call_id_of(item) for item in items}
    found = list(_found(items, notes))
    wanted = {
        call_id_of(one)
        for at, one, bound in found
        if replay == "always" or at > turn or bound
    }
    calls = {call_id_of(one) for _, one, _ in found if is_hidden(one)}
    answered = {call_id_of(one) for _, one, _ in found if not is_hidden(one)}
    # Neither a call without its output is accepted, nor the other way round.
    whole = (wanted & calls & answered) - known
    for at, one, _ in found:
        if call_id_of(one) in whole:
            given.insert(at, [one])


def noted(
    items: Sequence[Json], exchanges: Sequence[Exchange], *, stored: bool, last: Json
) -> dict[str, Json]:
    """Return the notes on the hidden exchanges of an answer.

    Args:
        items: Those of the request, as the client sent them.
        exchanges: The rounds of the answer.
        stored: Whether the provider keeps the items.
        last: What the client is shown if the answer has nothing else to show.
    """
    said_ = list(_sequence(exchanges, stored=stored))
    if not any(isinstance(one, list) for one in said_):
        return {}
    shown = [one for one in said_ if isinstance(one, dict)]
    if isinstance(said_[-1], list):
        shown.append(last)
        said_.append(last)
    places: list[Json] = [{} for _ in shown]
    at = 0
    for one in said_:
        if isinstance(one, dict):
            at += 1
            continue
        if at:
            places[at - 1].setdefault("behind", []).extend(one)
        for place in _behind(shown, at):
            places[place].setdefault("before", []).extend(one)
    names = list(_names([*items, *shown]))[len(items) :]
    return {
        name: place
        for place, own in zip(places, names, strict=True)
        if place
        for name in own
    }


def _found(items: Sequence[Json], notes: Notes) -> Iterator[tuple[int, Json, bool]]:
    """Yield hidden items, each once: where they stood, and whether they must be there.

    Reasoning is refused without the call that it led to. Such a call is refused
    without its reasoning, unless it comes without its id.
    """
    seen = set()
    for index, (item, names) in enumerate(zip(items, _names(items), strict=True)):
        note = next((notes[name] for name in names if name in notes), {})
        bound = item.get("type") == "reasoning"
        for at, where in ((index, "before"), (index + 1, "behind")):
            behind = where == "behind"
            for one in note.get(where, ()):
                own = (call_id_of(one), is_hidden(one))
                if own not in seen:
                    yield at, one if behind else without_id(one), behind and bound
                seen.add(own)


def _sequence(
    exchanges: Sequence[Exchange], *, stored: bool
) -> Iterator[Json | list[Json]]:
    """Yield what is shown, and between it what is not, a list for each run of it.

    The order is that of the requests that were made: outputs stand behind a round.
    """
    run: list[Json] = []
    for exchange in exchanges:
        content = exchange.spoken.content
        for item in content:
            if not is_hidden(item):
                if run:
                    yield run
                run = []
                yield item
            elif (call := repeated(item, stored=stored)) is not None:
                run.append(call)
        run += outputs(content, exchange.answers)
    if run:
        yield run


def _behind(shown: Sequence[Json], at: int) -> list[int]:
    """Return the next place, and the next that clients without reasoning keep."""
    places = [at] if at < len(shown) else []
    kept = (i for i in range(at, len(shown)) if shown[i].get("type") != "reasoning")
    return list(dict.fromkeys([*places, *list(kept)[:1]]))


def _names(items: Sequence[Json]) -> Iterator[list[str]]:
    """Yield for each item the names under which an exchange next to it is noted."""
    before = call = ""
    given = Counter[str]()
    for item in items:
        names = []
        if isinstance(own := item.get("id"), str) and own:
            names.append(own)
        if sealed := item.get("encrypted_content"):
            names.append(_digest(str(sealed)))
        if role_of(item) == "assistant":
            # The call tells apart what was said twice in the same words, or the count.
            said_ = f"{call}\n{before}\n{_mark(item)}"
            names.append(_digest(f"{said_}\n{given[said_]}"))
            given[said_] += 1
        elif call_id_of(item) and "output" not in item:
            names.append(call_id_of(item))
        yield [_PREFIX + name for name in dict.fromkeys(names)]
        if item.get("type") != "reasoning":
            before, call = _mark(item), call_id_of(item) or call


def _mark(item: Mapping[str, object]) -> str:
    """Return what stays of an item, however a client writes it down."""
    if role := role_of(item):
        return f"{role}: {' '.join(said(item).split())}"
    return call_id_of(item) or str(item.get("type"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
