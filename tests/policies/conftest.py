"""The rules of the house, loaded once with the real catalogue."""

import pytest

from policies.engine import Engine
from tests.policies.facts import FLAGS


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.load(fields=FLAGS, catalogue_digest="c0ffee")
