"""What an officer wrote down of a share is told to its resident, who can undo it; on both databases."""

import pytest

from tests.vault.house import House
from vault import grants, notices
from vault.context import OPERATOR
from vault.errors import NotFoundError, WrongStateError
from vault.grants import Act, GrantView, Spoken
from vault.holding import hold
from vault.kinds import Channel, Decider, GrantState, NoticeKind

SAID = Spoken(Channel.PHONE, "Edith rang from the number we know")


def stop(house: House, grant: GrantView) -> GrantView:
    with house.vault.transaction(house.officer()) as ctx:
        return grants.stop_as_said(ctx, grant_id=grant.grant_id, said=SAID)


def undo(house: House, grant: GrantView) -> GrantView:
    with house.vault.transaction(house.citizen) as ctx:
        version = grants.by_id(ctx, grant_id=grant.grant_id).version
        return grants.undo(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id, version=version)


def test_a_stop_that_was_written_down_is_told_and_undone_as_if_it_had_not_been(house: House) -> None:
    grant = house.grant()
    stopped = stop(house, grant)
    assert (stopped.state, stopped.was_said) == (GrantState.WITHDRAWN, True)
    with house.vault.reading(house.citizen) as ctx:
        found = grants.written_down(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)
        told = notices.of_citizen(ctx, citizen_id=house.citizen_id)
    assert (found.act, found.channel, found.fields_before) == (Act.STOP, Channel.PHONE, grant.fields)
    assert found.can_undo
    assert [(each.about, each.occasion) for each in told if each.kind is NoticeKind.WRITTEN_DOWN] == [
        (grant.grant_id, stopped.version)
    ]
    again = undo(house, grant)
    assert (again.state, again.fields, again.not_after) == (GrantState.ACTIVE, grant.fields, grant.not_after)
    assert (again.decided_by, again.was_said, again.version) == (Decider.CITIZEN, False, grant.version + 2)
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
    with pytest.raises(NotFoundError):
        undo(house, grant)


def test_a_smaller_share_that_was_written_down_is_whole_again(house: House) -> None:
    grant = house.grant()
    with house.vault.transaction(house.officer()) as ctx:
        grants.narrow_as_said(ctx, grant_id=grant.grant_id, keep=frozenset(sorted(grant.fields)[:1]), said=SAID)
    assert undo(house, grant).fields == grant.fields


def test_what_its_resident_decided_since_is_not_undone_and_an_end_is_an_end(house: House) -> None:
    grant = house.grant()
    with house.vault.transaction(house.officer()) as ctx:
        grants.narrow_as_said(ctx, grant_id=grant.grant_id, keep=frozenset(sorted(grant.fields)[:1]), said=SAID)
    with house.vault.transaction(house.citizen) as ctx:
        grants.withdraw(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)
    with pytest.raises(NotFoundError):
        undo(house, grant)
    other = house.grant()
    stop(house, other)
    house.clock.ahead += other.not_after - other.not_before
    with house.vault.reading(house.citizen) as ctx:
        assert not grants.written_down(ctx, citizen_id=house.citizen_id, grant_id=other.grant_id).can_undo
    with pytest.raises(WrongStateError):
        undo(house, other)


def test_a_stop_that_was_written_down_after_somebody_looked_is_not_what_they_undo(house: House) -> None:
    grant = house.grant()
    with house.vault.transaction(house.officer()) as ctx:
        less = grants.narrow_as_said(ctx, grant_id=grant.grant_id, keep=frozenset(sorted(grant.fields)[:1]), said=SAID)
    stop(house, grant)
    with pytest.raises(WrongStateError), house.vault.transaction(house.citizen) as ctx:
        grants.undo(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id, version=less.version)
    with house.vault.reading(house.citizen) as ctx:
        assert grants.by_id(ctx, grant_id=grant.grant_id).state is GrantState.WITHDRAWN
