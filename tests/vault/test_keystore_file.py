"""The key store in a folder: who may look, what it notices, what outlives a rotation, what never opens again."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vault.errors import KeyDestroyedError, KeyNotFoundError, KeyStoreError, SealBrokenError, WrongRootKeyError
from vault.keystores import create_store, open_store
from vault.keystores.base import key_id_of
from vault.keystores.file import SIGNING_KEYS, FileKeyStore
from vault.keystores.folder import SecretFolder

KEY = bytes(range(32))
CONTEXT = b"citizen-key of one citizen"
FILES = {"derivation", "root-0001", "sign-issuer", "sign-log", "sign-receipt", "store.json", "tombstones"}
LOADED = sorted(FILES - {"sign-issuer", "sign-log", "sign-receipt"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a fresh key store is."""
    FileKeyStore.create(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def store(path: Path) -> FileKeyStore:
    """A fresh key store."""
    return FileKeyStore.open(path)


def flip(file: Path, position: int) -> None:
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)


def test_a_new_store_is_whole_and_closed_to_others(path: Path) -> None:
    assert {file.name for file in path.iterdir()} == FILES
    assert path.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.iterdir()} == {0o600}
    assert list(path.parent.iterdir()) == [path]


def test_a_key_comes_back_in_its_context_alone(store: FileKeyStore) -> None:
    blob = store.wrap(KEY, CONTEXT)
    assert store.unwrap(blob, CONTEXT) == KEY
    with pytest.raises(SealBrokenError):
        store.unwrap(blob, b"another")


def test_another_store_opens_nothing(store: FileKeyStore, tmp_path: Path) -> None:
    stranger = FileKeyStore.create(tmp_path / "strange")
    with pytest.raises(SealBrokenError):
        stranger.unwrap(store.wrap(KEY, CONTEXT), CONTEXT)
    assert stranger.derive("row-mac") != store.derive("row-mac")


def test_a_store_opened_again_is_the_same(store: FileKeyStore, path: Path) -> None:
    again = FileKeyStore.open(path)
    assert again.describe() == store.describe()
    assert again.unwrap(store.wrap(KEY, CONTEXT), CONTEXT) == KEY
    assert again.derive("row-mac") == store.derive("row-mac")


# --- rotation ----------------------------------------------------------------------------------------------------


def test_a_rotation_changes_what_wraps_and_nothing_else(store: FileKeyStore) -> None:
    before, blob = store.describe(), store.wrap(KEY, CONTEXT)
    derived, signature = store.derive("row-mac"), store.sign("log", b"head")
    assert store.rotate() == 2
    fresh = store.wrap(KEY, CONTEXT)
    assert (blob[1:5], fresh[1:5]) == (b"\0\0\0\1", b"\0\0\0\2")
    assert store.unwrap(blob, CONTEXT) == store.unwrap(fresh, CONTEXT) == KEY
    assert (store.derive("row-mac"), store.sign("log", b"head")) == (derived, signature)
    assert store.describe() == {**before, "root_version": 2, "root_versions": [1, 2]}


def test_a_rewrap_moves_a_key_to_the_newest_root_and_is_done_once(store: FileKeyStore) -> None:
    blob = store.wrap(KEY, CONTEXT)
    store.rotate()
    moved = store.rewrap(blob, CONTEXT)
    assert moved[1:5] == b"\0\0\0\2"
    assert store.rewrap(moved, CONTEXT) == moved
    assert store.unwrap(moved, CONTEXT) == KEY


def test_a_destroyed_root_opens_nothing_again_and_its_file_is_gone(store: FileKeyStore, path: Path) -> None:
    blob = store.wrap(KEY, CONTEXT)
    store.rotate()
    store.destroy_root(1)
    store.destroy_root(1)
    assert not (path / "root-0001").exists()
    for each in (store, FileKeyStore.open(path)):
        with pytest.raises(KeyDestroyedError):
            each.unwrap(blob, CONTEXT)
        assert each.describe()["destroyed_versions"] == [1]
    assert store.rotate() == 3


