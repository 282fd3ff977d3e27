"""Keys that were destroyed open nothing: not now, not from a restored row; the log says so and still holds."""

import pytest
from sqlalchemy import select, text

from audit.events import Event
from audit.read import every_leaf
from tests.vault.house import House
from vault import access, citizens
from vault.confidential import close_for_citizen
from vault.context import OPERATOR
from vault.erasure import destroy_keys
from vault.errors import KeyDestroyedError, VaultError, WrongStateError
from vault.holding import hold
from vault.journal import note
from vault.keychain import category_key
from vault.kinds import CitizenStatus, KeyState
from vault.models import CitizenKey
from vault.release import Release


def close(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=house.citizen_id, status=CitizenStatus.CLOSED)


def unreadable(house: House) -> None:
    with house.vault.reading(OPERATOR) as ctx, pytest.raises(KeyDestroyedError):
        category_key(ctx, citizen_id=house.citizen_id, category="medication", epoch=1)


def test_only_a_record_that_is_closed_loses_its_keys(house: House) -> None:
    with pytest.raises(WrongStateError, match="close the record first"):
        destroy_keys(house.vault, citizen_id=house.citizen_id)
    answer = access.read_own(
        house.vault, actor=house.citizen, citizen_id=house.citizen_id, categories=frozenset({"allergy"})
    )
    assert isinstance(answer, Release)


def test_a_destroyed_key_opens_nothing_and_the_log_says_so_once(house: House) -> None:
    token = house.token(house.grant())
    close(house)
    assert destroy_keys(house.vault, citizen_id=house.citizen_id) == 1
    unreadable(house)
    try:
        assert not isinstance(house.read(token), Release)
    except VaultError as refused:
        assert refused.code in {"key_destroyed", "token_invalid"}  # noqa: PT017 -- a refusal or an error, never a value
    with house.vault.transaction(OPERATOR) as ctx, pytest.raises(KeyDestroyedError):
        close_for_citizen(ctx, citizen_id=house.citizen_id, what="x", row_id=house.citizen_id, words={})
    assert destroy_keys(house.vault, citizen_id=house.citizen_id) == 1
    with house.vault.db.snapshot() as session:
        assert [str(leaf.event) for leaf in every_leaf(session)].count("key:destroyed") == 1
        assert hold(session).defects == ()


def test_a_key_put_back_into_the_database_stays_dead_and_is_named(house: House) -> None:
    with house.vault.db.read.connect() as connection:
        old = connection.execute(text("SELECT row_mac FROM citizen_keys WHERE kind = 'record'")).scalar_one()
    close(house)
    destroy_keys(house.vault, citizen_id=house.citizen_id)
    with house.vault.db.write.begin() as connection:
        connection.execute(
            text("UPDATE citizen_keys SET state = 'active', row_mac = :mac WHERE kind = 'record'"), {"mac": old}
        )
    unreadable(house)
    with house.vault.db.snapshot() as session:
        assert [defect.kind for defect in hold(session).defects] == ["rolled-back"]


def test_a_key_that_is_marked_destroyed_opens_no_release_even_if_its_bytes_still_would(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        row = ctx.session.scalars(
            select(CitizenKey).where(CitizenKey.citizen_id == house.citizen_id, CitizenKey.kind == "record")
        ).one()
        row.state = KeyState.DESTROYED
        note(ctx, Event.KEY_DESTROYED, citizen_id=house.citizen_id, facts={})
    answer = access.read_own(
        house.vault, actor=house.citizen, citizen_id=house.citizen_id, categories=frozenset({"allergy"})
    )
    assert isinstance(answer, Release)
    with pytest.raises(KeyDestroyedError):
        answer.unseal()
