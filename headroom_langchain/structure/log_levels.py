"""How alarming one line of a log is.

A line is screened with one cheap pattern first; the finer questions (does it
only mention a flag, a test that passed, a count of zero?) are asked of the few
lines that pass. The answer ranks lines. It never hides one.
"""

from __future__ import annotations

import re
from enum import IntEnum


class Level(IntEnum):
    """How much a line matters, the greater the more."""

    ROUTINE = 0
    NOTE = 1
    """An alarming word in harmless company: a flag, a passed test, source code."""
    WARNING = 2
    ERROR = 3


_ERROR_STEMS = (
    "error|fail|fatal|exception|panic|critical|traceback|assert|abort|denied|refused"
    "|unable|cannot|can't|could not|undefined reference|segmentation|segfault"
    "|core dumped|killed|out of memory|timed out|timeout|unreachable|corrupt"
    "|not found|no such|severe|crash|deadlock|unhandled|uncaught|unauthorized"
    "|forbidden|conflict|not ok|invalid|violation|unresolved|emerg"
    "|错误|失败|异常|エラー|失敗|例外|오류|실패|erreur|échec|fehler|ошибка|échou"
    "|✗|✘|✖|✕|\u00d7|❌|level=err"
)
_WARNING_STEMS = "warn|deprecat|caution|retry|警告|경고|avertissement|⚠"
_NOTE_STEMS = (
    "missing|unknown|unexpected|mismatch|exceed|overflow|slow|leak|reject|dropped"
    "|lost|undefined|illegal|wrong|disconnect|unavailable|expired|too many|skipping"
    "|restart|unhealthy|evict|throttl|rollback|rolled back|degraded|back-off|stalled"
)
_SUMMARY_STEMS = (
    "passed|total|elapsed|finished|complete|summary|success|tests:|test run|ran "
    "|added |found |real|build|result|took |exit|done|in all|passing"
    "|合計|总计|完了|完成"
)


def _any_of(*stems: str) -> re.Pattern[str]:
    """Make a pattern that tries only the stems that begin with the letter it is at."""
    following: dict[str, list[str]] = {}
    for stem in "|".join(stems).split("|"):
        following.setdefault(stem[0], []).append(re.escape(stem[1:]))
    return re.compile(
        "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in following.items())
    )


_SCREEN = _any_of(_ERROR_STEMS, _WARNING_STEMS, _NOTE_STEMS, _SUMMARY_STEMS)

_SERVER_ERROR = re.compile(
    r"\" 5\d\d (?:\d|-)|[Ss]tatus(?:_?[Cc]ode)?[\"']?[=: ]+5\d\d(?!\d)"
)
_SCREEN_ALARM = _any_of(_ERROR_STEMS, _WARNING_STEMS, _NOTE_STEMS)
_ONLY_A_LEVEL = 12

