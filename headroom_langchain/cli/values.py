"""What single words of the command line must be."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from typing import Final

_MOST_PRICES: Final = 3
"""Of input, of cached input, of output."""
_UNITS: Final = {"K": 2**10, "M": 2**20, "G": 2**30}
_PORTS: Final = range(2**16)


def factor(value: str) -> float:
    """Return a number above 0.

    Raises:
        ArgumentTypeError: It is none.
    """
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        msg = f"{value!r} is no number above 0"
        raise ArgumentTypeError(msg)
    return number


def prices(value: str) -> tuple[float, ...]:
    """Return up to three prices.

    Raises:
        ArgumentTypeError: They are none, or more.
    """
    found = tuple(factor(part) for part in value.split(","))
    if len(found) > _MOST_PRICES:
        msg = f"{value!r} has more than IN,CACHED,OUT"
        raise ArgumentTypeError(msg)
    return found


def count(value: str) -> int:
    """Return a whole number above 0.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not value.isdecimal() or not int(value):
        msg = f"{value!r} is no whole number above 0"
        raise ArgumentTypeError(msg)
    return int(value)


def port(value: str) -> int:
    """Return the number of a port.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not value.isdecimal() or int(value) not in _PORTS:
        msg = f"{value!r} is no port: 0 to {_PORTS[-1]}"
        raise ArgumentTypeError(msg)
    return int(value)


def size(value: str) -> int:
    """Return bytes, given as such or in K, M or G.

    Raises:
        ArgumentTypeError: They are none.
    """
    unit = _UNITS.get(value[-1:].upper(), 0)
    number = value[:-1] if unit else value
    if not number.isdecimal() or not int(number):
        msg = f"{value!r} is no size: bytes, or a number with K, M or G"
        raise ArgumentTypeError(msg)
    return int(number) * (unit or 1)