def test_the_newest_root_and_one_that_never_was_are_not_destroyed(store: FileKeyStore) -> None:
    with pytest.raises(KeyStoreError, match="rotate and rewrap first"):
        store.destroy_root(1)
    with pytest.raises(KeyNotFoundError):
        store.destroy_root(2)


def test_a_wrap_under_a_root_that_never_was_is_not_found(store: FileKeyStore) -> None:
    blob = store.wrap(KEY, CONTEXT)
    with pytest.raises(KeyNotFoundError):
        store.unwrap(blob[:1] + b"\0\0\0\7" + blob[5:], CONTEXT)


def test_other_processes_follow_rotations_and_destructions_at_once(store: FileKeyStore, path: Path) -> None:
    other = FileKeyStore.open(path)
    blob = other.wrap(KEY, CONTEXT)
    store.rotate()
    assert other.wrap(KEY, CONTEXT)[1:5] == b"\0\0\0\2"
    store.destroy_root(1)
    with pytest.raises(KeyDestroyedError):
        other.unwrap(blob, CONTEXT)


# --- tombstones --------------------------------------------------------------------------------------------------


def test_an_entombed_key_is_refused_for_ever_and_in_every_process(store: FileKeyStore, path: Path) -> None:
    other, blob = FileKeyStore.open(path), store.wrap(KEY, CONTEXT)
    for _ in range(2):
        store.entomb(key_id_of(CONTEXT))
    for each in (store, other, FileKeyStore.open(path)):
        acts: list[Callable[[bytes, bytes], bytes]] = [each.wrap, each.unwrap, each.rewrap]
        for act, subject in zip(acts, (KEY, blob, blob), strict=True):
            with pytest.raises(KeyDestroyedError):
                act(subject, CONTEXT)
        assert each.is_entombed(key_id_of(CONTEXT))
        assert each.describe()["tombstones"] == 1
    assert store.unwrap(store.wrap(KEY, b"another"), b"another") == KEY


@pytest.mark.parametrize("key_id", ["", "00", "g" * 32, "0" * 34])
def test_what_is_no_key_id_is_not_entombed(store: FileKeyStore, key_id: str) -> None:
    with pytest.raises(ValueError, match="hex"):
        store.entomb(key_id)


def test_a_line_cut_short_by_a_crash_is_dropped_and_the_next_is_whole(store: FileKeyStore, path: Path) -> None:
    store.entomb("11" * 16)
    with (path / "tombstones").open("ab") as file:
        file.write(b"22" * 10)
    store.entomb("33" * 16)
    again = FileKeyStore.open(path)
    assert [again.is_entombed(pair * 16) for pair in ("11", "22", "33")] == [True, False, True]


def test_no_tombstone_is_changed_dropped_or_reordered_unnoticed(store: FileKeyStore, path: Path) -> None:
    for pair in ("11", "22", "33"):
        store.entomb(pair * 16)
    file = path / "tombstones"
    whole = file.read_bytes()
    header, first, second, third = whole.splitlines(keepends=True)
    damaged = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in (0, 30, 60, 100, 150, len(whole) - 2)]
    damaged += [b"", header + second + third, header + first + third, header + second + first + third, whole + first]
    for content in damaged:
        file.write_bytes(content)
        with pytest.raises(KeyStoreError, match="tombstones is damaged"):
            FileKeyStore.open(path)


ENTOMB_SOME = """
import pathlib, sys
from vault.keystores.file import FileKeyStore
store, first = FileKeyStore.open(pathlib.Path(sys.argv[1])), int(sys.argv[2])
for number in range(first, first + 20):
    store.entomb(f"{number:032x}")
"""


