"""What browser is it, in a few words: enough to know one's own device again, too little to follow anybody.

What the browser sent (RFC 9110, section 10.1.5) is looked at and forgotten; the words are all that is kept.
"""

import re
from typing import Final

_BROWSERS: Final = (
    ("Edge", r"\bEdgA?(?:iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Headless)?(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bSafari/"),
)
_SYSTEMS: Final = (
    ("iPad", r"\biPad\b"),
    ("iPhone", r"\biPhone\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Mac", r"\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)
_LONGEST: Final = 400  # characters that are looked at


def hint(user_agent: str) -> str:
    """*user_agent* in a few words of ours, such as ``Chrome on Windows``; empty where neither is known."""
    looked_at = user_agent[:_LONGEST]
    browser, system = _first(_BROWSERS, looked_at), _first(_SYSTEMS, looked_at)
    return f"{browser} on {system}" if browser and system else browser or system


def _first(known: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, pattern in known if re.search(pattern, text)), "")
