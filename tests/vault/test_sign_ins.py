"""Links and challenges: each is used once, and what it leaves ends by itself."""

from datetime import timedelta

import pytest

from tests.vault.house import House
from vault import accounts, challenges, links
from vault.context import OPERATOR, SYSTEM
from vault.errors import LinkUsedError, ReplayedError
from vault.kinds import AccountStatus, LinkKind, Role


def account(house: House) -> accounts.AccountView:
    """The resident's account."""
    with house.vault.transaction(OPERATOR) as ctx:
        return accounts.make(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id)


def test_a_link_is_used_once(house: House) -> None:
    owner = account(house)
    with house.vault.transaction(OPERATOR) as ctx:
        handle = links.make(ctx, account_id=owner.account_id, kind=LinkKind.ENROL)
    with house.vault.transaction(SYSTEM) as ctx:
        assert links.use(ctx, handle=handle).account.account_id == owner.account_id
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=handle)


def test_leave_to_add_a_passkey_is_good_for_one_and_for_ten_minutes(house: House) -> None:
    owner = account(house)
    with house.vault.transaction(SYSTEM) as ctx:
        used, late = (links.begin_enrolling(ctx, account_id=owner.account_id) for _ in range(2))
    with house.vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=used)
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=used)
    house.clock.ahead = timedelta(minutes=11)
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=late)


def test_a_suspended_account_uses_no_link(house: House) -> None:
    owner = account(house)
    with house.vault.transaction(OPERATOR) as ctx:
        handle = links.make(ctx, account_id=owner.account_id, kind=LinkKind.ENROL)
        accounts.set_status(ctx, account_id=owner.account_id, status=AccountStatus.SUSPENDED)
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=handle)


def test_a_challenge_is_answered_once(house: House) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        challenge = challenges.new(ctx, purpose="passkey-sign-in")
    with house.vault.transaction(SYSTEM) as ctx:
        challenges.take(ctx, challenge=challenge, purpose="passkey-sign-in")
    with pytest.raises(ReplayedError), house.vault.transaction(SYSTEM) as ctx:
        challenges.take(ctx, challenge=challenge, purpose="passkey-sign-in")
