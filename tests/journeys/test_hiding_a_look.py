"""More than twenty ways to hide one look, tried by somebody with the whole database: each is found, and by what."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, make_url, select, text

from audit.checkpoint import Checkpoint, sign_checkpoint
from audit.cosignature import Quorum
from audit.entry import leaf_hash
from audit.verify import verify_directory
from tests.databases import postgresql, postgresql_like
from tests.hiding_world import Look, Place, copied, lay, receipt_of, regrow, witness_of
from tests.import_world import once
from tests.vault.house import Clock, House
from vault import trail
from vault.clock import microseconds
from vault.context import Actor, Vault
from vault.errors import VaultError
from vault.models import Grant
from vault.release import Release
from web.opening import open_for

Do = Callable[[Connection, Look], None]
VERIFY: Final = "`audit verify`"
READER: Final = "the reader"
WITNESS: Final = "a witness"
RECEIPT: Final = "a receipt"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to hide the look: what is done to the database, who finds it, and by which word."""

    do: Do
    found_by: str
    says: str


def run(connection: Connection, *statements: str, **values: object) -> None:
    for statement in statements:
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        connection.execute(text(statement), used)


def _of(look: Look) -> dict[str, object]:
    return {
        "hash": bytes.fromhex(look.leaf_hash),
        "at": look.index,
        "next": look.index + 1,
        "commitment": bytes.fromhex(look.commitment),
        "entries": f'["{look.leaf_hash}"]',
        "pseudonym": bytes.fromhex(look.subject),
        "before": look.before,
        "size": look.size,
    }


def sql(*statements: str) -> Do:
    """Run *statements*, in which the look's own values stand under their names."""
    return lambda connection, look: run(connection, *statements, **_of(look))


def delete_and_renumber(connection: Connection, look: Look) -> None:
    sql('DELETE FROM audit_entries WHERE "index" = :at', "DELETE FROM audit_payloads WHERE commitment = :commitment")(
        connection, look
    )
    for index in range(look.index + 1, look.size + 1):
        run(connection, 'UPDATE audit_entries SET "index" = :to WHERE "index" = :now', to=index - 1, now=index)
    regrow(connection)


def repoint_the_subject(connection: Connection, look: Look) -> None:
    """Write the leaf anew with another pseudonym, and every hash above it."""
    stored = connection.execute(text('SELECT leaf FROM audit_entries WHERE "index" = :at'), {"at": look.index})
    leaf = orjson.loads(stored.scalar_one())
    encoded = orjson.dumps({**leaf, "subject": "00" * 16}, option=orjson.OPT_SORT_KEYS)
    values = {"leaf": encoded, "hash": leaf_hash(encoded), "nobody": bytes(16), "at": look.index}
    run(
        connection,
        'UPDATE audit_entries SET leaf = :leaf, leaf_hash = :hash, subject = :nobody WHERE "index" = :at',
        **values,
    )
    regrow(connection)


def forge_a_checkpoint(connection: Connection, look: Look) -> None:
    """Leave the look out, and sign the tree that is left with a key of one's own."""
    sql('DELETE FROM audit_entries WHERE "index" >= :at')(connection, look)
    size, root = regrow(connection)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    note = sign_checkpoint(Checkpoint("citizen-vault", size, root), sign=key.sign, public_key=public)
    run(connection, "DELETE FROM audit_checkpoints WHERE size > :size", size=size)
    run(
        connection,
        "INSERT INTO audit_checkpoints (log, size, origin, note, time) VALUES (0, :size, 'citizen-vault', :note, 0)",
        size=size,
        note=note,
    )


def swap_two_leaves(connection: Connection, look: Look) -> None:
    sql(
        'UPDATE audit_entries SET "index" = -1 WHERE "index" = :at',
        'UPDATE audit_entries SET "index" = :at WHERE "index" = :next',
        'UPDATE audit_entries SET "index" = :next WHERE "index" = -1',
    )(connection, look)