_LEVEL_WORDS = re.compile(
    r"(?:(TRACE|DEBUG|INFO|NOTICE|STATUS|Info|Status|info|debug)"
    r"|(WARN|WARNING|Warning|warning|warn)"
    r"|(?:ERROR|ERR|FATAL|CRITICAL|CRIT|SEVERE|EMERG|ALERT|PANIC|Error|error|fatal"
    r"|FAILED|FAILURE|FAIL))(?![\w./-])"
)
_LETTER_LEVELS = re.compile(
    r"[IWEF]\d{4} \d\d:|[\d.:-]+ [\d.:]+ +\d+ +\d+ [VDIWEF] |[VDIWEF]/[\w.]+\("
)
# The alternatives are grouped by their first letter: that is three times as fast.
_CERTAIN_ERROR = re.compile(
    r"(?:abort(?:ed)?"
    r"|c(?:ritical|annot|an't|ould not|ore dumped|orrupt(?:ed)?|rash(?:ed)?|onflict)"
    r"|de(?:nied|adlock)|e(?:rror|merg)|f(?:ail(?:ure|ed|ing)?|atal|orbidden)|killed"
    r"|level=err|no(?:t found| such|t ok)|out of memory|panic(?:ked)?|refused"
    r"|se(?:gmentation fault|gfault|vere)|t(?:raceback|imed out|imeout)"
    r"|un(?:able|defined reference|reachable|handled|caught|authorized|resolved)"
    r"|violation)s?(?![\w/\\=-]|\.\w|\(\))"
)
_FOREIGN_ERROR = re.compile(
    r"错误|失败|异常|エラー|失敗|例外|오류|실패|échec|ошибка|[✗✘✖✕❌]"
)
_CLASS_NAME = re.compile(r"(?:E(?:rror|xception)|Fa(?:ilure|ult)|Panic)(?![\w/\\.-])")
_CERTAIN_WARNING = re.compile(
    r"(?:warn(?:ing)?s?|deprecated|deprecation|caution|retry(?:ing)?|⚠|警告|경고"
    r"|avertissement)(?![\w/\\=-])"
)
_WARNING_CLASS = re.compile(r"Warning(?![\w/\\.-])(?<=[a-z]Warning)")
_ADVICE = re.compile(
    r"(?:error\]|err!|error|info\])?[\s>-]*(?:re-?run |for more information"
    r"|to see the full|\[help \d+\](?: http|$)|run with |for further details"
    r"|a complete log of this run|hint: )"
)
_NOTHING_WRONG = re.compile(
    r"\b(?:0|no|zero|without)(?: of \d+)? (?:\w+ )?"
    r"(?:errors?|fail(?:ures?|ed|s)?|warnings?|conflicts?|violations?|crash(?:es)?)"
    r"(?!\w| \w+er\b)"
    r"|(?:errors?|fail(?:ures?|ed|s)?|warnings?|violations?)"
    r"(?:\(s\))?[\"']? ?[:=] ?(?:0|none|null|false)"
    r"(?=[\s\"']*(?:[,;/|)}\]]|\.?$|\w+[\"']? ?[:=]))"
)
_PASSED = re.compile(
    r"(?:\.\.\.|…|[ \t\]:|-])(?:ok|passed|pass|success|xfail)[\s.!\])\d%\[ms]*$"
)
_ERROR_STARTS = ("E   ", "Traceback (most recent", "rspec ./")
_PASSED_STARTS = (
    "passed ",
    "pass:",
    "pass ",
    "ok ",
    "ok\t",
    "✓",
    "✔",
    "√",
    "--- pass",
    "xfail ",
    "xpass ",
    "skipped ",
)
_CODE_ENDS = frozenset(":;{}(),[]\\\"'")
_CODE = re.compile(
    r"\s*(?:def |class |raise |throw |except\b|catch\b|import |from \w+ import|return\b"
    r"|assert |if |elif |else|for |while |try\b|with |@|self\.|#|//|/\*|\*|\"|'|\}|\{"
    r"|public |private |const |let |var |func |fn )"
    r"|\s+\w[\w.]* = .|\s+[\w.]+\(.*\)[:;,]?$"
)
_SUMMARY = re.compile(
    r"build (?:fail|succe|finish|complete)|complete(?:d)? (?:in|with|at|success)"
    r"|done in [0-9]|e(?:lapsed|xit(?:ed)?(?: \w+)? (?:code|status|with))|finished"
    r"|r(?:an [0-9]|esult:|eal\t)|su(?:ites:|mmary|ccessfully)"
    r"|t(?:otal(?: \w+)?[:= ]|est result|ests? run|ests:|ook [0-9])|合計|总计|完了"
)
_COUNTED = re.compile(
    r"e(?:rrors?\b|rror\(s\)|xamples?\b)|fail(?:ed|ure|ing)|pa(?:ssed|ssing|ckages?\b)"
    r"|skipped|tests?\b|vulnerabilit|warning(?:\(s\)|s?\b)"
)
_COUNT_BEFORE = re.compile(r"[0-9] (?:[a-z]+ )?$")
_COUNT_REACH = 16
_SCREENED_PIECE = 4000
_JOINED = "._/\\@=-"
_LEVEL_WITHIN = 120


def judge(text: str) -> tuple[Level, bool]:
    """Say how alarming a line is, and whether it sums something up.

    Args:
        text: One line without line break, not longer than a few thousand characters.
    """
    lowered = text.lower()
    maybe = '" 5' in text or "tatus" in text
    if maybe and _SERVER_ERROR.search(text) is not None:
        return Level.ERROR, False
    if _SCREEN.search(lowered) is None:
        return _letter_level(text), False
    summary = _SUMMARY.search(lowered) is not None or _has_count(lowered)
    return _level(text, lowered), summary


