"""One world for the tests of a module, which leave no request waiting."""

from collections.abc import Iterator

import pytest

from tests import databases
from tests.service_world import World, world


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running vault with one citizen and two services."""
    folder = tmp_path_factory.mktemp("world")
    with databases.sqlite(folder) as url, world(folder, url) as made:
        yield made
