"""Locks that no thread holds while this process forks.

A child has only the thread that forked: what another one held would stay locked in it
for ever, and what that one was changing would stay half changed.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final

no_fork: Final = threading.Lock()
"""Held while the process forks, and by whoever must not be forked just now."""

_locks: Final[weakref.WeakSet[threading.Lock]] = weakref.WeakSet()
_held: Final[list[threading.Lock]] = []
"""The locks that are held for the time of the fork."""


def fork_safe_lock() -> threading.Lock:
    """Return a new lock that is free in a child, with what it guards whole."""
    lock = threading.Lock()
    with no_fork:
        _locks.add(lock)
    return lock


def _before_fork() -> None:
    no_fork.acquire()
    for lock in list(_locks):
        lock.acquire()
        _held.append(lock)


def _after_fork() -> None:
    while _held:
        _held.pop().release()
    no_fork.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
