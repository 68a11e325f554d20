"""Whether the words around a date or time say that it is that of the call.

A label names the call's own moment in the languages that prompts are written in:
a word for now, such as `today` or `aktuell`, and only few words up to the value; a
field called date or time; or the beginning of this very session. Words such as
`since` or `version` between label and value say that something else is dated.
"""

from __future__ import annotations

import re

from headroom_langchain.cache_aligner.context import holds

_NOW = (
    *("today", "tonight", "now", "current", "presently", "present date", "present day"),
    *("present time", "tomorrow", "yesterday", "this week", "this month"),
    *("this quarter", "the year is", "heute", "heutig", "jetzt", "aktuell", "aujourd"),
    *("actuel", "maintenant", "nous sommes le", "on est le", "hoy", "ahora"),
    *("estamos a", "actual es", "actual:", "actuales", "oggi", "odiern", "attual"),
    *("corrente", "adesso", "hoje", "atual", "agora", "vandaag", "huidig", "dagens"),
    *("idag", "i dag", "nuvarande", "nåværende", "nuværende", "dzisiaj", "dzisiejsz"),
    *("dziś", "obecn", "aktualn", "teraz", "dnes", "aktuáln", "bugün", "şimdi"),
    *("tänään", "nykyi", "сегодня", "текущ", "сейчас", "今天", "今日", "现在"),
    *("現在", "当前", "當前", "本日", "오늘", "현재", "지금", "आज", "اليوم"),
)
"""Words for now, or how they begin."""
_BETWEEN = re.compile(r"(?:iso[\s-]?8601|q[1-4]|[^\d.;!?\n]){0,44}\Z")
_ELSE = re.compile(
    r"(?<![^\W_])(?:since|until|till|from|before|after|by|version|releas|deprecat"
    r"|support|expire|expiry|clos|limit|valid|copyright|last|previous|api|model|schema"
    r"|standard|spec|licen[sc]e|edition|stable|cutoff|seit|depuis|desde|born|founded"
    r"|as\sof|passed|signed|adopted|changelog|policy|law|terms|maintain)"
)
"""Words that say what else is dated."""

_FRONT = r"(?:\A|[\n|<{(\[,•])[\s\-*#>_\"'`]*"
_IS = r"(?:[:=>\uff1a]|\s?(?:is|es|est|ist|è|é|är|er|jest)\s)"
_DATE_FIELD = re.compile(
    rf"(?:{_FRONT}(?:context\s)?"
    r"|(?<![^\W_])(?:the|la|el|il|das|die|de|system|server|local|user'?s?)[\s_-])"
    r"(?:date|datum|data|fecha|dato|day|дата|日期|日付|날짜)"
    r"(?:\s\([^)\n]{0,16}\))?(?:\s(?:(?:and|&)\stime|du\sjour|del\sdía))?"
    r"(?:\s(?:in|at|for|of)\s[^\d.:;\n]{1,24}(?=:))?"
    rf"[\s_*\"'`>)]{{0,4}}{_IS}?(?:(?:der|le|el|il)\s)?[\s*\"'`>]{{0,4}}\Z"
)
_TIME_FIELD = re.compile(
    rf"(?:{_FRONT}|\b(?:the|la|die|current|local|server|system|utc|user'?s?)[\s_-])"
    r"(?:time|uhrzeit|heure|hora|ora|tijd|tid|время|时间|時刻|시간)"
    rf"[^\d.;!?\n]{{0,30}}{_IS}[\s*\"'`>]{{0,4}}\Z"
)
_IT_IS = re.compile(
    r"(?<![^\W_])(?:it\sis|it['\u2019]s|il\sest|es\sist|son\slas|sono\sle|clock\ssays"
    r"|wir\sschreiben\sden)"
    r"\s(?:about\s|exactly\s)?\Z"
)
_BEGUN = re.compile(
    r"(?<![^\W_])(?:session|conversation|chat|call|request|prompt|run|workflow|context"
    r"|message|this\s\w{1,12})\s[^\d.;!?\n]{0,24}"
    r"(?:start|began|begin|open|generat|render|initiali|sent|receiv|takes\splace)"
    r"\w{0,6}(?:\s(?:on|at))?[\s:=]{1,3}\Z"
    r"|\bstarted(?:_at)?\s?[:=]\s?[\"']?\Z"
    r"|\b(?:date|time)\sof\s(?:this|the)\s"
    r"(?:call|chat|conversation|request|session)(?:\sis)?\W{1,5}\Z"
)
_YEARS = ("year", "quarter", "jahr", "année", "año", "anno", "ano ", "год", "年")
_NOW_AFTER = re.compile(
    r"[\s,(]{1,2}(?:is\s|as\s(?:of\s)?)?(?:today|now|heute|hoy|oggi)\b"
    r"(?!\s+(?:the|a|we|it)\b)"
)
_DATES = ("dat", "fecha", "day", "дата", "日", "날짜")
_TIMES = ("time", "uhr", "heure", "ora", "tij", "tid", "врем", "时", "時", "시")
_BEGINNINGS = (
    *("start", "beg", "open", "generat", "render", "initi", "sent", "receiv"),
    *("takes p", "date of", "time of"),
)
_CLAUSE_ENDS = ".;!?\u3002"
_LONGEST_IT_IS = 24


def is_own(before: str, after: str, *, clock: bool, year: bool) -> bool:
    """Tell whether a date or a time of day is said to be that of the call.

    Args:
        before: What stands before it, also on the line above, at most 96 characters.
        after: The rest of its line.
        clock: It is a time of day without a date.
        year: It is a year and nothing else.
    """
    start = max(map(before.rfind, _CLAUSE_ENDS)) + 1
    before = before[start:].lower()
    if year:
        return holds(before, _YEARS) and _is_called_now(before)
    if _is_called_now(before):
        return True
    words, field = (_TIMES, _TIME_FIELD) if clock else (_DATES, _DATE_FIELD)
    return bool(
        (holds(before, words) and field.search(before))
        or (holds(before, _BEGINNINGS) and _BEGUN.search(before))
        or _IT_IS.search(before[-_LONGEST_IT_IS:])
        or (clock and before.strip() == "[" and after.startswith("]"))
        or (not clock and _NOW_AFTER.match(after))
    )


def _is_called_now(before: str) -> bool:
    for word in _NOW:
        if word not in before:
            continue
        at = before.rfind(word)
        if word.isascii() and before[at - 1 : at].isalpha():
            continue
        between = before[at + len(word) :]
        if _BETWEEN.match(between) and not _ELSE.search(between):
            return True
    return False
