"""How many tokens an answer takes, closely enough for a limit, without a vocabulary.

`estimate_tokens` is made for whole outputs, where errors even out. An answer has a
limit that holds for each, and may be nothing but table rules, paths or hashes. So
this follows how tokenizers cut a text before they look anything up: into words with
the character before them, groups of three digits, runs of marks and runs of blanks.
What is left is into how many tokens a word falls: one where it is common in tool
outputs, else the more the longer it is and the less its letters follow each other
as they do in English.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

_PIECE = re.compile(
    r"(?:[^\w\r\n]|_)?(?:[A-Z]+(?![a-z])|[A-Z]*[a-z]+)"  # a word
    r"|\d{1,3}"
    r"|(?:[^\W\d_a-zA-Z]|[\u0300-\u1fff])+"  # letters beyond ASCII
    r"| ?(?:[^\s\w]|_)+[\r\n]*"  # marks
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
    r"|\w"
)
_MARGIN: Final = 1.12
"""What the words of a text may take more than such words do on average."""
_MOST_REMEMBERED: Final = 1 << 14
_LONGEST_REMEMBERED: Final = 40
_WIDEST: Final = 80
"""From how many blanks on a run of them is more than one token."""
_COMMON: Final = frozenset(
    (
        "any append args background base body buffer cache callback check client close "
        "color com command comment common config connection container content context "
        "control copy core count create css current custom data default delete "
        "description encoding environment error errors event events example extend "
        "file files first form format frame framework function functions generator get "
        "google group handle handler header headers html http index info init insert "
        "instance int items iter javascript json key len length level like limit line "
        "lines list local location lower main management map match max message models "
        "module name native none object offset operator options origin output package "
        "params parent parse parser path platform plugin position prefix process "
        "projects property python query range reason releases render request required "
        "resource response result return root run runtime search security self "
        "sequence server service session set settings size source specific split src "
        "stack start state static status str stream string support sync system "
        "template test testing text thread time timeout transform true type types "
        "update url user username util utils value values variable version warn width "
        "with write xml"
    ).split()
)
_FOLLOWERS: Final = (
    "a:bcdgilmnprstu b:aeilorsu c:acehiklortu d:aeiorsu e:acdegilmnrst f:aefilortu "
    "g:aeghilnorsu h:aeiortuy i:acdeglmnorstv j:adeikou k:aeiklnorstu l:adeilostuy "
    "m:abeimopu n:acdeginost o:cdglmnoprstuvw p:aehiloprstu q:au r:adeimnorstu "
    "s:acehiopstu t:aehiorstuy u:abcdegilmnprst v:aeio w:aehinors x:acehiopt "
    "y:acdegilmnoprst z:aeiouwyz"
)
"""The letters that often follow each letter in English words."""
_PAIRS: Final = frozenset(
    row[0] + second for row in _FOLLOWERS.split() for second in row[2:]
)
_STRANGE: Final = (0.0, 0.12, 0.5, 1.3)
"""What pairs of letters that are not often together add: none to three of them."""
_STRANGER: Final = 0.45
"""What every further one adds."""
_OFTEN_GLUED: Final = frozenset("_.-(\t")
"""The characters in front of a word that are often one token with it."""
_HEX: Final = frozenset("abcdef")
_LONG_RUNS: Final = frozenset("=-*#._~/+%!:;")
"""Marks of which many in a row are few tokens."""
_FEW: Final = 3
_MANY: Final = 5
"""Up to how many changes runs of marks are the ones that programs are full of."""
_RULES: Final = frozenset(map(chr, range(0x2500, 0x25A0)))
"""Box drawing characters: runs of one of them are few tokens."""


def measure(text: str) -> float:
    """Return how many tokens of `o200k_base` a text takes, rather high than low.

    Args:
        text: Any text; the time is linear in its length.
    """
    return _MARGIN * sum(map(_COSTS.__getitem__, _PIECE.findall(text)))


def beginning(text: str, limit: float) -> str:
    """Return as much of a text as takes no more than so many tokens.

    Args:
        text: Any text.
        limit: Tokens by `measure`, with the `…` that stands for what is left out.
    """
    shown, mark = text, ""
    while shown and measure(shown + mark) > limit:
        shown, mark = shown[: len(shown) * 3 // 4], "…"
    return shown + mark


class _Costs(dict[str, float]):
    """The tokens of pieces, since few make up most of a text."""

    def __missing__(self, piece: str) -> float:
        cost = _cost(piece)
        if len(piece) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[piece] = cost
        return cost


def _cost(piece: str) -> float:
    last = piece[-1]
    if piece.isspace():
        return _blank(piece)
    if last.isascii() and last.isalpha():
        return _word(piece)
    if last.isdigit() and last.isascii():
        return 1.0
    return _foreign(piece) if piece[0].isalnum() else _mark(piece)


_COSTS: Final = _Costs()


def _word(word: str) -> float:
    body = word if word[0].isalpha() else word[1:]
    size = len(body)
    lowered = body.lower()
    if lowered in _COMMON:
        return 1.05
    is_glued = size < len(word) and word[0] != " "
    strange = sum(one + two not in _PAIRS for one, two in pairwise(lowered))
    strangeness = _STRANGE[min(strange, 3)] + _STRANGER * max(0, strange - 3)
    if size > 1 and body.isupper():
        return 0.95 + 0.14 * (size - 1) + 0.3 * is_glued + 0.2 * strange
    cost = 1.0 + strangeness + (not " " <= word[0] <= "~")
    if set(body) <= _HEX:
        cost = max(cost, 1.0 + 0.4 * (size - 1))
    if is_glued:
        rare = word[0] not in _OFTEN_GLUED
        return cost + 0.05 + 0.1 * (size - 1) + 0.1 * body[0].isupper() + 0.3 * rare
    return cost + 0.02 * (size - 1) + 0.06 * max(0, size - 7)


def _blank(run: str) -> float:
    cost = 1.0 + len(run) // _WIDEST + 0.5 * max(0, _changes(run) - 1)
    return cost + 1.0 if run[-1] in "\r\n" and run[0] not in "\r\n" else cost


def _mark(run: str) -> float:
    marks = run.strip(" \r\n")
    if marks.isascii():
        return _ascii_mark(marks)
    plain = "".join(char for char in marks if char.isascii())
    rest = "".join(char for char in marks if not char.isascii())
    size, kinds = len(rest), _changes(rest)
    cost = _ascii_mark(plain) if plain else 0.0
    if all(char in _RULES for char in rest):
        return cost + 1.1 + 1.2 * kinds + size / 16
    return cost + 1.5 + 1.5 * kinds + 0.5 * (size - 1 - kinds)


def _ascii_mark(marks: str) -> float:
    size, kinds = len(marks), _changes(marks)
    apart = sum(char < " " for char in marks) + marks.count("$[")
    if size <= _FEW:
        return 1.0 + 0.04 * (size - 1) + apart
    many = 0.25 * max(0, kinds - _MANY)
    run = size / 24 if set(marks) & _LONG_RUNS else 0.5 * (size - kinds)
    return min(size, 0.6 + 0.35 * kinds + many + run) + apart


def _changes(run: str) -> int:
    return sum(one != two for one, two in pairwise(run))


def _foreign(letters: str) -> float:
    return 0.5 + sum(map(_letter, letters))


def _letter(char: str) -> float:
    """Return the tokens of a letter, by how much text there is in its script."""
    if char < "\u2000":
        return 0.27
    if "\u3040" <= char < "\u3400" or "\u4e00" <= char < "\ud800":
        return 0.7
    return float(len(char.encode("utf-8", "surrogatepass")))
