"""The lines of any text that tell of a failure.

Words are looked for in the whole text at once; only lines that have one are asked
how alarming they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .log_levels import Level, judge
from .stems import Lowered, marked

_STEMS: Final = (
    "error|fail|fatal|exception|panic|critical|traceback|assert|abort|denied|refused"
    "|unable|cannot|can't|could not|couldn't|undefined reference|segmentation"
    "|segfault|core dumped|killed|out of memory|timed out|timeout|unreachable"
    "|corrupt|not found|no such|severe|crash|deadlock|unhandled|uncaught"
    "|unauthorized|forbidden|conflict|not ok|invalid|violation|unresolved|emerg"
    "|warn|caution|retry|deprecat|erreur|fehler|e   "
).split("|")
_ELSEWHERE: Final = marked(
    "错误|失败|异常|エラー|失敗|例外|오류|실패|échec|échou|ошибка|сбой|خطأ|त्रुटि"
    "|警告|경고|✗|✘|✖|✕|\u00d7|❌|⚠"
)
_PROBED: Final = 2000
_MOST: Final = 3000


def find_alarms(lines: Sequence[str], lowered: Lowered) -> dict[int, Level]:
    """Say which lines are alarming, in their order, and how much.

    Args:
        lines: The lines of a text.
        lowered: The same lines, ready to be searched.

    Returns:
        Lines of the levels `WARNING` and `ERROR`; of several thousand, a sample.
    """
    found: dict[int, Level] = {}
    suspects = {*lowered.having(_STEMS), *lowered.having_foreign(_ELSEWHERE)}
    step = 1 + len(suspects) // _MOST
    for at in sorted(suspects)[::step]:
        level, _ = judge(lines[at][:_PROBED])
        if level >= Level.WARNING:
            found[at] = level
    return found
