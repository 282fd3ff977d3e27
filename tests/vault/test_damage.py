"""What somebody with the whole database and nothing else can do: nothing is believed, nothing stays unfound."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from audit.models import AuditBase
from tests.vault.house import CARE, House
from vault import accounts, citizens, passkeys, services, sign_ins
from vault.context import OPERATOR
from vault.errors import RowForgedError, TokenInvalidError, VaultError
from vault.holding import COVERED, EXEMPT, LOG, MARKED, PIECES, hold
from vault.ids import handle_hash
from vault.kinds import CitizenStatus, Role
from vault.models import Authenticated, Base, Covered
from vault.release import Refusal


def damage(house: House, *statements: str, **values: object) -> None:
    """Change the database behind the vault's back."""
    with house.vault.db.write.begin() as connection:
        for statement in statements:
            connection.execute(
                text(statement), {name: value for name, value in values.items() if f":{name}" in statement}
            )


def found(house: House) -> set[tuple[str, str]]:
    """What holding the tables against the log names, as (kind, table)."""
    with house.vault.snapshot(OPERATOR) as ctx:
        return {(defect.kind, defect.table) for defect in hold(ctx.session).defects}


def test_every_table_is_in_exactly_one_class() -> None:
    classes = (COVERED, MARKED, EXEMPT, LOG, PIECES)
    named = [name for group in classes for name in group]
    assert sorted(named) == sorted(set(named))
    assert set(named) == set(Base.metadata.tables) | set(AuditBase.metadata.tables) | {"alembic_version"}


def test_the_classes_are_those_of_the_models() -> None:
    models = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    assert {name for name, model in models.items() if issubclass(model, Covered)} == COVERED
    marked = {
        name for name, model in models.items() if issubclass(model, Authenticated) and not issubclass(model, Covered)
    }
    assert marked == MARKED


def test_an_untouched_vault_has_no_defect(house: House) -> None:
    house.withdraw(house.grant())
    assert found(house) == set()


def _flip(connection: Connection, table: str, column: str) -> None:
    for row in connection.execute(text(f"SELECT rowid, {column} FROM {table}")).all():
        broken = bytes([row[1][0] ^ 1]) + row[1][1:]
        connection.execute(text(f"UPDATE {table} SET {column} = :v WHERE rowid = :r"), {"v": broken, "r": row[0]})


def _swap(connection: Connection, table: str, column: str) -> None:
    rows = connection.execute(text(f"SELECT rowid, {column} FROM {table}")).all()
    first, second = rows[0], next(row for row in rows if row[1] != rows[0][1])
    for place, value in ((first[0], second[1]), (second[0], first[1])):
        connection.execute(text(f"UPDATE {table} SET {column} = :v WHERE rowid = :r"), {"v": value, "r": place})


Harm = Callable[[Connection], object]
HARMS: dict[str, tuple[Harm, tuple[str, str]]] = {
    "a record body flipped": (lambda c: _flip(c, "seals", "sealed"), ("changed", "seals")),
    "two record bodies swapped": (lambda c: _swap(c, "seals", "sealed"), ("changed", "seals")),
    "a record body deleted": (lambda c: c.execute(text("DELETE FROM seals")), ("deleted", "a covered table")),
    "a record deleted": (lambda c: c.execute(text("DELETE FROM records")), ("deleted", "a covered table")),
    "a record made normal": (lambda c: c.execute(text("UPDATE records SET sensitivity = 0")), ("unmarked", "records")),
    "two categories swapped": (lambda c: _swap(c, "records", "category"), ("unmarked", "records")),
    "a version added": (
        lambda c: c.execute(
            text(
                "INSERT INTO seals (citizen_id, record_id, version, epoch, sealed) "
                "SELECT citizen_id, record_id, version + 1, epoch, sealed FROM seals"
            )
        ),
        ("added", "seals"),
    ),
    "a citizen's key deleted": (lambda c: c.execute(text("DELETE FROM citizen_keys")), ("deleted", "a covered table")),
    "two keys' fingerprints swapped": (
        lambda c: _swap(c, "category_keys", "fingerprint"),
        ("unmarked", "category_keys"),
    ),
    "a grant widened": (
        lambda c: c.execute(text("""UPDATE grants SET fields = '["condition.name","medication.name"]'""")),
        ("unmarked", "grants"),
    ),
    "a grant's uses set back": (lambda c: c.execute(text("UPDATE grants SET uses = 0")), ("uses", "grants")),
    "a grant deleted": (lambda c: c.execute(text("DELETE FROM grants")), ("deleted", "a covered table")),
    "a purpose widened": (
        lambda c: c.execute(text("UPDATE purposes SET definition = replace(definition, '500', '999')")),
        ("unmarked", "purposes"),
    ),
    "a death undone": (lambda c: c.execute(text("UPDATE citizens SET status = 'moved'")), ("unmarked", "citizens")),
}


@pytest.mark.parametrize("harm", HARMS)
def test_harm_to_a_covered_table_is_named(sqlite_house: House, harm: str) -> None:
    token = sqlite_house.token(sqlite_house.grant())
    sqlite_house.read(token)
    do, expected = HARMS[harm]
    with sqlite_house.vault.db.write.begin() as connection:
        do(connection)
    assert expected in found(sqlite_house)