def test_processes_that_destroy_at_the_same_time_lose_no_tombstone(path: Path, root: Path) -> None:
    commands = [[sys.executable, "-c", ENTOMB_SOME, str(path), str(first)] for first in (0, 20, 40)]
    workers = [subprocess.Popen(command, cwd=root) for command in commands]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert FileKeyStore.open(path).describe()["tombstones"] == 60


# --- signing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIGNING_KEYS)
def test_a_signature_is_checked_with_the_public_key_alone(store: FileKeyStore, name: str) -> None:
    public = Ed25519PublicKey.from_public_bytes(store.public_key(name))
    public.verify(store.sign(name, b"head"), b"head")
    with pytest.raises(InvalidSignature):
        public.verify(store.sign(name, b"head"), b"another head")
    assert store.describe()["public_keys"][name] == store.public_key(name).hex()


def test_the_logs_key_is_opened_only_to_sign_the_log(path: Path) -> None:
    (path / "sign-log").unlink()
    store = FileKeyStore.open(path)
    assert len(store.sign("receipt", b"promise")) == 64
    assert len(store.public_key("log")) == 32
    with pytest.raises(KeyStoreError, match="sign-log"):
        store.sign("log", b"head")


def test_an_unknown_signing_key_is_not_found(store: FileKeyStore) -> None:
    acts: list[Callable[[], bytes]] = [lambda: store.sign("../root-0001", b""), lambda: store.public_key("head")]
    for act in acts:
        with pytest.raises(KeyNotFoundError):
            act()


@pytest.mark.parametrize("name", ["sign-log", "sign-receipt"])
def test_a_damaged_or_exchanged_signing_key_signs_nothing(path: Path, name: str) -> None:
    flip(path / name, 3)
    with pytest.raises(KeyStoreError, match=f"{name} is damaged"):
        FileKeyStore.open(path).sign(name.removeprefix("sign-"), b"head")


# --- damage and permissions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOADED)
def test_a_missing_file_stops_the_start_and_says_what_to_do(path: Path, name: str) -> None:
    (path / name).unlink()
    with pytest.raises(KeyStoreError, match=rf"{name}.*restore it from the key store's back-up"):
        FileKeyStore.open(path)


@pytest.mark.parametrize("position", [0, 15, -1])
@pytest.mark.parametrize("name", ["derivation", "root-0001", "store.json", "tombstones"])
def test_a_flipped_bit_stops_the_start_and_names_the_file(path: Path, name: str, position: int) -> None:
    if (name, position) == ("tombstones", -1):
        position = -2  # the line feed at the end may be missing after a crash
    flip(path / name, position)
    with pytest.raises(KeyStoreError, match=rf"{name}.*restore"):
        FileKeyStore.open(path)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_file_of_another_size_stops_the_start(path: Path, size: int) -> None:
    (path / "root-0001").write_bytes(bytes(size))
    with pytest.raises(KeyStoreError, match="root-0001 is damaged"):
        FileKeyStore.open(path)


def test_a_root_key_of_another_store_is_noticed_at_start(path: Path, tmp_path: Path) -> None:
    FileKeyStore.create(tmp_path / "strange")
    (path / "root-0001").write_bytes((tmp_path / "strange" / "root-0001").read_bytes())
    with pytest.raises(KeyStoreError, match="root-0001 is damaged"):
        FileKeyStore.open(path)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644])
@pytest.mark.parametrize("name", LOADED)
def test_a_file_that_others_may_open_stops_the_start(path: Path, name: str, mode: int) -> None:
    (path / name).chmod(mode)
    with pytest.raises(KeyStoreError, match=rf"{name} is open to others: run `chmod 600"):
        FileKeyStore.open(path)


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o755])
def test_a_folder_that_others_may_enter_stops_the_start(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyStoreError, match="is open to others: run `chmod 700"):
        FileKeyStore.open(path)


def test_a_link_in_place_of_a_key_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    (path / "root-0001").rename(tmp_path / "elsewhere")
    (path / "root-0001").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyStoreError, match="root-0001 cannot be read"):
        FileKeyStore.open(path)