def open_another_log(connection: Connection, look: Look) -> None:
    """Go on in a log of one's own making, with the look left behind."""
    about = {"closed": "citizen-vault", "kept": look.before, "kept_root": None, "root": "00" * 32, "size": look.before}
    stored = connection.execute(text('SELECT leaf FROM audit_entries WHERE "index" = 0')).scalar_one()
    leaf = {**orjson.loads(stored), "event": "audit:origin-opened", "about": about, "commitment": None, "touched": []}
    encoded = orjson.dumps({**leaf, "subject": None, "number": 0}, option=orjson.OPT_SORT_KEYS)
    sql('DELETE FROM audit_entries WHERE "index" >= :before')(connection, look)
    run(
        connection,
        'INSERT INTO audit_entries (log, "index", leaf_hash, subject, leaf) VALUES (1, 0, :hash, NULL, :leaf)',
        hash=leaf_hash(encoded),
        leaf=encoded,
    )


def truncate(connection: Connection, look: Look) -> None:
    """Cut the log off before the look, with nodes, heads and cosignatures."""
    sql(
        'DELETE FROM audit_entries WHERE "index" >= :before',
        "DELETE FROM audit_checkpoints WHERE size > :before",
        "DELETE FROM audit_cosignatures WHERE size > :before",
    )(connection, look)
    regrow(connection)


PLANT_A_DELAY: Final = (
    "INSERT INTO delays (delay_id, leaf_hash, entries, subject, event, entry_at, uses, until, law, authority,"
    " sealed_words, proposed_at, proposed_by, state, version, row_mac) SELECT citizen_id, :hash, :entries, :pseudonym,"
    " 'record:opened', 0, 1, 4102444800000000, 'crime', 'Nobody', row_mac, 0, citizen_id, 'running', 1, row_mac"
    " FROM citizens"
)


WAYS: Final = {
    "delete the entry": Way(sql('DELETE FROM audit_entries WHERE "index" = :at'), VERIFY, "entry-missing"),
    "delete its details": Way(
        sql("DELETE FROM audit_payloads WHERE commitment = :commitment"), VERIFY, "payload-missing"
    ),
    "put other details in their place": Way(
        sql(
            "UPDATE audit_payloads SET payload = (SELECT min(payload) FROM audit_payloads"
            " WHERE commitment <> :commitment) WHERE commitment = :commitment"
        ),
        VERIFY,
        "payload-changed",
    ),
    "keep its details under another month": Way(
        sql("UPDATE audit_payloads SET month = '2020-01' WHERE commitment = :commitment"), VERIFY, "payload"
    ),
    "delete its line in the table of places": Way(sql("DELETE FROM log_lines WHERE at = :at"), VERIFY, "log_lines"),
    "alter its line in the table of places": Way(
        sql("UPDATE log_lines SET event = 'audit:beat', person = NULL, grant_id = NULL WHERE at = :at"),
        VERIFY,
        "log_lines",
    ),
    "plant a last line, so that no later one is noted": Way(
        sql("INSERT INTO log_lines (log, at, time, event) VALUES (99, 0, 0, 'audit:beat')"), VERIFY, "log_lines"
    ),
    "swap it with the entry after it": Way(swap_two_leaves, VERIFY, "root-differs"),
    "alter its pseudonym": Way(
        sql('UPDATE audit_entries SET subject = NULL WHERE "index" = :at'), VERIFY, "entry-changed"
    ),
    "re-point its subject, and every hash above it": Way(repoint_the_subject, VERIFY, "root-differs"),
    "cut the log off before it": Way(truncate, VERIFY, "head-differs"),
    "replace a node of the tree": Way(
        sql("UPDATE audit_nodes SET hash = (SELECT min(leaf_hash) FROM audit_entries) WHERE level = 1"),
        VERIFY,
        "node-changed",
    ),
    "leave it out and forge a checkpoint": Way(forge_a_checkpoint, VERIFY, "checkpoint-bad"),
    "delete it and renumber those after it": Way(delete_and_renumber, VERIFY, "root-differs"),
    "go on in a log of one's own making": Way(open_another_log, VERIFY, "head-differs"),
    "count the share's uses back": Way(sql("UPDATE grants SET uses = uses - 1"), VERIFY, "uses"),
    "delete the share it was made under": Way(sql("DELETE FROM grants"), VERIFY, "deleted"),
    "give the service that looked another name": Way(sql("UPDATE services SET name = 'Library'"), VERIFY, "unmarked"),
    "change the month's key": Way(
        sql(
            "UPDATE house_keys SET wrapped = (SELECT wrapped FROM house_keys WHERE name = 'house')"
            " WHERE name LIKE 'month:%'"
        ),
        READER,
        "not open",
    ),
    "change the resident's key to their lines": Way(
        sql("UPDATE citizen_keys SET generation = 7 WHERE kind = 'audit'"), VERIFY, "citizen_keys"
    ),
    "say that it is shown later": Way(sql(PLANT_A_DELAY), VERIFY, "delays"),
    "let the resident have come after it": Way(
        sql("UPDATE citizens SET created_at = 4102444800000000"), VERIFY, "unmarked"
    ),
    "say that a writer of the log has gone on without it": Way(
        sql("UPDATE audit_writers SET next_number = next_number + 1"), VERIFY, "writer-changed"
    ),
    "take back what the witness said": Way(
        sql("UPDATE audit_cosignatures SET line = (SELECT line FROM audit_cosignatures ORDER BY size LIMIT 1)"),
        WITNESS,
        "unwitnessed",
    ),
}
"""What somebody with the whole database does, and what finds it."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return copied(once("hidden-look", _laid), tmp_path / "place")


def _laid(folder: Path) -> None:
    lay(folder)


def evidence(place: Place, found_by: str) -> str:
    """What the finder says, by running it."""
    if found_by == VERIFY:
        said = place.verified()
        assert "exit 1" in said, said
        return said
    if found_by == READER:
        return _read_by_people(place)
    return f"{place.asked()} {_vouched(place)}"


def _vouched(place: Place) -> str:
    """The log as files, checked by somebody outside who knows the log's key and the witness."""
    place.run("audit", "export", str(place.folder / "exported"))
    with place.opened() as vault, witness_of(place.folder, vault) as link:
        public = vault.keyring.store.public_key("log")
        report = verify_directory(place.folder / "exported", [public], quorum=Quorum(1, (link.cosigner,)))
    return " ".join(str(each) for each in report.defects)


