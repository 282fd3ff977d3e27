"""Each key opens at its place, under its parent, with its fingerprint, and stays open only for a while."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest

from vault.errors import KeyDestroyedError, SealBrokenError
from vault.keyring import CACHE_KEYS, CACHE_SECONDS, Keyring, WrappedKey
from vault.keystores.file import FileKeyStore

ADA, BEN = UUID(int=0xADA), UUID(int=0xBE)


@dataclass
class Watch:
    """A clock that goes when told, in seconds."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


class Counted(FileKeyStore):
    """A key store that counts what it opens."""

    opened = 0

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        self.opened += 1
        return super().unwrap(blob, context)


@pytest.fixture
def store(tmp_path: Path) -> FileKeyStore:
    """A fresh key store."""
    return FileKeyStore.create(tmp_path / "keys")


@pytest.fixture
def ring(store: FileKeyStore) -> Keyring:
    """The keys of one council."""
    return Keyring(store, "exampleshire")


def touched(data: bytes, position: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


def test_a_citizens_key_opens_in_every_process_of_the_vault(ring: Keyring, store: FileKeyStore) -> None:
    made = ring.new_citizen_key(ADA, "record", 1)
    key = ring.open_citizen_key(ADA, "record", 1, made)
    assert len(key) == 32
    assert Keyring(FileKeyStore.open(store.path), "exampleshire").open_citizen_key(ADA, "record", 1, made) == key


def test_a_citizens_key_opens_at_its_place_alone(ring: Keyring, store: FileKeyStore) -> None:
    made = ring.new_citizen_key(ADA, "record", 1)
    elsewhere: list[Callable[[], bytes]] = [
        lambda: ring.open_citizen_key(BEN, "record", 1, made),
        lambda: ring.open_citizen_key(ADA, "audit", 1, made),
        lambda: ring.open_citizen_key(ADA, "record", 2, made),
        lambda: ring.open_house_key("house", 1, made),
        lambda: Keyring(store, "othershire").open_citizen_key(ADA, "record", 1, made),
    ]
    for act in elsewhere:
        with pytest.raises(SealBrokenError):
            act()


def test_a_house_key_opens_at_its_place_alone(ring: Keyring) -> None:
    made = ring.new_house_key("month:2026-11", 1)
    assert len(ring.open_house_key("month:2026-11", 1, made)) == 32
    for name, generation in (("month:2026-12", 1), ("house", 1), ("month:2026-11", 2)):
        with pytest.raises(SealBrokenError):
            ring.open_house_key(name, generation, made)


def test_a_category_key_opens_at_its_place_under_its_citizens_key_alone(ring: Keyring) -> None:
    mine, yours = (
        ring.open_citizen_key(who, "record", 1, ring.new_citizen_key(who, "record", 1)) for who in (ADA, BEN)
    )
    made = ring.new_category_key(mine, ADA, "medication", 1)
    assert len(ring.open_category_key(mine, ADA, "medication", 1, made)) == 32
    wrong = [
        (yours, ADA, "medication", 1),
        (mine, BEN, "medication", 1),
        (mine, ADA, "allergy", 1),
        (mine, ADA, "medication", 2),
    ]
    for key, citizen, category, epoch in wrong:
        with pytest.raises(SealBrokenError):
            ring.open_category_key(key, citizen, category, epoch, made)


@pytest.mark.parametrize("position", [0, 5, 20, 48, 49, -1])
def test_a_wrapped_key_breaks_wherever_it_is_touched(ring: Keyring, position: int) -> None:
    made = ring.new_citizen_key(ADA, "record", 1)
    ring.open_citizen_key(ADA, "record", 1, made)
    with pytest.raises(SealBrokenError):
        ring.open_citizen_key(ADA, "record", 1, replace(made, blob=touched(made.blob, position)))


def test_another_key_of_the_same_place_put_back_is_refused_by_its_fingerprint(ring: Keyring) -> None:
    older, newer = (ring.new_citizen_key(ADA, "record", 1) for _ in range(2))
    ring.open_citizen_key(ADA, "record", 1, older)
    with pytest.raises(SealBrokenError, match="not the one that its row names"):
        ring.open_citizen_key(ADA, "record", 1, WrappedKey(older.blob, newer.fingerprint))


def test_every_key_made_is_another(ring: Keyring) -> None:
    made = [ring.new_citizen_key(ADA, "record", 1) for _ in range(20)]
    assert len({ring.open_citizen_key(ADA, "record", 1, each) for each in made}) == 20
    assert len({each.fingerprint for each in made}) == 20


# --- rotation and destruction --------------------------------------------------------------------------------------


def test_keys_survive_a_rotation_and_the_end_of_the_old_root(ring: Keyring, store: FileKeyStore) -> None:
    mine, house = ring.new_citizen_key(ADA, "record", 1), ring.new_house_key("house", 1)
    keys = ring.open_citizen_key(ADA, "record", 1, mine), ring.open_house_key("house", 1, house)
    store.rotate()
    mine = replace(mine, blob=ring.rewrap_citizen_key(ADA, "record", 1, mine.blob))
    house = replace(house, blob=ring.rewrap_house_key("house", 1, house.blob))
    store.destroy_root(1)
    assert (ring.open_citizen_key(ADA, "record", 1, mine), ring.open_house_key("house", 1, house)) == keys


def test_a_destroyed_key_never_opens_again_even_where_it_was_just_open(ring: Keyring, store: FileKeyStore) -> None:
    other = Keyring(FileKeyStore.open(store.path), "exampleshire")
    mine, month = ring.new_citizen_key(ADA, "record", 1), ring.new_house_key("month:2026-11", 1)
    for each in (ring, other):
        each.open_citizen_key(ADA, "record", 1, mine)
        each.open_house_key("month:2026-11", 1, month)
    ring.destroy_citizen_key(ADA, "record", 1)
    ring.destroy_house_key("month:2026-11", 1)
    for each in (ring, other):
        with pytest.raises(KeyDestroyedError):
            each.open_citizen_key(ADA, "record", 1, mine)
        with pytest.raises(KeyDestroyedError):
            each.open_house_key("month:2026-11", 1, month)
        with pytest.raises(KeyDestroyedError):
            each.new_citizen_key(ADA, "record", 1)


def test_destroying_one_key_leaves_every_other(ring: Keyring) -> None:
    kept = [
        (ADA, "audit", 1, ring.new_citizen_key(ADA, "audit", 1)),
        (ADA, "record", 2, ring.new_citizen_key(ADA, "record", 2)),
        (BEN, "record", 1, ring.new_citizen_key(BEN, "record", 1)),
    ]
    ring.destroy_citizen_key(ADA, "record", 1)
    assert len({ring.open_citizen_key(*each) for each in kept}) == 3


# --- the cache -----------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    """A fresh key store that counts what it opens."""
    return Counted.create(tmp_path / "keys")


def test_a_key_is_kept_open_briefly_and_no_longer(counted: Counted) -> None:
    watch = Watch()
    ring = Keyring(counted, "exampleshire", watch)
    made = ring.new_citizen_key(ADA, "record", 1)
    for moment, opened in ((0, 1), (CACHE_SECONDS, 1), (CACHE_SECONDS + 1, 2), (CACHE_SECONDS + 2, 2)):
        watch.seconds = moment
        ring.open_citizen_key(ADA, "record", 1, made)
        assert counted.opened == opened


def test_a_kept_key_never_outlives_the_row_read_now(counted: Counted) -> None:
    ring = Keyring(counted, "exampleshire", Watch())
    first, second = ring.new_citizen_key(ADA, "record", 1), ring.new_citizen_key(ADA, "record", 2)
    keys = ring.open_citizen_key(ADA, "record", 1, first), ring.open_citizen_key(ADA, "record", 2, second)
    assert keys[0] != keys[1]
    with pytest.raises(SealBrokenError):
        ring.open_citizen_key(ADA, "record", 2, first)


def test_only_so_many_keys_are_kept_and_the_longest_unused_goes_first(counted: Counted) -> None:
    ring = Keyring(counted, "exampleshire", Watch())
    made = [(f"month:{number}", 1, ring.new_house_key(f"month:{number}", 1)) for number in range(CACHE_KEYS + 1)]
    for each in made[:CACHE_KEYS]:
        ring.open_house_key(*each)
    ring.open_house_key(*made[0])
    ring.open_house_key(*made[CACHE_KEYS])
    before = counted.opened
    ring.open_house_key(*made[0])
    assert counted.opened == before
    ring.open_house_key(*made[1])
    assert counted.opened == before + 1


# --- derived keys ----------------------------------------------------------------------------------------------------


def test_derived_keys_are_all_different_and_survive_rotation(ring: Keyring, store: FileKeyStore) -> None:
    def made(keys: Keyring) -> list[bytes]:
        return [
            keys.row_mac_key(),
            keys.reference_key(),
            keys.writer_key("0011223344556677"),
            keys.writer_key("0011223344556678"),
            keys.blind_index("nhs_number", "9990000131"),
            keys.blind_index("nhs_number", "9990000263"),
            keys.blind_index("email", "9990000131"),
            keys.derived("source-key"),
        ]

    before = made(ring)
    assert len(set(before)) == len(before)
    assert {len(key) for key in before} == {32}
    store.rotate()
    store.destroy_root(1)
    assert made(Keyring(FileKeyStore.open(store.path), "exampleshire")) == before
    assert set(before).isdisjoint(made(Keyring(store, "othershire")))


def test_a_pseudonym_changes_with_the_month_and_the_citizen(ring: Keyring) -> None:
    names = {ring.pseudonym(key, month) for key in (bytes(32), bytes(range(32))) for month in ("2026-11", "2026-12")}
    assert len(names) == 4
    assert {len(name) for name in names} == {16}
    assert ring.pseudonym(bytes(32), "2026-11") in names
