"""What a server remembers between reads releases nothing that another process has ended meanwhile.

The other process is a second vault over the same database and key store: it shares no memory of keys, rows or
connections with the first.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.vault.house import ALLOWED, House
from tests.vault.test_meanwhile import CHANGES, Change, opened_in_the_log
from vault import grants
from vault.errors import KeyDestroyedError, TokenInvalidError
from vault.grants import GrantView
from vault.models import Grant
from vault.release import Refusal, Release
from vault.rotation import rotate_root
from vault.rows import Row, layout_of
from vault.runtime import open_vault


@pytest.fixture
def elsewhere(house: House) -> Iterator[House]:
    """The same house, as another process knows it."""
    vault = open_vault(
        database_url=house.vault.db.url.render_as_string(hide_password=False),
        root_key=f"file:{house.vault.keyring.store.describe()['place']}",
        tenant=house.vault.keyring.tenant,
        origin=house.vault.origin,
        clock=house.clock,
    )
    yield replace(house, vault=vault)
    vault.db.dispose()


def _warm(house: House) -> tuple[GrantView, str]:
    """A grant and its token, read twice: all that is remembered of them is there."""
    grant = house.grant()
    token = house.token(grant)
    for _ in range(2):
        answer = house.read(token)
        assert isinstance(answer, Release)
        assert answer.unseal().records
    return grant, token


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_another_process_ended_is_refused_at_the_next_read(house: House, elsewhere: House, change: Change) -> None:
    grant, token = _warm(house)
    change(elsewhere, grant, token)
    try:
        answer = house.read(token, ALLOWED)
    except TokenInvalidError:
        answer = None
    assert not isinstance(answer, Release)
    assert opened_in_the_log(house, grant) == 2


def test_a_share_that_another_process_narrowed_opens_only_what_is_left(house: House, elsewhere: House) -> None:
    grant, token = _warm(house)
    with elsewhere.vault.transaction(house.citizen) as ctx:
        narrower = grants.narrow(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id, keep=_one(grant))
    with pytest.raises(TokenInvalidError):
        house.read(token)
    anew = elsewhere.token(narrower)
    assert isinstance(house.read(anew, ALLOWED), Refusal)
    answer = house.read(anew)
    assert isinstance(answer, Release)
    assert {name for record in answer.unseal().records for name in record.fields} <= _one(grant)


def _one(grant: GrantView) -> frozenset[str]:
    return frozenset(sorted(grant.fields)[:1])


def test_a_share_that_ends_by_the_clock_or_by_its_uses_ends_for_rows_that_are_remembered(house: House) -> None:
    grant, token = _warm(house)
    with house.vault.db.write.begin() as connection:
        used = Grant.__table__.update().where(Grant.grant_id == grant.grant_id)  # type: ignore[attr-defined]
        connection.execute(used.values(uses=grant.max_uses))
    assert isinstance(house.read(token), Refusal)
    house.clock.ahead += timedelta(minutes=6)
    with pytest.raises(TokenInvalidError):
        house.read(token)


def test_keys_that_another_process_rotated_open_and_those_it_destroyed_do_not(house: House, elsewhere: House) -> None:
    _grant, token = _warm(house)
    rotate_root(elsewhere.vault)
    answer = house.read(token)
    assert isinstance(answer, Release)
    assert answer.unseal().records
    kept = house.read(token)
    assert isinstance(kept, Release)
    elsewhere.vault.keyring.destroy_citizen_key(house.citizen_id, "record", 1)
    with pytest.raises(KeyDestroyedError):
        kept.unseal()


def test_what_is_made_of_a_row_looks_at_no_column_outside_its_mark() -> None:
    layout = layout_of(Grant, sqlite=True)
    row = Row(layout, tuple(None for _ in layout.names))
    with pytest.raises(ValueError, match="outside the mark"):
        row.made(lambda grant: grant["uses"])


def test_what_stands_outside_the_mark_is_never_kept_with_a_row() -> None:
    layout, kept = layout_of(Grant, sqlite=True), dict[object, object]()
    place = layout.columns["uses"][0]
    for uses in (1, 2):
        raw = tuple(uses if at == place else None for at in range(len(layout.names)))
        assert Row(layout, raw, kept)["uses"] == uses
