"""Pages are tested on the demo's portal."""

from tests.portal_world import portal, told

__all__ = ["portal", "told"]
