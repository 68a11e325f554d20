"""Which parts of a page are its content, and which only frame it.

Frames are told by their element, their role, and the last word of a class or an
identifier: `site-footer` is a footer, `has-sidebar` is not a sidebar.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

SKIPPED: Final = 1
"""Nothing of it is text."""
ASIDE: Final = 2
"""Navigation, footers, banners, advertisements."""
ALERT: Final = 4
"""Errors, warnings, notices."""
CODE: Final = 8
"""White space is kept."""

_SKIPPED: Final = frozenset(
    "script style svg template canvas object audio video datalist".split()
)
_ASIDE: Final = frozenset("nav footer aside menu".split())
_ASIDE_ROLES: Final = frozenset(
    "navigation contentinfo complementary search menu menubar toolbar".split()
)
_ALERT_ROLES: Final = frozenset("alert alertdialog status".split())
_WHOLE: Final = frozenset("html body main article h1 h2 h3 h4 h5 h6 table".split())
_ASIDE_NAME = re.compile(
    r"(?:^|[ _-])(?:nav|navbar|navigation|menu|menus|sidebar|breadcrumbs?|cookies?"
    r"|cookie-(?:banner|notice|consent|bar|policy)|consent|gdpr|footer|social|share"
    r"|sharing|ads?|adsense|advert|advertisement|sponsored|newsletter|subscribe"
    r"|toc|toctree|skip-?link|skip-to-content|sphinxsidebar|related-links"
    r"|picker|dropdown-menu)(?= |$)"
)
_LAYOUT = re.compile(r"(?:has|with|no|without|show|hide|open)[_-][\w-]+")
_ALERT_NAME = re.compile(
    r"(?:^|[ _-])(?:alert|error|errors|errorlist|warning|warn|danger|caution|notice"
    r"|important|deprecated|deprecation|flash|invalid|admonition|callout|failure"
    r"|exception|feedback|stability|incident|outage)(?=[ _-]|$)"
)
_LONGEST_NAMES: Final = 400
_HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden")


def zone_of(tag: str, attributes: dict[str, str]) -> int:
    """Return what kind of part of a page an element begins, as flags."""
    zone = _BY_TAG.get(tag, 0)
    if not attributes or zone & SKIPPED:
        return zone
    role = attributes.get("role", "")
    if role in _ALERT_ROLES:
        zone |= ALERT
    elif role in _ASIDE_ROLES or "hidden" in attributes:
        zone |= ASIDE
    if attributes.get("aria-hidden") == "true":
        zone |= ASIDE
    if "style" in attributes and _HIDDEN.search(attributes["style"]):
        zone |= ASIDE
    names = f"{attributes.get('id', '')} {attributes.get('class', '')}"
    return zone | _by_name(names[:_LONGEST_NAMES].lower(), whole=tag in _WHOLE)


@lru_cache(maxsize=1000)
def _by_name(names: str, *, whole: bool) -> int:
    """Return the zone that an identifier and classes name.

    Args:
        names: Both, lower case, with spaces between them.
        whole: Whether the element is no mere frame, whatever it is called.
    """
    zone = ALERT if _ALERT_NAME.search(names) else 0
    if not whole and _ASIDE_NAME.search(_LAYOUT.sub("", names)):
        zone |= ASIDE
    return zone


_BY_TAG: Final = (
    dict.fromkeys(_SKIPPED, SKIPPED)
    | dict.fromkeys(_ASIDE, ASIDE)
    | {"pre": CODE, "textarea": CODE, "listing": CODE}
)