def may_alarm(text: str) -> bool:
    """Tell whether a line has the beginning of an alarming word anywhere."""
    return _SCREEN_ALARM.search(text.lower()) is not None


def first_alarm(text: str) -> int:
    """Return where in a line of any length the first alarming word starts, or -1."""
    for start in range(0, len(text), _SCREENED_PIECE):
        piece = text[start : start + _SCREENED_PIECE + 100]
        hit = _error_in(piece, piece.lower())
        if hit >= 0:
            return start + hit
    return -1


def _has_count(lowered: str) -> bool:
    for hit in _COUNTED.finditer(lowered):
        start = hit.start()
        if _COUNT_BEFORE.search(lowered[max(0, start - _COUNT_REACH) : start]):
            return True
    return False


def _error_in(text: str, lowered: str) -> int:
    """Return where a line names an error, or -1."""
    at = _standing_alone(_CERTAIN_ERROR, lowered)
    if at < 0:
        at = _class_name_in(text)
    if at < 0 and not text.isascii():
        hit = _FOREIGN_ERROR.search(lowered)
        at = hit.start() if hit is not None else -1
    return at


def _class_name_in(text: str) -> int:
    """Return where the end of a name such as `ValueError` stands, or -1."""
    for hit in _CLASS_NAME.finditer(text):
        before = text[hit.start() - 1 : hit.start()]
        if before.isascii() and before.isalpha():
            return hit.start()
    return -1


def _standing_alone(pattern: re.Pattern[str], text: str) -> int:
    """Return where a word stands that is no part of a name, a flag or a path, or -1."""
    hit = _free_match(pattern, text, len(text))
    return hit.start() if hit is not None else -1


def _free_match(pattern: re.Pattern[str], text: str, stop: int) -> re.Match[str] | None:
    for hit in pattern.finditer(text, 0, stop):
        before = text[hit.start() - 1] if hit.start() else " "
        if not (before.isalnum() or before in _JOINED):
            return hit
    return None


def _letter_level(text: str) -> Level:
    hit = _LETTER_LEVELS.match(text)
    if hit is None:
        return Level.ERROR if text.startswith(_ERROR_STARTS) else Level.ROUTINE
    letters = hit.group().strip(" (:0123456789.-")
    if letters[:1] in ("E", "F"):
        return Level.ERROR
    return Level.WARNING if letters[:1] == "W" else Level.ROUTINE


def _level(text: str, lowered: str) -> Level:
    if text.startswith(_ERROR_STARTS) or "Failure/Error: " in text:
        return Level.ERROR
    stripped = lowered.lstrip(" \t[|>")
    passed = stripped.startswith(_PASSED_STARTS) or _PASSED.search(lowered[-24:])
    if passed or _ADVICE.match(stripped):
        return Level.NOTE
    said = _free_match(_LEVEL_WORDS, text, _LEVEL_WITHIN)
    level = _by_words(text, lowered)
    if said is None:
        return max(level, _letter_level(text))
    if len(stripped) < _ONLY_A_LEVEL and " " not in stripped.rstrip():
        return Level.ROUTINE
    if said.group(2) and level == Level.NOTE:
        return Level.WARNING
    return min(level, Level.WARNING) if said.group(1) or said.group(2) else level


def _by_words(text: str, lowered: str) -> Level:
    error = _error_in(text, lowered)
    warning = _standing_alone(_CERTAIN_WARNING, lowered)
    if warning < 0 and (hit := _WARNING_CLASS.search(text)) is not None:
        warning = hit.start()
    if error < 0 and warning < 0:
        return Level.NOTE if _SCREEN_ALARM.search(lowered) else Level.ROUTINE
    harmless = _NOTHING_WRONG.sub("", lowered)
    if harmless != lowered:
        return min(Level.WARNING, _by_words(text, harmless))
    if _CODE.match(text) and (text[:1].isspace() or text.rstrip()[-1:] in _CODE_ENDS):
        return Level.NOTE
    return Level.WARNING if error < 0 or 0 <= warning < error else Level.ERROR
