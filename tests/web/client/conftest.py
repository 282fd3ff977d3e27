"""One world for the tests of the client, which leave no request waiting."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.service_world import World, world
from web.client import ServiceKey, VaultClient


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running vault with one citizen and two services."""
    folder = tmp_path_factory.mktemp("world")
    with databases.sqlite(folder) as url, world(folder, url) as made:
        yield made


@pytest.fixture
def key_file(place: World, tmp_path: Path) -> Path:
    """The first service's private key, as a service keeps it."""
    path = tmp_path / "home-care-private.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"keys": [place.home_care.key.to_dict()]}), encoding="utf-8")
    return path


@pytest.fixture
def client(place: World, key_file: Path) -> Callable[..., VaultClient]:
    """The first service's client, made with what is given besides; whoever waits lets the test go on instead."""

    def make(**settings: Any) -> VaultClient:
        return VaultClient(place.issuer, "home-care", ServiceKey.load(key_file), **settings)

    return make
