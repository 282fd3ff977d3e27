"""Rotating the root key: a new one wraps every key in the database anew; no record is touched.

Wraps stand outside the marks and digests of their rows, so the log says that a rotation happened, and no row changes.
"""

from sqlalchemy import select, update

from audit.events import Event
from vault.context import OPERATOR, Context, Vault
from vault.errors import KeyStoreError
from vault.journal import note
from vault.keystores.file import FileKeyStore
from vault.kinds import KeyState
from vault.models import CitizenKey, HouseKey


def rotate_root(vault: Vault, *, destroy_old: bool = False) -> int:
    """
    Make a new root key and wrap every citizen's key and key of the council with it; return how many there were.

    A run that was killed leaves keys under old and new root keys, which all open; run it again to finish.

    Args:
        vault: An opened vault; running servers follow by themselves.
        destroy_old: Then destroy the root keys before the one that wrapped until now: older back-ups open no more.
            That one is kept until the next rotation, for a transaction under way may still have wrapped with it.

    Raises:
        KeyStoreError: This kind of store rotates its root key elsewhere.
    """
    store = vault.keyring.store
    if not isinstance(store, FileKeyStore):
        raise KeyStoreError("this key store rotates its root key by its own means")
    older = list(store.describe()["root_versions"])
    version = store.rotate()
    with vault.transaction(OPERATOR) as ctx:
        count = _rewrap_citizens(ctx) + _rewrap_house(ctx)
        note(ctx, Event.KEY_ROTATED, facts={"root_version": version, "rewrapped": count, "destroyed": destroy_old})
        ending = older[:-1] if destroy_old else []
        if ending:
            note(ctx, Event.KEY_DESTROYED, facts={"root_versions": ending})
    for each in ending:
        store.destroy_root(each)
    return count


def _rewrap_citizens(ctx: Context) -> int:
    columns = CitizenKey.__table__.c
    rows = ctx.session.execute(
        select(columns.citizen_id, columns.kind, columns.generation, columns.wrapped).where(
            columns.state == KeyState.ACTIVE
        )
    ).all()
    for citizen_id, kind, generation, wrapped in rows:
        fresh = ctx.keyring.rewrap_citizen_key(citizen_id, kind, generation, wrapped)
        ctx.session.execute(
            update(CitizenKey)
            .where(columns.citizen_id == citizen_id, columns.kind == kind, columns.generation == generation)
            .values(wrapped=fresh)
            .execution_options(synchronize_session=False)
        )
    return len(rows)


def _rewrap_house(ctx: Context) -> int:
    columns = HouseKey.__table__.c
    rows = ctx.session.execute(
        select(columns.name, columns.generation, columns.wrapped).where(columns.state == KeyState.ACTIVE)
    ).all()
    for name, generation, wrapped in rows:
        fresh = ctx.keyring.rewrap_house_key(name, generation, wrapped)
        ctx.session.execute(
            update(HouseKey)
            .where(columns.name == name, columns.generation == generation)
            .values(wrapped=fresh)
            .execution_options(synchronize_session=False)
        )
    return len(rows)
