"""What a command tells its user instead of a traceback."""

from __future__ import annotations


class CommandError(Exception):
    """A command that cannot go on; the message is for the user's eyes."""

    code = 1
    """The exit code."""


class UsageError(CommandError):
    """Options that contradict each other."""

    code = 2