def test_a_store_is_never_made_over_another(store: FileKeyStore, path: Path) -> None:
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    with pytest.raises(KeyStoreError, match="something at"):
        FileKeyStore.create(path)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert list(path.parent.iterdir()) == [path]


def test_an_absent_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError, match=r"there is no key store at .* create one, or restore it"):
        FileKeyStore.open(tmp_path / "keys")
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(KeyStoreError, match="is no folder"):
        FileKeyStore.open(tmp_path / "keys")


# --- writes that fail ----------------------------------------------------------------------------------------------


def _killed(*, kept: bool, write: Callable[[SecretFolder, str, bytes], None]) -> Callable[..., None]:
    def broken(folder: SecretFolder, name: str, content: bytes) -> None:
        if name != "store.json" or kept:
            write(folder, name, content)
        if name == "store.json":
            raise KeyboardInterrupt

    return broken


@pytest.mark.parametrize("outcome", ["kept", "not kept"])
@pytest.mark.parametrize("act", ["rotate", "destroy"])
def test_a_rotation_killed_at_its_turning_point_loses_no_key(
    path: Path, monkeypatch: pytest.MonkeyPatch, act: str, outcome: str
) -> None:
    kept = outcome == "kept"
    store = FileKeyStore.open(path)
    if act == "destroy":
        store.rotate()
    blob = store.wrap(KEY, CONTEXT)
    with monkeypatch.context() as patch:
        patch.setattr(SecretFolder, "write", _killed(kept=kept, write=SecretFolder.write))
        with pytest.raises(KeyboardInterrupt):
            store.rotate() if act == "rotate" else store.destroy_root(1)
    again = FileKeyStore.open(path)
    assert again.unwrap(blob, CONTEXT) == KEY
    assert (path / "root-0001").exists() is not (act == "destroy" and kept)
    assert again.rotate() == again.describe()["root_version"]
    assert again.unwrap(again.rewrap(blob, CONTEXT), CONTEXT) == KEY


def test_a_store_killed_while_it_was_made_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(SecretFolder, "write", _killed(kept=False, write=SecretFolder.write))
        with pytest.raises(KeyboardInterrupt):
            FileKeyStore.create(tmp_path / "keys")
    assert not (tmp_path / "keys").exists()
    assert FileKeyStore.create(tmp_path / "keys").describe()["root_version"] == 1


# --- addresses -----------------------------------------------------------------------------------------------------


def test_a_store_is_opened_by_its_address_and_known_by_its_fingerprint(tmp_path: Path) -> None:
    made = create_store(f"file:{tmp_path / 'keys'}")
    name = made.describe()["fingerprint"]
    assert open_store(f"file:{tmp_path / 'keys'}", expected_fingerprint=name).describe() == made.describe()


def test_the_key_store_of_another_vault_is_refused_with_a_sentence(tmp_path: Path) -> None:
    expected = create_store(f"file:{tmp_path / 'right'}").describe()["fingerprint"]
    create_store(f"file:{tmp_path / 'wrong'}")
    with pytest.raises(WrongRootKeyError, match="set CITIZEN_VAULT_ROOT_KEY to the key store that was made with"):
        open_store(f"file:{tmp_path / 'wrong'}", expected_fingerprint=expected)


@pytest.mark.parametrize("url", ["", "file:", "/keys", "awskms:key"])
def test_an_address_of_no_known_kind_is_refused(url: str) -> None:
    for act in (open_store, create_store):
        with pytest.raises(KeyStoreError, match="file:/folder"):
            act(url)


def test_nothing_secret_shows_in_what_a_store_says_of_itself(store: FileKeyStore, path: Path) -> None:
    said = repr(store) + repr(vars(store)["_opened"]) + str(store.describe()) + (path / "store.json").read_text()
    for name in FILES - {"store.json", "tombstones"}:
        secret = (path / name).read_bytes()
        assert secret.hex() not in said
        assert repr(secret) not in said
