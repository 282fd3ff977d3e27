"""Many entries proved at once: by two processes, to the same report, and every damage named as it is one by one."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from audit import stored, verify
from audit.bundles import Summary, members_of, summarise
from audit.processes import Crew
from audit.report import DefectKind, Report
from audit.stored_bundles import summary_at
from audit.tiles import TILE_WIDTH, entries_path, pack_entries, payloads_path, tile_path, unpack_entries
from audit.tree import Frontier, Place, node_hash
from tests import long_log
from tests.log_world import LogWorld

BUNDLES = 5
COUNT = BUNDLES * TILE_WIDTH + 77


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    long_log.write(folder, COUNT, payloads=True)
    return folder


def proved(folder: Path, seen: list[int] | None = None) -> Report:
    def tell(done: int, _total: int) -> None:
        if seen is not None:
            seen.append(done)

    return verify.verify_directory(folder, [long_log.KEY.public], origin=long_log.ORIGIN, progress=tell)


def one_by_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """The report of reading leaf by leaf alone."""
    with monkeypatch.context() as patched:
        patched.setattr(verify, "summarise", lambda *_given: None)
        return proved(folder)


def test_a_sound_log_is_sound_and_counted_alike(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, plain = proved(made), one_by_one(made, monkeypatch)
    assert report == plain
    assert report.sound
    assert (report.entries, report.payloads) == (COUNT, COUNT - len(long_log.WRITERS))


def test_processes_come_to_the_same_report_and_progress_is_told(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "WORTH", 1)
    seen: list[int] = []
    assert proved(made, seen) == one_by_one(made, monkeypatch)
    assert seen == [*(TILE_WIDTH * number for number in range(1, BUNDLES + 1)), COUNT]


def _flip(path: Path, at: int) -> None:
    held = bytearray(path.read_bytes())
    held[at] ^= 1
    path.write_bytes(bytes(held))


def _with_leaves(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the leaves of the third bundle."""
    path = folder / entries_path(2)
    path.write_bytes(pack_entries(change(unpack_entries(path.read_bytes()))))


HARMS: dict[str, Callable[[Path], object]] = {
    "a leaf": lambda folder: _flip(folder / entries_path(2), 1000),
    "a leaf's hash": lambda folder: _flip(folder / tile_path(0, 2), 40),
    "a payload": lambda folder: _flip(folder / payloads_path(2), 100),
    "a node": lambda folder: _flip(folder / tile_path(1, 0, BUNDLES), 70),
    "two leaves swapped": lambda folder: _with_leaves(folder, lambda held: [held[1], held[0], *held[2:]]),
    "a leaf cut": lambda folder: _with_leaves(folder, lambda held: held[:-1]),
    "a leaf in other words": lambda folder: _with_leaves(folder, lambda held: [held[0] + b" ", *held[1:]]),
    "a bundle missing": lambda folder: (folder / entries_path(2)).unlink(),
    "the hashes missing": lambda folder: (folder / tile_path(0, 2)).unlink(),
    "the payloads missing": lambda folder: (folder / payloads_path(2)).unlink(),
    "a bundle in another's place": lambda folder: shutil.copy(folder / entries_path(1), folder / entries_path(2)),
}


@pytest.mark.parametrize(("name", "many"), [*((name, False) for name in HARMS), ("a leaf", True)])
def test_every_damage_is_named_as_it_is_leaf_by_leaf(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, many: bool
) -> None:
    folder = tmp_path / "log"
    shutil.copytree(made, folder)
    HARMS[name](folder)
    if many:
        monkeypatch.setattr(verify, "WORTH", 1)
    report, plain = proved(folder), one_by_one(folder, monkeypatch)
    assert report.defects == plain.defects
    assert report.defects
    assert report == plain


def _bundle(folder: Path) -> Iterator[tuple[list[bytes], bytes]]:
    yield unpack_entries((folder / entries_path(1)).read_bytes()), (folder / tile_path(0, 1)).read_bytes()


def _summary(leaves: list[bytes], tile: bytes) -> Summary | None:
    return summarise(members_of(leaves, tile), tile, None)


