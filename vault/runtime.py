"""Starting a vault.

The key store, the database and the rules, checked against one another before anything is served.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import inspect, select

from audit.events import Event
from audit.log import Writers
from policies.engine import Engine
from vault.authentic import Marks
from vault.catalogue import CATALOGUE
from vault.clock import Clock, month_of, utc_now
from vault.context import SYSTEM, Vault
from vault.db import Database
from vault.errors import KeyStoreError, RowForgedError, WrongRootKeyError
from vault.journal import note
from vault.keychain import HOUSE, named_key
from vault.keyring import Keyring
from vault.keystores import create_store, open_store
from vault.migrations import demand_head, upgrade
from vault.models import HouseKey, VaultFact
from vault.sums import Sums

FINGERPRINT: Final = "key-store"
POLICY_SET: Final = "policy-set"


def create_vault(*, database_url: str, root_key: str, tenant: str, origin: str, clock: Clock = utc_now) -> Vault:
    """
    Make what is missing of a vault (key store, tables, house keys) and open it. Nothing that exists is changed.

    Raises:
        KeyStoreError: The key store is there and not usable, or missing while the database holds data.
    """
    _make_store(root_key, database_url)
    upgrade(database_url)
    vault = assemble(database_url=database_url, root_key=root_key, tenant=tenant, origin=origin, clock=clock)
    with _or_closed(vault):
        with vault.db.reading() as session:
            fresh = session.scalar(select(VaultFact.__table__.c.name).limit(1)) is None
        if fresh:
            with vault.db.transaction() as session:
                session.add(VaultFact(name=FINGERPRINT, value=_fingerprint(vault)))
        _check_facts(vault)
        _note_policy_set(vault)
        prepare(vault)
    return vault


def _make_store(root_key: str, database_url: str) -> None:
    path = Path(root_key.removeprefix("file:"))
    if not root_key.startswith("file:") or path.exists():
        return
    if _holds_data(database_url):
        raise KeyStoreError(
            f"the key store `{path}` is missing, and the database holds what only it opens; put it back from its own"
            " back-up, or point CITIZEN_VAULT_ROOT_KEY at where it is"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    create_store(root_key)


def _holds_data(database_url: str) -> bool:
    """Whether a vault was begun in this database."""
    database = Database(database_url)
    try:
        with database.read.connect() as connection:
            name = VaultFact.__table__.c.name
            return inspect(connection).has_table(VaultFact.__tablename__) and (
                connection.scalar(select(name).limit(1)) is not None
            )
    finally:
        database.dispose()


def open_vault(*, database_url: str, root_key: str, tenant: str, origin: str, clock: Clock = utc_now) -> Vault:
    """
    Open a vault that exists.

    Raises:
        KeyStoreError: The key store is missing or not usable.
        WrongRootKeyError: The key store belongs to another vault.
        SchemaOutdatedError: The tables are not those of this version.
        PolicyError: The rules are not whole.
    """
    vault = assemble(database_url=database_url, root_key=root_key, tenant=tenant, origin=origin, clock=clock)
    with _or_closed(vault):
        demand_head(vault.db)
        _check_facts(vault)
        _note_policy_set(vault)
        prepare(vault)
    return vault


@contextmanager
def _or_closed(vault: Vault) -> Iterator[None]:
    """Leave no connection behind where the start stops."""
    try:
        yield
    except BaseException:
        vault.db.dispose()
        raise


def assemble(*, database_url: str, root_key: str, tenant: str, origin: str, clock: Clock = utc_now) -> Vault:
    """Put a vault together without a look at its database; raises as `open_vault` where keys or rules are not whole."""
    keyring = Keyring(open_store(root_key), tenant)
    marks = Marks(row_mac_key=keyring.row_mac_key(), reference_key=keyring.reference_key())
    return Vault(
        db=Database(database_url, info={"marks": marks}),
        keyring=keyring,
        engine=Engine.load(
            fields={field.name: field.flags for field in CATALOGUE.fields}, catalogue_digest=CATALOGUE.digest
        ),
        writers=Writers(keyring.writer_key),
        clock=clock,
        sums=Sums(),
        origin=origin,
    )


def _fingerprint(vault: Vault) -> str:
    return str(vault.keyring.store.describe()["fingerprint"])


def _check_facts(vault: Vault) -> None:
    try:
        with vault.db.reading() as session:
            fact = session.get(VaultFact, FINGERPRINT)
    except RowForgedError as error:
        raise WrongRootKeyError(
            "the key store belongs to another vault than this database; point CITIZEN_VAULT_ROOT_KEY at its own"
        ) from error
    if fact is None:
        raise KeyStoreError("the database was not initialised; run `citizen-vault init`")
    if fact.value != _fingerprint(vault):
        raise WrongRootKeyError(
            "the key store belongs to another vault than this database; point CITIZEN_VAULT_ROOT_KEY at its own"
        )


def _note_policy_set(vault: Vault) -> None:
    """Log the rules that count from now on, where they are other ones than the log was last told of."""
    with vault.reading(SYSTEM) as ctx:
        told = ctx.session.get(VaultFact, POLICY_SET)
        if told is not None and told.value == vault.engine.digest:
            return
    with vault.transaction(SYSTEM) as ctx:
        ctx.session.get(VaultFact, FINGERPRINT, with_for_update=True)  # one process at a time
        told = ctx.session.get(VaultFact, POLICY_SET)
        before = told.value if told else None
        if before == vault.engine.digest:
            return
        if told is None:
            ctx.session.add(VaultFact(name=POLICY_SET, value=vault.engine.digest))
        else:
            told.value = vault.engine.digest
        note(ctx, Event.POLICY_LOADED, policy_set=vault.engine.digest, facts={"before": before, "rules": _words(vault)})


def _words(vault: Vault) -> dict[str, list[str]]:
    """What each rule is called and says, so that what it decided can be explained when it is gone."""
    return {name: [rule.effect, rule.because, rule.staff] for name, rule in vault.engine.rulebook.rules.items()}


def prepare(vault: Vault) -> None:
    """Make the house key and this month's accountability key where they are missing, and log that.

    At start and once a month.
    """
    with vault.reading(SYSTEM) as ctx:
        wanted = (HOUSE, f"month:{month_of(ctx.now)}")
        missing = [name for name in wanted if ctx.session.get(HouseKey, (name, 1)) is None]
    if missing:
        with vault.transaction(SYSTEM) as ctx:
            for name in missing:
                named_key(ctx, name)
            note(ctx, Event.KEY_MADE, facts={"keys": missing})
