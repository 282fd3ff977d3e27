"""Looking at a page as WCAG 2.2 asks: what is wrong with it, as sentences; an empty list where nothing is.

axe sees a third to a half of what can be wrong. The other looks here walk with the Tab key, spread the text, take the
colours away, and measure.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, ViewportSize

WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}
NARROW: Final[ViewportSize] = {"width": 320, "height": 640}
STOPS_MOST: Final = 200

_AXE: Final = "async () => (await axe.run(document)).violations.map(found => `${found.id}: ${found.nodes[0].html}`)"

_TOO_WIDE: Final = "() => document.documentElement.scrollWidth > window.innerWidth ? ['wider than the screen'] : []"

# WCAG 2.2, success criterion 1.4.12: the spacing that a page must bear.
_SPREAD: Final = """() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; ' +
    'word-spacing: 0.16em !important } p { margin-bottom: 2em !important }')
  document.adoptedStyleSheets = [sheet]
  const cut = [...document.querySelectorAll('main *, header *, footer *')].filter(one => {
    const look = getComputedStyle(one)
    const hides = look.overflowX === 'hidden' || look.overflowY === 'hidden' || look.textOverflow === 'ellipsis'
    return hides && !one.closest('.govuk-visually-hidden') && one.clientHeight > 1 &&
      (one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)
  }).map(one => `cut off when spread: ${one.outerHTML.slice(0, 120)}`)
  const wide = document.documentElement.scrollWidth > window.innerWidth ? ['wider than the screen when spread'] : []
  document.adoptedStyleSheets = []
  return [...cut, ...wide]
}"""

# 2.4.7 focus visible, 2.4.11 focus not obscured: the thing under the key, or the label that shows it.
_FOCUS: Final = """() => {
  const at = document.activeElement
  if (!at || at === document.body) return 'end'
  const named = `${at.outerHTML.slice(0, 120)}`
  const shows = one => { const look = getComputedStyle(one)
    return (look.outlineStyle !== 'none' && look.outlineWidth !== '0px') || look.boxShadow !== 'none' }
  const label = at.id ? document.querySelector(`label[for="${CSS.escape(at.id)}"]`) : null
  const drawn = label && (getComputedStyle(label, '::before').boxShadow !== 'none' ||
    getComputedStyle(label, '::before').outlineStyle !== 'none')
  if (!shows(at) && !drawn) return `focus not seen: ${named}`
  const box = at.getBoundingClientRect()
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth
  if (!inside) return `focus outside the screen: ${named}`
  const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1)
  const y = Math.min(Math.max(box.top + Math.min(box.height, 20) / 2, 1), innerHeight - 1)
  const top = document.elementFromPoint(x, y)
  const covered = top && !at.contains(top) && !top.contains(at) && !(label && label.contains(top))
  return covered ? `focus hidden behind something: ${named}` : ''
}"""

# 1.3.5: the purpose of a field about the person themselves is said to their browser.
_PURPOSE: Final = """() => [...document.querySelectorAll('main input')].filter(one => {
  const about = /^(email|tel)$/.test(one.type) || /(^|[-_])(email|phone|tel)($|[-_])/.test(one.name)
  return about && !one.autocomplete
}).map(one => `no autocomplete: ${one.outerHTML.slice(0, 120)}`)"""


@dataclass
class Watched:
    """A page whose console and network are listened to from its first address on."""

    page: Page
    address: str
    axe: str = field(repr=False)
    said: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:")):
            self.elsewhere.append(url)

    def faults(self, folder: Path | None = None, name: str = "") -> list[str]:
        """Every fault of the page as it stands, at both widths; its pictures go to *folder*."""
        found = []
        for size in (WIDE, NARROW):
            self.page.set_viewport_size(size)
            width = size["width"]
            if folder is not None:
                self.page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
            found += [f"{fault} (at {width})" for fault in faults(self.page, self.axe)]
        return [*found, *self.page.evaluate(_PURPOSE), *walked(self.page), *self._without_colours()]

    def _without_colours(self) -> list[str]:
        self.page.emulate_media(forced_colors="active", reduced_motion="reduce")
        found = [f"with forced colours: {fault}" for fault in walked(self.page, stops=12)]
        self.page.emulate_media(forced_colors="none", reduced_motion="no-preference")
        return found


def faults(page: Page, axe: str) -> list[str]:
    """What is wrong with the page at the width it has now."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(_AXE)
    return [*found, *page.evaluate(_TOO_WIDE), *page.evaluate(_SPREAD)]


def walked(page: Page, *, stops: int = STOPS_MOST) -> list[str]:
    """What is wrong on a walk over the page with the Tab key: each stop is seen, in the screen, and not covered."""
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0) }")
    found = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        said = page.evaluate(_FOCUS)
        if said == "end":
            break
        if said:
            found.append(said)
    return found
