"""Which pieces of a text state something a reader must not miss.

A warning, a rule, a default, a limit: found by stems of words in some twenty
languages. Every stem is looked for in the whole text at once, which costs far less
than asking each line about all stems.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from .stems import Lowered, marked


class Weight(IntEnum):
    """How much depends on what a piece says, the greater the more."""

    NOTHING = 0
    MENTION = 1
    """It speaks of an error, an exception from a rule, a total."""
    RULE = 2
    """It speaks of what is always done, prevented, replaced or raised."""
    LIMIT = 3
    """It gives a default or a limit."""
    WARNING = 4
    """It says what must or must not be, what breaks, what is no longer so."""


_WARNINGS = (
    "cve-|double free|use-after-free|denial of service|data corruption"
    "|not implemented|must|never|warning|caution|danger|breaking|deprecat|obsolete"
    "|vulnerab|security|note:|note that|**note|*note|important|no longer"
    "|not support|unsupported|cannot|can not|can't|not allow|not permit|not be used"
    "|required|mandatory|incompatib|forbid|irrevers|data loss|beware|only if"
    "|attention|achtung|avertissement|zorunlu|warnung|muss |niemals|pflicht"
    "|veraltet|erforderlich|obligat|jamais|interdit|nunca|advertencia|obsoleto"
    "|aviso|nie wolno|wymagan|devono"
)
_WARNINGS_ELSEWHERE = (
    "müssen|必须|必須|必要|注意|警告|废弃|廢棄|弃用|非推奨|禁止|不能|不可|不得"
    "|しないで|してはいけ|ません|なければ|重要|危険|危险|切勿|务必|반드시|필수|경고"
    "|주의|금지|중요|dépréci|sécurité|важно|внимание|предупрежд"
    "|нельзя|должн|обязательн|устарел|запрещ|никогда|يجب|تحذير|تنبيه|مطلوب|لا يمكن"
    "|أبدا|चेतावनी|अनिवार्य|आवश्यक|कभी नहीं|सावधान|uyar\u0131"
    "|ostrzeżenie"
)
_LIMITS = (
    "less than|greater than|more than|fewer than|default|limit|maxim|minim|at most"
    "|at least|up to |no more than|predetermin|standardm|standardw|limite|massimo"
    "|predefinit"
)
_LIMITS_ELSEWHERE = (
    "límite|máximo|padrão|domyśln|varsay\u0131lan|默认|預設|デフォルト|既定|制限"
    "|限制|最大|最小|最多|至少|上限|下限|기본|제한|최대|최소|défaut|умолчанию"
    "|не более|не менее|максим|миним|افتراضي|الحد|डिफ़ॉल्ट|अधिकतम|न्यूनतम|सीमा"
)
_RULES = (
    "will not |not work|crash|always|require|warn|raises|raise |throw|panic|prevent"
    "|instead|should not|shouldn't|do not|don't|remove|drop support|drops support"
    "|renamed|replaced|since version|as of |changed in|ensure|make sure|siempre"
    "|sempre|toujours|immer |zawsze"
)
_RULES_ELSEWHERE = (
    "例外|错误|エラー|오류|ошибк|всегда|总是|始终|常に|必ず|항상|确保|हमेशा|دائما"
)
_MENTIONS = (
    "should|error|fail|exception|total|unless|todo|fixme|exceed|timeout|only|except"
    "|fehler|erreur|errore|recommend|optional|experimental|version"
)
_MENTIONS_ELSEWHERE = (
    "合計|总计|失败|失敗|推奨|推荐|オプション|可选|실패|권장|рекоменд|только|仅|だけ"
)
_STEMS: Final = {
    Weight.MENTION: (_MENTIONS, _MENTIONS_ELSEWHERE),
    Weight.RULE: (_RULES, _RULES_ELSEWHERE),
    Weight.LIMIT: (_LIMITS, _LIMITS_ELSEWHERE),
    Weight.WARNING: (_WARNINGS, _WARNINGS_ELSEWHERE),
}
"""From the weakest to the strongest; first the stems in ASCII, then the others."""
_IN_ASCII: Final = {weight: stems.split("|") for weight, (stems, _) in _STEMS.items()}
_ELSEWHERE: Final = {weight: marked(stems) for weight, (_, stems) in _STEMS.items()}


def weigh(lowered: Lowered, size: int) -> list[Weight]:
    """Say how much depends on each piece of a text.

    Args:
        lowered: The pieces, lines or sentences.
        size: How many they are.
    """
    found = [Weight.NOTHING] * size
    for weight, stems in _IN_ASCII.items():
        for at in lowered.having(stems):
            found[at] = weight
        for at in lowered.having_foreign(_ELSEWHERE[weight]):
            found[at] = weight
    return found
