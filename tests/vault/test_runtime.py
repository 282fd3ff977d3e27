"""Starting a vault: what does not fit together is said at the start, with the next step, and nothing is served."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import make_url, text

from tests.vault.house import CARER, THUMBPRINT, House
from vault.access import Proof, read_own, read_with_token
from vault.context import OPERATOR, Vault
from vault.db import Database
from vault.errors import DatabaseReadOnlyError, KeyStoreError, SchemaOutdatedError, VaultError, WrongRootKeyError
from vault.keystores import create_store
from vault.migrations import downgrade
from vault.models import Grant
from vault.release import Release
from vault.runtime import create_vault, open_vault

FOUND: list[Vault] = []


def address(house: House) -> str:
    return house.vault.db.url.render_as_string(hide_password=False)


def start(house: House, folder: Path, **changed: Any) -> Vault:
    """Open the house's vault once more, with what is given changed."""
    given: dict[str, Any] = {
        "database_url": address(house),
        "root_key": f"file:{folder / 'keys'}",
        "tenant": "test",
        "origin": "vault.test/log",
        "clock": house.clock,
    }
    make = changed.pop("make", open_vault)
    vault: Vault = make(**{**given, **changed})
    FOUND.append(vault)
    return vault


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while FOUND:
        FOUND.pop().db.dispose()


def uses(house: House, grant_id: UUID) -> int:
    with house.vault.reading(OPERATOR) as ctx:
        grant = ctx.session.get(Grant, (house.citizen_id, grant_id))
        assert grant is not None
        return grant.uses


def test_a_vault_opens_again_and_again(house: House, tmp_path: Path) -> None:
    token = house.token(house.grant())
    for make in (open_vault, create_vault):
        again = start(house, tmp_path, make=make)
        proof = Proof(THUMBPRINT, f"again-{make.__name__}", house.proof().expires_at)
        assert isinstance(read_with_token(again, handle=token, proof=proof, acting=CARER, fields=None), Release)


@pytest.mark.parametrize("make", [open_vault, create_vault])
def test_the_key_store_of_another_vault_is_refused(house: House, tmp_path: Path, make: Any) -> None:
    create_store(f"file:{tmp_path / 'other'}")
    with pytest.raises(WrongRootKeyError, match="CITIZEN_VAULT_ROOT_KEY"):
        start(house, tmp_path, make=make, root_key=f"file:{tmp_path / 'other'}")


@pytest.mark.parametrize("make", [open_vault, create_vault])
def test_another_councils_name_is_refused(house: House, tmp_path: Path, make: Any) -> None:
    with pytest.raises(WrongRootKeyError):
        start(house, tmp_path, make=make, tenant="another")


@pytest.mark.parametrize("make", [open_vault, create_vault])
def test_a_key_store_that_is_missing_stops_the_start_and_is_not_made_anew(
    house: House, tmp_path: Path, make: Any
) -> None:
    shutil.move(tmp_path / "keys", tmp_path / "elsewhere")
    with pytest.raises(KeyStoreError, match=r"back-up|CITIZEN_VAULT_ROOT_KEY|init"):
        start(house, tmp_path, make=make)
    assert not (tmp_path / "keys").exists()
    shutil.move(tmp_path / "elsewhere", tmp_path / "keys")
    start(house, tmp_path, make=make)


def test_a_database_without_tables_stops_the_start(tmp_path: Path, house: House) -> None:
    with pytest.raises(SchemaOutdatedError, match="citizen-vault init"):
        start(house, tmp_path, database_url=f"sqlite:///{tmp_path / 'empty.db'}")


def test_tables_of_an_older_version_stop_the_start(house: House, tmp_path: Path) -> None:
    downgrade(address(house), "base")
    with pytest.raises(SchemaOutdatedError, match="citizen-vault init"):
        start(house, tmp_path)


def test_tables_of_a_newer_version_stop_the_start(house: House, tmp_path: Path) -> None:
    with house.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaOutdatedError, match="9999"):
        start(house, tmp_path)


def test_tables_that_were_never_a_vaults_stop_the_start(house: House, tmp_path: Path) -> None:
    with house.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM vault_facts"))
    with pytest.raises(VaultError, match="citizen-vault init"):
        start(house, tmp_path)


def read_only(house: House) -> str:
    """The address of the house's database as one that takes no writes."""
    if house.vault.db.is_sqlite:
        return f"sqlite:///file:{house.vault.db.url.database}?mode=ro&uri=true"
    name = make_url(address(house)).database
    with house.vault.db.write.begin() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    return address(house)


def test_a_database_that_takes_no_writes_releases_nothing(house: House, tmp_path: Path) -> None:
    grant = house.grant()
    token, proof = house.token(grant), house.proof()
    closed = start(house, tmp_path, database_url=read_only(house))
    with pytest.raises(DatabaseReadOnlyError):
        read_with_token(closed, handle=token, proof=proof, acting=CARER, fields=None)
    with pytest.raises(DatabaseReadOnlyError):
        read_own(closed, actor=house.citizen, citizen_id=house.citizen_id, categories=frozenset({"identity"}))
    assert uses(house, grant.grant_id) == 0


def test_a_read_session_writes_nothing(house: House) -> None:
    database = Database(address(house))
    with pytest.raises(Exception, match=r"readonly|read-only"), database.reading() as session:
        session.execute(text("UPDATE citizens SET status = 'deceased'"))
    database.dispose()
    with house.vault.reading(OPERATOR) as ctx:
        assert ctx.session.scalar(text("SELECT count(*) FROM citizens WHERE status = 'deceased'")) == 0
