"""Processes that serve are killed in the middle of their work, again and again: what was answered is in the log."""

import multiprocessing
import random
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from uuid import UUID

import pytest

from audit.entry import encode, leaf_hash
from audit.read import every_leaf
from tests.demo_world import free_port
from tests.import_world import Home, proven
from tests.killed_world import HOLDER, Client, furnish, kill_family, read_until_killed, token, wait_for

pytestmark = pytest.mark.timeout(400)

KILLS = 45
SERVERS = 5
LONGEST = 0.15  # seconds between the first answer and the kill
PATIENCE = 60  # seconds until a process on a busy machine answers


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, UUID]:
    home = Home(tmp_path_factory.mktemp("killed") / "home")
    return home, furnish(home)


def logged(home: Home) -> set[bytes]:
    with home.open() as vault, vault.db.reading() as session:
        return {leaf_hash(encode(leaf)) for leaf in every_leaf(session)}


def received(line: Connection) -> Iterator[bytes]:
    """What still comes out of *line* after its sender was killed."""
    try:
        while True:
            yield line.recv_bytes()
    except EOFError:
        return


def test_whatever_was_answered_before_a_kill_is_in_the_log(furnished: tuple[Home, UUID]) -> None:
    home, grant_id = furnished
    handle = token(home, grant_id, HOLDER)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.killed_world"])
    chance, answers = random.Random(50), list[bytes]()
    for _ in range(KILLS):
        line, theirs = context.Pipe(duplex=False)
        process = context.Process(target=read_until_killed, args=(home.environment, handle, theirs), daemon=True)
        process.start()
        theirs.close()
        assert line.poll(PATIENCE)
        time.sleep(chance.uniform(0, LONGEST))
        process.kill()
        answers += received(line)
        process.join()
        assert process.exitcode == -9
    assert len(answers) >= KILLS
    assert proven(home) > len(answers)
    assert set(answers) <= logged(home)


def test_whatever_a_killed_server_answered_is_in_the_log(furnished: tuple[Home, UUID]) -> None:
    home, grant_id = furnished
    client, chance = Client(home, grant_id), random.Random(5)
    for _ in range(SERVERS):
        port = free_port()
        address = f"http://localhost:{port}"
        server = home.start("serve", "--port", str(port))
        wait_for(address, server)
        threads = client.begin(address)
        assert client.first.wait(PATIENCE)
        time.sleep(chance.uniform(0, 4 * LONGEST))
        kill_family(server.pid)
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        server.communicate()
    assert len(client.promised) > SERVERS
    assert client.refused == []
    assert proven(home) > len(client.promised)
    assert set(client.promised) <= logged(home)
