"""Journeys in a browser go through the demo's portal, in Debian's Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import browser
from tests.portal_world import portal, served, told

__all__ = ["portal", "served", "told"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with browser.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def axe(root: Path) -> str:
    """The accessibility checker's script."""
    return (root / "tests/node/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
