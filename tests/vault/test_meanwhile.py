"""What changes between the decision and the write never slips through: the door decides anew, or refuses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from audit.events import Event
from tests.vault.house import ALLOWED, CARE, House, definition
from vault import accounts, citizens, grants, purposes, services, tokens
from vault.access import keeping, read_as_officer
from vault.context import OPERATOR, Actor, Context
from vault.errors import NotFoundError, ReplayedError, VaultError
from vault.grants import GrantView
from vault.holding import hold
from vault.journal import note
from vault.kinds import AccountStatus, CitizenStatus, KeyState, RecordStatus, Role, ServiceStatus
from vault.models import CitizenKey, ServicePurpose, SpentProof
from vault.release import Refusal, Release

Change = Callable[[House, GrantView, str], object]


def meanwhile(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object], *, times: int = 1) -> None:
    """Let *change* happen after the decision and before the write, in so many attempts."""
    real, left = keeping.log_release, [times]

    def log_release(*given: Any) -> Any:
        if left[0]:
            left[0] -= 1
            change()
        return real(*given)

    monkeypatch.setattr(keeping, "log_release", log_release)


def _as_operator(house: House, act: Callable[[Context], object]) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        act(ctx)


def _deregister(house: House, _grant: GrantView, _token: str) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        ctx.session.delete(ctx.session.get(ServicePurpose, (house.service_id, CARE)))
        note(ctx, Event.REGISTRY_CHANGED, facts={"what": "purposes of a service"})


def _redefine(house: House, _grant: GrantView, _token: str) -> None:
    changed = definition(CARE, most=["identity.*"])
    _as_operator(house, lambda ctx: purposes.register(ctx, definition=changed, first=None, second=None))


def _suspend(house: House, _grant: GrantView, _token: str) -> None:
    _as_operator(house, lambda ctx: services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED))


def _die(house: House, _grant: GrantView, _token: str) -> None:
    dead = CitizenStatus.DECEASED
    _as_operator(house, lambda ctx: citizens.set_status(ctx, citizen_id=house.citizen_id, status=dead))


def _withdraw(house: House, grant: GrantView, _token: str) -> None:
    house.withdraw(grant)


def _revoke(house: House, _grant: GrantView, token: str) -> None:
    with house.vault.transaction(house.service) as ctx:
        assert tokens.revoke(ctx, service_id=house.service_id, handle=token)


CHANGES: dict[str, Change] = {
    "the service may no longer ask for the purpose": _deregister,
    "the purpose is defined anew and narrower": _redefine,
    "the service is suspended": _suspend,
    "the person dies": _die,
    "the person stops sharing": _withdraw,
    "the token is given back": _revoke,
}


def opened_in_the_log(house: House, grant: GrantView) -> int:
    """How many releases the grant counts; the tables must agree with the log."""
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
        return grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).uses


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_the_decision_rested_on_must_still_be_so_at_the_write(
    house: House, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    grant = house.grant()
    token = house.token(grant)
    meanwhile(monkeypatch, lambda: change(house, grant, token))
    assert isinstance(house.read(token, ALLOWED), Refusal)
    assert opened_in_the_log(house, grant) == 0


def test_a_destroyed_key_opens_nothing_and_lets_no_entry_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = house.grant()
    token = house.token(grant)

    def destroy() -> None:
        with house.vault.transaction(OPERATOR) as ctx:
            for key in ctx.session.scalars(select(CitizenKey).where(CitizenKey.citizen_id == house.citizen_id)):
                key.state = KeyState.DESTROYED
            note(ctx, Event.KEY_DESTROYED, facts={"keys": 2})

    meanwhile(monkeypatch, destroy)
    with pytest.raises(VaultError):
        house.read(token)
    with house.vault.reading(OPERATOR) as ctx:
        active = select(func.count()).where(CitizenKey.citizen_id == house.citizen_id, CitizenKey.state == "active")
        assert ctx.session.scalar(active) == 0
        assert grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).uses == 0


def test_an_item_that_turns_out_wrong_meanwhile_is_not_released(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token = house.token(house.grant(frozenset({"allergy.to_what"})))
    wrong = {"allergy.to_what": "Penicillin"}
    meanwhile(monkeypatch, lambda: house.keep("allergy", "a1", wrong, status=RecordStatus.ENTERED_IN_ERROR))
    answer = house.read(token)
    assert isinstance(answer, Release)
    assert answer.unseal().records == ()


def test_an_item_that_changes_meanwhile_is_released_as_it_is_now(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token = house.token(house.grant(frozenset({"allergy.to_what"})))
    meanwhile(monkeypatch, lambda: house.keep("allergy", "a1", {"allergy.to_what": "Latex"}))
    answer = house.read(token)
    assert isinstance(answer, Release)
    assert [record.fields["allergy.to_what"] for record in answer.unseal().records] == ["Latex"]


def test_what_changes_again_and_again_is_refused_and_the_proof_is_spent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = house.grant(frozenset({"allergy.to_what"}))
    token, proof, words = house.token(grant), house.proof(), iter(["Latex", "Nuts"])
    meanwhile(monkeypatch, lambda: house.keep("allergy", "a1", {"allergy.to_what": next(words)}), times=2)
    assert isinstance(house.read(token, proof=proof), Refusal)
    assert opened_in_the_log(house, grant) == 0
    with pytest.raises(ReplayedError):
        house.read(token, proof=proof)
    with house.vault.reading(OPERATOR) as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(SpentProof)) == 1


@pytest.fixture
def officer(house: House) -> Actor:
    with house.vault.transaction(OPERATOR) as ctx:
        return accounts.make(
            ctx, role=Role.OFFICER, organisation_id=house.council_id, service_id=house.service_id
        ).actor()


def _set_status(house: House, officer: Actor, status: AccountStatus) -> None:
    assert officer.account_id is not None
    account_id = officer.account_id
    _as_operator(house, lambda ctx: accounts.set_status(ctx, account_id=account_id, status=status))


def test_an_officer_suspended_meanwhile_sees_nothing(
    house: House, officer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = house.grant()
    meanwhile(monkeypatch, lambda: _set_status(house, officer, AccountStatus.SUSPENDED), times=2)
    assert isinstance(read_as_officer(house.vault, actor=officer, grant_id=grant.grant_id, fields=None), Refusal)
    assert opened_in_the_log(house, grant) == 0


def test_a_sign_in_that_outlived_its_account_opens_nothing(house: House, officer: Actor) -> None:
    grant = house.grant()
    _set_status(house, officer, AccountStatus.CLOSED)
    answer = read_as_officer(house.vault, actor=officer, grant_id=grant.grant_id, fields=None)
    assert isinstance(answer, Refusal)
    assert opened_in_the_log(house, grant) == 0


def test_an_actor_who_claims_another_service_than_their_accounts_is_a_stranger(house: House) -> None:
    grant = house.grant()
    with house.vault.transaction(OPERATOR) as ctx:
        other = services.make_service(
            ctx, organisation_id=house.council_id, slug="other", name="Other", jwks={"keys": []}, purposes=[CARE]
        ).service_id
        stranger = accounts.make(ctx, role=Role.OFFICER, organisation_id=house.council_id, service_id=other).actor()
    claims = Actor(
        kind="officer",
        account_id=stranger.account_id,
        service_id=house.service_id,
        organisation_id=house.council_id,
    )
    with pytest.raises(NotFoundError):
        read_as_officer(house.vault, actor=claims, grant_id=grant.grant_id, fields=None)


def test_the_first_release_of_a_month_makes_its_key_and_is_logged(house: House) -> None:
    token = house.token(house.grant())
    house.clock.ahead = timedelta(days=32)
    with pytest.raises(VaultError):
        house.read(token)  # tokens live for minutes
    assert isinstance(house.read(house.token(house.grant(frozenset({"identity.name"})))), Release)
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