def _read_by_people(place: Place) -> str:
    """What an auditor sees in place of the look's details, or the vault's own word for not showing the line."""
    with place.opened() as vault, vault.reading(Actor(kind="operator")) as ctx:
        try:
            line = trail.entry(ctx, leaf_hash=bytes.fromhex(place.look.leaf_hash))
        except VaultError as refusal:
            return f"not opened: {refusal}"
        return "opened" if line.opened else "not opened"


def test_the_threat_model_lists_every_way_and_who_finds_it(root: Path) -> None:
    told = (root / "docs" / "threat-model.md").read_text(encoding="utf-8")
    for way, tried in WAYS.items():
        assert f"| {way} | {tried.found_by} |" in told


def test_an_untouched_vault_is_found_whole_by_all(place: Place) -> None:
    assert "exit 0" in place.verified()
    assert place.asked() == []
    assert _vouched(place) == ""
    assert _read_by_people(place) == "opened"
    assert "kept" in place.receipt_checked()


@pytest.mark.parametrize("way", WAYS)
def test_it_is_found(place: Place, way: str) -> None:
    tried = WAYS[way]
    with place.administrator() as connection:
        tried.do(connection, place.look)
    assert tried.says in evidence(place, tried.found_by)


ON_POSTGRESQL: Final = (
    "delete the entry",
    "delete its line in the table of places",
    "delete it and renumber those after it",
    "change the resident's key to their lines",
)


def test_some_of_them_are_found_on_postgresql_too(tmp_path: Path) -> None:
    with postgresql() as laid:
        lay(tmp_path / "laid", laid)
        name = make_url(laid).database or ""
        for way in ON_POSTGRESQL:
            with postgresql_like(name) as url:
                place = copied(tmp_path / "laid", tmp_path / way.replace(" ", "-"), url)
                with place.administrator() as connection:
                    WAYS[way].do(connection, place.look)
                assert WAYS[way].says in evidence(place, WAYS[way].found_by), way


