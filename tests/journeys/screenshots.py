"""
Photograph the pages of a fresh demo: ``python -m tests.journeys.screenshots [FOLDER]``.

The pictures go to FOLDER, ``docs/screenshots`` unless another is named.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from tests.browser import chromium, sign_in
from tests.demo_world import Demo, lay, serving

ROOT: Final = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1000, 800  # pixels

PAGES: Final = {
    "resident": ("/home", "/record", "/requests", "/sharing", "/activity"),
    "officer": ("/officer",),
    "auditor": ("/audit",),
    "administrator": ("/admin",),
}
"""Which pages are photographed, by who sees them."""


def photograph(browser: Browser, demo: Demo, folder: Path) -> list[Path]:
    """Take a picture of the story's page and of every page in `PAGES`; return the files in the order taken."""
    taken = [_picture(browser, demo, None, ("/demo",), folder)]
    taken += [_picture(browser, demo, who, addresses, folder) for who, addresses in PAGES.items()]
    return [path for pictures in taken for path in pictures]


def _picture(browser: Browser, demo: Demo, who: str | None, addresses: tuple[str, ...], folder: Path) -> list[Path]:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    if who:
        sign_in(page, demo.links[who])
    taken = []
    for address in addresses:
        page.goto(demo.address + address)
        path = folder / f"{(who or 'anyone')}{address.replace('/', '-')}.png"
        page.screenshot(path=path, full_page=True)
        taken.append(path)
    context.close()
    return taken


def main(folder: Path) -> None:
    """Lay a demo, serve it, photograph its pages into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        lay(Path(home))
        with serving(Path(home)) as demo, chromium() as browser:
            taken = photograph(browser, demo, folder)
    sys.stdout.write("".join(f"{path}\n" for path in taken))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots")