def test_a_withdrawn_grant_that_was_put_back_whole_is_named_and_opens_nothing_with_its_old_token(house: House) -> None:
    grant = house.grant()
    token = house.token(grant)
    columns = "fields, state, version, changed_at, row_mac"
    with house.vault.db.read.connect() as connection:
        before = dict(connection.execute(text(f"SELECT {columns} FROM grants")).mappings().one())
    house.withdraw(grant)
    with pytest.raises(TokenInvalidError):
        house.read(token)
    damage(
        house,
        "UPDATE grants SET fields = :fields, state = :state, version = :version, "
        "changed_at = :changed_at, row_mac = :row_mac",
        **before,
    )
    assert ("rolled-back", "grants") in found(house)


@pytest.mark.parametrize("wrapped", ["citizen_keys", "category_keys"])
def test_a_damaged_key_opens_nothing(sqlite_house: House, wrapped: str) -> None:
    token = sqlite_house.token(sqlite_house.grant())
    sqlite_house.vault.keyring._cache.clear()
    with sqlite_house.vault.db.write.begin() as connection:
        _flip(connection, wrapped, "wrapped")
    with pytest.raises(VaultError):
        _read_and_unseal(sqlite_house, token)


def _read_and_unseal(house: House, token: str) -> None:
    answer = house.read(token)
    assert not isinstance(answer, Refusal)
    answer.unseal()


def test_a_swapped_body_opens_nothing(sqlite_house: House) -> None:
    token = sqlite_house.token(sqlite_house.grant())
    with sqlite_house.vault.db.write.begin() as connection:
        _swap(connection, "seals", "sealed")
    answer = sqlite_house.read(token)
    assert not isinstance(answer, Refusal)
    with pytest.raises(VaultError):
        answer.unseal()


PLANTED = {
    "a token for another key": "UPDATE tokens SET thumbprint = 'the thief''s key'",
    "a token that never ends": "UPDATE tokens SET expires_at = 4102444800000000",
    "a grant made longer": "UPDATE grants SET not_after = 4102444800000000",
    "a grant for more uses": "UPDATE grants SET max_uses = 1000000",
    "a grant widened": """UPDATE grants SET fields = '["condition.name","medication.name"]'""",
    "a service unsuspended": "UPDATE services SET version = version + 1",
    "a service's key": """UPDATE services SET jwks = '{"keys":[{"kty":"EC"}]}'""",
    "a purpose widened": "UPDATE purposes SET definition = replace(definition, '500', '999')",
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_row_that_was_planted_or_changed_releases_nothing(house: House, planted: str) -> None:
    token = house.token(house.grant())
    damage(house, PLANTED[planted])
    with pytest.raises(RowForgedError):
        house.read(token)


def test_a_withdrawn_grant_set_active_again_is_believed_in_nothing(house: House) -> None:
    grant = house.grant()
    token = house.token(grant)
    house.withdraw(grant)
    damage(house, "UPDATE grants SET state = 'active', version = 1")
    with pytest.raises(RowForgedError):
        house.read(token)


def test_a_planted_token_is_believed_in_nothing(house: House) -> None:
    grant = house.grant()
    house.token(grant)
    damage(house, "UPDATE tokens SET token_hash = :mine", mine=handle_hash("a handle the thief chose"))
    with pytest.raises(RowForgedError):
        house.read("a handle the thief chose")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET role = 'administrator'",
        "UPDATE sign_ins SET ends_at = 4102444800000000",
        "UPDATE accounts SET status = 'suspended'",
    ],
)
def test_a_changed_role_or_sign_in_signs_nobody_in(house: House, statement: str) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        account = accounts.make(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id)
        cookie = sign_ins.begin(ctx, account_id=account.account_id, method="passkey")
    damage(house, statement)
    with pytest.raises(RowForgedError), house.vault.reading(OPERATOR) as ctx:
        sign_ins.current(ctx, cookie=cookie)


def test_a_planted_passkey_is_believed_in_nothing(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        account = accounts.make(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id)
        passkeys.add(ctx, account_id=account.account_id, credential_id=b"mine", public_key=b"key", sign_count=0)
    damage(house, "UPDATE passkeys SET public_key = :theirs", theirs=b"the thief's")
    with pytest.raises(RowForgedError), house.vault.reading(OPERATOR) as ctx:
        passkeys.by_credential(ctx, credential_id=b"mine")


def test_a_child_under_thirteen_and_the_dead_have_no_account(house: House) -> None:
    for status in (CitizenStatus.CHILD, CitizenStatus.DECEASED):
        with house.vault.transaction(OPERATOR) as ctx:
            citizen_id = citizens.make(ctx, status=status)
        with pytest.raises(VaultError), house.vault.transaction(OPERATOR) as ctx:
            accounts.make(ctx, role=Role.CITIZEN, citizen_id=citizen_id)


def test_a_change_that_no_entry_names_cannot_be_committed(house: House) -> None:
    with pytest.raises(VaultError, match="no log entry"), house.vault.transaction(OPERATOR) as ctx:
        setattr(services.by_slug(ctx, slug="home-care"), "name", "Renamed in silence")  # noqa: B010 -- one statement


@pytest.mark.parametrize(
    "value", ["Edith", "Marlow", "Apixaban", "Penicillin", "turn to 4471", "hc-0417", "Miscarriage", "Side gate"]
)
def test_no_value_or_identifier_stands_in_clear_in_the_database_or_its_log(sqlite_house: House, value: str) -> None:
    sqlite_house.read(sqlite_house.token(sqlite_house.grant()))
    path = Path(str(sqlite_house.vault.db.url.database))
    stored = path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()
    assert CARE.encode() in stored
    assert value.encode() not in stored