def test_yesterdays_whole_database_put_back_is_found_by_the_signers_memory(place: Place) -> None:
    for path in place.home.glob("vault.db*"):
        path.unlink()
    for path in (place.folder / "yesterday").glob("vault.db*"):
        shutil.copyfile(path, place.home / path.name)
    assert "head-differs" in evidence(place, VERIFY)
    assert "NOT IN THE LOG" in place.receipt_checked()


def test_put_back_with_keys_and_memory_of_the_signer_only_witness_and_receipt_find_it(place: Place) -> None:
    """This takes an operator, not an administrator of the database alone."""
    shutil.rmtree(place.home)
    shutil.copytree(place.folder / "yesterday", place.home)
    assert "exit 0" in place.verified()
    assert "ahead" in evidence(place, WITNESS)
    assert "NOT IN THE LOG" in place.receipt_checked()


@pytest.fixture
def queued(place: Place) -> Iterator[tuple[Place, Vault, str]]:
    """A second look that still waits for its place, while the process that wrote it runs; and its receipt."""
    with place.opened() as vault:
        yield place, vault, look_again(vault, place)


def look_again(vault: Vault, place: Place) -> str:
    """Let the service look once more; its receipt."""
    with vault.reading(Actor(kind="operator")) as ctx:
        citizen_id, service_id = ctx.session.execute(select(Grant.citizen_id, Grant.service_id)).first() or (None, None)
    assert citizen_id is not None
    assert service_id is not None
    house = House(vault, Clock(), service_id, service_id, citizen_id, {})
    answer = house.read(house.token(house.grant()), proof=house.proof("once-more"))
    assert isinstance(answer, Release)
    return receipt_of(vault, answer)


def _take_out(place: Place, receipt: str) -> None:
    with place.administrator() as connection:
        run(connection, "DELETE FROM audit_outbox WHERE leaf_hash = :hash", hash=bytes.fromhex(receipt.split()[2]))
        run(
            connection,
            "UPDATE grants SET uses = 0, last_used_at = NULL"
            " WHERE grant_id = (SELECT grant_id FROM grants ORDER BY made_at DESC LIMIT 1)",
        )


def test_taken_out_before_it_got_its_place_it_is_a_gap_as_long_as_its_writer_lives(
    queued: tuple[Place, Vault, str],
) -> None:
    place, vault, receipt = queued
    _take_out(place, receipt)
    with vault.db.write.begin() as connection:
        vault.writers.close(connection, time_us=microseconds(vault.clock()))
    said = place.verified()
    assert "missing" in said
    assert receipt.split()[2] in place.receipt_checked(receipt)
    assert "NOT IN THE LOG" in place.receipt_checked(receipt)


def test_altered_while_it_waits_it_is_refused_and_named(queued: tuple[Place, Vault, str]) -> None:
    place, _vault, receipt = queued
    with place.administrator() as connection:
        values = {"hash": bytes.fromhex(receipt.split()[2])}
        leaf = connection.execute(text("SELECT leaf FROM audit_outbox WHERE leaf_hash = :hash"), values).scalar_one()
        other = leaf.replace(b"record:opened", b"record:viewed")
        run(
            connection,
            "UPDATE audit_outbox SET leaf = :leaf, leaf_hash = :now WHERE leaf_hash = :hash",
            leaf=other,
            now=leaf_hash(other),
            **values,
        )
    assert "forged" in place.verified()


def test_a_killed_writers_last_moments_are_shown_by_a_receipt_alone(place: Place) -> None:
    """The one way that nothing in the vault shows (DESIGN 7): so services keep their receipts."""
    vault = open_for(place.config)
    receipt = look_again(vault, place)
    _take_out(place, receipt)
    vault.db.dispose()  # killed: its writers end with no word
    assert "exit 0" in place.verified()
    assert place.asked() == []
    assert "NOT IN THE LOG" in place.receipt_checked(receipt)
