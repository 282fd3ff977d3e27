"""The server is killed in the middle of its work, fifty times: all it answered is in the log, which is whole."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from audit.entry import encode, leaf_hash
from audit.events import Event
from audit.read import every_leaf
from tests import warm
from tests.import_world import Home, proven
from tests.killed_world import PATIENCE, READERS, Client, furnish, kill_family, wait_for
from tests.ports import free_port

pytestmark = pytest.mark.timeout(600)

KILLS = 25  # on each database
LONGEST = 0.5  # seconds between a server's first answer and its end


def logged(home: Home) -> tuple[set[bytes], Counter[str]]:
    """The hash of every entry, and how many entries there are of each kind."""
    with home.open() as vault, vault.db.snapshot() as session:
        leaves = list(every_leaf(session))
    return {leaf_hash(encode(leaf)) for leaf in leaves}, Counter(str(leaf.event) for leaf in leaves)


def live_and_die(client: Client, seconds: float) -> None:
    """One life of the server: started, asked by all connections, and killed with all it started, at once."""
    port = free_port()
    address = f"http://localhost:{port}"
    server = warm.start(client.home.environment, client.home.folder / "server.log", "serve", "--port", str(port))
    try:
        wait_for(address, server)
        threads = client.begin(address)
        time.sleep(seconds)
    finally:
        kill_family(server.pid)
        server.join(PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_whatever_a_killed_server_answered_is_in_the_log(tmp_path: Path, database_url: str) -> None:
    home = Home(tmp_path / "home", database_url)
    citizen_id, key = furnish(home)
    with home.open() as vault:
        client = Client(home, citizen_id, key, vault.keyring.store.public_key("receipt"))
    chance = random.Random(50)
    for _ in range(KILLS):
        live_and_die(client, chance.uniform(0, LONGEST))
    assert len(client.promised) > KILLS * READERS
    assert client.refused == []
    assert proven(home) > len(client.promised)
    entries, kinds = logged(home)
    assert set(client.promised) <= entries
    assert kinds[Event.RECORD_OPENED] >= len(client.promised)
    assert kinds[Event.TOKEN_ISSUED] >= client.tokens