def test_a_summary_holds_every_node_of_its_bundle(made: Path) -> None:
    ((leaves, tile),) = _bundle(made)
    summary = _summary(leaves, tile)
    assert summary is not None
    frontier, nodes = Frontier(), dict[int, bytes]()
    for at in range(0, len(tile), 32):
        for (level, _), node in frontier.append(tile[at : at + 32]):
            nodes[level] = nodes.get(level, b"") + node
    assert summary.levels == tuple(nodes[level] for level in range(1, 9))
    assert {(run.last - run.first) for run in summary.runs} <= {50, 51}


def test_grafted_subtrees_make_the_tree_that_single_leaves_make() -> None:
    hashes = [bytes([number]) * 32 for number in range(16)]
    single, grafted = Frontier(), Frontier()
    completed: dict[Place, bytes] = {}
    for number, hashed in enumerate(hashes):
        completed.update(single.append(hashed))
        if number % 4 == 3:
            four = node_hash(node_hash(*hashes[number - 3 : number - 1]), node_hash(*hashes[number - 1 : number + 1]))
            above = dict(grafted.graft(2, four))
            assert all(completed[place] == node for place, node in above.items())
            assert (grafted.size, grafted.root) == (single.size, single.root)


def test_a_damaged_log_is_never_summarised_as_sound(made: Path) -> None:
    ((leaves, tile),) = _bundle(made)
    assert _summary(leaves[:-1], tile[:-32]) is None
    assert _summary([*leaves[:-1], leaves[-1] + b" "], tile) is None
    assert _summary(leaves, tile[:-1] + b"\0") is None
    assert summarise(members_of(leaves, tile), tile, [None] * TILE_WIDTH) is None


def test_the_kinds_of_damage_are_those_of_the_report(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    shutil.copytree(made, folder)
    HARMS["a leaf"](folder)
    assert proved(folder).defects[0].kind is DefectKind.ENTRY_CHANGED


def test_tables_read_by_other_processes_come_to_the_same_report(log: LogWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for count in (3 * TILE_WIDTH - 20, 60, 5):
        log.write(count)
        log.sequence()
    alone = log.checked()
    url = log.database.url.render_as_string(hide_password=False)
    with Crew(2) as crew:
        assert log.checked(helping=stored.Helping(crew, partial(summary_at, url))) == alone
    assert alone.sound
    assert alone.entries > 3 * TILE_WIDTH
    monkeypatch.setattr(stored, "summary_in", lambda *_given: None)
    assert log.checked() == alone


TABLE_HARMS = {
    "a leaf": "UPDATE audit_entries SET leaf = (SELECT leaf FROM audit_entries WHERE index_ = 301) WHERE index_ = 300",
    "a leaf's hash": "UPDATE audit_entries SET leaf_hash = :other WHERE index_ = 300",
    "a subject": "UPDATE audit_entries SET subject = :other WHERE index_ = 300",
    "a node": "UPDATE audit_nodes SET hash = :other WHERE level = 2 AND index_ = 70",
    "a node missing": "DELETE FROM audit_nodes WHERE level = 3 AND index_ = 33",
    "an entry missing": "DELETE FROM audit_entries WHERE index_ = 300",
    "a payload": "UPDATE audit_payloads SET payload = :other WHERE rowid = 300",
    "a payload's month": "UPDATE audit_payloads SET month = '2025-01'",
}


@pytest.mark.parametrize("harm", TABLE_HARMS.values(), ids=TABLE_HARMS.keys())
def test_every_damage_to_the_tables_is_named_as_it_is_leaf_by_leaf(
    sqlite_log: LogWorld, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    log = sqlite_log
    log.write(3 * TILE_WIDTH)
    log.sequence()
    with log.database.write.begin() as connection:
        given = {"other": b"o" * 32} if ":other" in harm else {}
        connection.execute(text(harm.replace("index_", '"index"')), given)
    found = log.checked()
    assert found.defects
    monkeypatch.setattr(stored, "summary_in", lambda *_given: None)
    assert log.checked() == found
