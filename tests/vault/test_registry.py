"""The registry changes by two people, or not at all; stopping takes one; what is approved is what was proposed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import text

from tests.vault import copied_house
from tests.vault.house import CARE, TAX, House, definition
from vault import accounts, codes, links, purpose_versions, purposes, registry, services, sign_ins
from vault.accounts import AccountView, StaffLabel
from vault.context import OPERATOR, SYSTEM, Context
from vault.errors import (
    InvalidInputError,
    LinkUsedError,
    NotAllowedError,
    NotFoundError,
    ProofNeededError,
    RowForgedError,
    SignInEndedError,
    WrongStateError,
)
from vault.holding import hold
from vault.kinds import AccountStatus, ChangeKind, ChangeState, Role, ServiceStatus
from vault.registry import ChangeView
from vault.release import Refusal, Release

LABEL = StaffLabel("Mina", "registry officer", "Digital")


def key(kid: str = "k1") -> dict[str, Any]:
    """A fresh public key."""
    return {**ECKey.generate_key("P-256").as_dict(private=False), "kid": kid, "alg": "ES256", "use": "sig"}


def new_service(**changed: Any) -> dict[str, Any]:
    """A service that is whole."""
    given = {
        "organisation": "council",
        "name": "Meals at home",
        "what_for": "Brings meals to people who cannot cook.",
        "lgsl": 315,
        "jwks": {"keys": [key()]},
        "purposes": {CARE: 1},
        "batch": [],
    }
    return {**given, **changed}


@dataclass(frozen=True)
class Office:
    """A small vault with two administrators of the council and one of a trust."""

    house: House
    ann: AccountView
    ben: AccountView
    tess: AccountView

    @contextmanager
    def by(self, who: AccountView, *, fresh: bool = True) -> Iterator[Context]:
        proven_at = self.house.clock() if fresh else None
        actor = replace(who.actor(), can_prove=True, proven_at=proven_at)
        with self.house.vault.transaction(actor) as ctx:
            yield ctx

    def propose(self, kind: ChangeKind, subject: str, content: dict[str, Any], **more: Any) -> ChangeView:
        with self.by(self.ann) as ctx:
            return registry.propose(ctx, kind=kind, subject=subject, content=content, **more)

    def approve(self, change: ChangeView, who: AccountView | None = None) -> registry.Approved:
        with self.by(who or self.ben) as ctx:
            return registry.approve(ctx, change_id=change.change_id)

    def both(self, kind: ChangeKind, subject: str, content: dict[str, Any], **more: Any) -> registry.Approved:
        return self.approve(self.propose(kind, subject, content, **more))


def administrator(house: House, name: str, organisation_id: UUID) -> AccountView:
    with house.vault.transaction(OPERATOR) as ctx:
        label = StaffLabel(name, "registry", "Digital")
        return accounts.make(ctx, role=Role.ADMINISTRATOR, organisation_id=organisation_id, label=label)


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    house = copied_house.copy(tmp_path, database_url)
    with house.vault.transaction(OPERATOR) as ctx:
        trust = services.make_organisation(ctx, slug="trust", name="Example Trust", kind="nhs").organisation_id
        services.set_words(ctx, slug="home-care", name="Home care", what_for="Care at home.", lgsl=None)
    yield Office(
        house,
        administrator(house, "Ann", house.council_id),
        administrator(house, "Ben", house.council_id),
        administrator(house, "Tess", trust),
    )
    house.vault.db.dispose()


def whole(office: Office) -> bool:
    """Whether every row is as the log says."""
    with office.house.vault.db.snapshot() as session:
        return hold(session).defects == ()


def test_a_service_is_registered_by_two_people_and_the_log_names_both(office: Office) -> None:
    change = office.propose(ChangeKind.SERVICE, "meals", new_service(), why="The new contract begins in May.")
    with office.house.vault.reading(OPERATOR) as ctx:
        assert [each.change_id for each in registry.waiting(ctx)] == [change.change_id]
        with pytest.raises(NotFoundError):
            services.by_slug(ctx, slug="meals")
    office.approve(change)
    with office.house.vault.reading(OPERATOR) as ctx:
        made = registry.sheet(ctx, slug="meals")
        held = registry.find(ctx, change_id=change.change_id)
        assert registry.waiting(ctx) == []
        assert (made.name, made.lgsl, made.organisation.slug) == ("Meals at home", 315, "council")
        assert [purpose.slug for purpose in made.purposes] == [CARE]
        assert made.keys[0].added_at == held.decided_at
        assert (held.proposer, held.decider) == (office.ann.label, office.ben.label)
        assert held.why == "The new contract begins in May."
        assert [entry.what for entry in registry.told(ctx, change=held)] == ["proposed", "approved"]
    assert whole(office)


def test_nobody_approves_alone_twice_or_what_was_rejected_or_taken_back(office: Office) -> None:
    change = office.propose(ChangeKind.SERVICE, "meals", new_service())
    with pytest.raises(NotAllowedError):
        office.approve(change, office.ann)
    office.approve(change)
    with pytest.raises(WrongStateError):
        office.approve(change)
    rejected = office.propose(ChangeKind.SERVICE, "garden", new_service())
    with office.by(office.ben) as ctx:
        turned_down = registry.reject(ctx, change_id=rejected.change_id, reason="Not yet agreed.")
    assert (turned_down.state, turned_down.answer) == (ChangeState.REJECTED, "Not yet agreed.")
    with pytest.raises(WrongStateError):
        office.approve(rejected)
    mine = office.propose(ChangeKind.SERVICE, "garden", new_service())
    with pytest.raises(NotAllowedError), office.by(office.ben) as ctx:
        registry.take_back(ctx, change_id=mine.change_id)
    with office.by(office.ann) as ctx:
        registry.take_back(ctx, change_id=mine.change_id)
    with pytest.raises(WrongStateError):
        office.approve(mine)
    assert whole(office)


def test_what_has_changed_since_is_not_approved(office: Office) -> None:
    words = {"name": "Care at home", "what_for": "Help at home.", "lgsl": None}
    first = office.propose(ChangeKind.SERVICE_WORDS, "home-care", words)
    second = office.propose(ChangeKind.SERVICE_WORDS, "home-care", {**words, "name": "Carers"})
    office.approve(first)
    with pytest.raises(NotAllowedError):
        office.approve(second)
    with office.house.vault.reading(OPERATOR) as ctx:
        assert services.by_slug(ctx, slug="home-care").name == "Care at home"
        assert not registry.stands_as_proposed(ctx, change=registry.find(ctx, change_id=second.change_id))
    with office.by(office.ben) as ctx:
        registry.reject(ctx, change_id=second.change_id, reason="Out of date.")


def test_a_service_is_not_approved_on_a_purpose_that_asks_for_more_by_now(office: Office) -> None:
    new = office.propose(ChangeKind.SERVICE, "meals", new_service())
    more = office.propose(ChangeKind.SERVICE_PURPOSES, "home-care", {"purposes": {CARE: 1}, "batch": []})
    office.both(ChangeKind.PURPOSE, CARE, {**definition(CARE).as_json(), "max_days": 91})
    for change in (new, more):
        with pytest.raises(NotAllowedError):
            office.approve(change)


def test_what_a_person_proposed_who_may_no_longer_is_not_approved(office: Office) -> None:
    change = office.propose(ChangeKind.SERVICE, "meals", new_service())
    with office.by(office.ben) as ctx:
        registry.stop(ctx, kind=ChangeKind.ACCOUNT_SUSPENDED, subject=str(office.ann.account_id))
    with pytest.raises(NotAllowedError):
        office.approve(change)


def test_a_planted_or_altered_change_is_not_believed(office: Office) -> None:
    change = office.propose(ChangeKind.SERVICE, "meals", new_service())
    with office.house.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE registry_changes SET proposed_by = NULL"))
    with pytest.raises(RowForgedError):
        office.approve(change)
    with office.house.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE registry_changes SET change_id = :id"), {"id": uuid4().hex})
    with pytest.raises((RowForgedError, NotFoundError)):
        office.approve(change)
    with pytest.raises(RowForgedError), office.house.vault.reading(OPERATOR) as ctx:
        registry.waiting(ctx)
    with office.house.vault.reading(OPERATOR) as ctx, pytest.raises(NotFoundError):
        services.by_slug(ctx, slug="meals")


NOWHERE: dict[str, object] = {
    "redirect_uris": [],
    "jwks_uri": None,
    "notification_endpoint": None,
    "webhook_uri": None,
}


def test_where_people_are_led_back_to_takes_two_people(office: Office) -> None:
    content = {**NOWHERE, "redirect_uris": ["https://care.example/back"]}
    change = office.propose(ChangeKind.SERVICE_ADDRESSES, "home-care", content)

    def led_to() -> tuple[str, ...]:
        with office.house.vault.reading(OPERATOR) as ctx:
            service = services.by_slug(ctx, slug="home-care")
            return services.addresses(ctx, service_id=service.service_id).redirect_uris

    assert led_to() == ()
    office.approve(change)
    assert led_to() == ("https://care.example/back",)


def test_an_administrator_of_another_organisation_keeps_to_their_own(office: Office) -> None:
    change = office.propose(ChangeKind.SERVICE, "meals", new_service())
    with pytest.raises(NotAllowedError):
        office.approve(change, office.tess)
    for kind, subject, content in (
        (ChangeKind.SERVICE, "ward", new_service(organisation="trust")),
        (ChangeKind.PURPOSE, "more", {**definition("more").as_json()}),
        (ChangeKind.SERVICE_KEYS, "home-care", {"jwks": {"keys": [key()]}}),
        (ChangeKind.SERVICE_ADDRESSES, "home-care", NOWHERE),
        (
            ChangeKind.ACCOUNT_CHANGED,
            str(office.ben.account_id),
            {"role": "auditor", "organisation": "council", "service": None},
        ),
    ):
        label = LABEL if kind is ChangeKind.ACCOUNT_CHANGED else None
        with pytest.raises(NotAllowedError), office.by(office.tess) as ctx:
            registry.propose(ctx, kind=kind, subject=subject, content=content, label=label)
    office.both(ChangeKind.SERVICE, "ward", new_service(organisation="trust"))
    with office.by(office.tess) as ctx:
        mine = registry.propose(
            ctx, kind=ChangeKind.SERVICE_KEYS, subject="ward", content={"jwks": {"keys": [key("k2")]}}
        )
    office.approve(mine)
    with pytest.raises(InvalidInputError), office.by(office.tess) as ctx:
        registry.propose(
            ctx,
            kind=ChangeKind.ACCOUNT_CHANGED,
            subject=str(office.tess.account_id),
            content={"role": "auditor", "organisation": "council", "service": None},
            label=LABEL,
        )


def test_a_fresh_sign_in_is_needed_where_one_could_be_given_and_never_for_stopping(office: Office) -> None:
    change = office.propose(ChangeKind.SERVICE, "meals", new_service())
    with pytest.raises(ProofNeededError), office.by(office.ann, fresh=False) as ctx:
        registry.propose(ctx, kind=ChangeKind.SERVICE, subject="garden", content=new_service())
    with pytest.raises(ProofNeededError), office.by(office.ben, fresh=False) as ctx:
        registry.approve(ctx, change_id=change.change_id)
    with office.by(office.ben, fresh=False) as ctx:
        registry.stop(ctx, kind=ChangeKind.SERVICE_SUSPENDED, subject="home-care")
        registry.reject(ctx, change_id=change.change_id, reason="Not now.")


def test_one_person_stops_a_service_at_once_and_two_let_it_work_again(office: Office) -> None:
    token = office.house.token(office.house.grant())
    assert isinstance(office.house.read(token), Release)
    with office.by(office.ann) as ctx:
        registry.stop(ctx, kind=ChangeKind.SERVICE_SUSPENDED, subject="home-care", why="Its key was stolen.")
    assert isinstance(office.house.read(token), Refusal)
    change = office.propose(ChangeKind.SERVICE_RESUMED, "home-care", {})
    assert isinstance(office.house.read(token), Refusal)
    with pytest.raises(NotAllowedError):
        office.approve(change, office.ann)
    office.approve(change)
    assert isinstance(office.house.read(token), Release)
    with pytest.raises(InvalidInputError), office.by(office.ann) as ctx:
        registry.stop(ctx, kind=ChangeKind.SERVICE_RESUMED, subject="home-care")
    assert whole(office)


def test_keys_roll_over_and_the_sheet_says_since_when_each_counts(office: Office) -> None:
    office.both(ChangeKind.SERVICE, "meals", new_service())
    with office.house.vault.reading(OPERATOR) as ctx:
        old = services.by_slug(ctx, slug="meals").jwks["keys"][0]
    office.house.clock.ahead += timedelta(days=1)
    office.both(ChangeKind.SERVICE_KEYS, "meals", {"jwks": {"keys": [old, key("k2")]}})
    office.house.clock.ahead += timedelta(days=1)
    with office.house.vault.reading(OPERATOR) as ctx:
        both = services.by_slug(ctx, slug="meals").jwks["keys"]
    office.both(ChangeKind.SERVICE_KEYS, "meals", {"jwks": {"keys": both[1:]}})
    with office.house.vault.reading(OPERATOR) as ctx:
        found = registry.sheet(ctx, slug="meals")
    (now,), (gone,) = found.keys, found.retired
    assert (now.kid, gone.kid) == ("k2", "k1")
    assert now.added_at
    assert gone.added_at
    assert gone.retired_at
    assert gone.added_at < now.added_at < gone.retired_at


def test_a_purpose_that_asks_for_less_narrows_running_grants_at_once_and_more_widens_none(office: Office) -> None:
    house = office.house
    token = house.token(house.grant())
    most = definition(CARE).as_json()
    office.both(ChangeKind.PURPOSE, CARE, {**most, "most": [name for name in most["most"] if name != "identity.name"]})
    assert isinstance(house.read(token, frozenset({"identity.name"})), Refusal)
    answer = house.read(token, None)
    assert isinstance(answer, Release)
    seen = {name for record in answer.unseal().records for name in record.fields}
    assert "medication.name" in seen
    assert "identity.name" not in seen
    wider = {**most, "most": [*most["most"], "contact.phone"], "history": True, "max_sensitivity": 2}
    office.both(ChangeKind.PURPOSE, CARE, wider)
    assert isinstance(house.read(token, frozenset({"contact.phone"})), Refusal)
    assert isinstance(house.read(token, frozenset({"condition.name"})), Refusal)
    assert isinstance(house.read(token, frozenset({"identity.name"})), Release)


def test_the_version_under_which_a_grant_was_made_stays_known(office: Office) -> None:
    grant = office.house.grant()
    office.house.clock.ahead += timedelta(minutes=1)
    office.both(ChangeKind.PURPOSE, CARE, {**definition(CARE).as_json(), "max_days": 10})
    with office.house.vault.reading(OPERATOR) as ctx:
        made_under = purpose_versions.version_at(ctx, slug=CARE, moment=grant.made_at)
        assert (made_under.number, made_under.definition.max_days) == (1, 90)
        assert [each.number for each in purpose_versions.versions(ctx, slug=CARE)] == [2, 1]
        assert purposes.find(ctx, slug=CARE).max_days == 10


def test_a_purpose_of_the_time_before_versions_were_kept_keeps_its_first_one(office: Office) -> None:
    with office.house.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM purpose_versions"))
    grant = office.house.grant()
    office.both(ChangeKind.PURPOSE, TAX, {**purpose_of(office, TAX), "max_days": 10})
    office.both(ChangeKind.PURPOSE, CARE, {**purpose_of(office, CARE), "max_days": 10})
    with office.house.vault.reading(OPERATOR) as ctx:
        assert purpose_versions.version_at(ctx, slug=CARE, moment=grant.made_at).definition.max_days == 90


def purpose_of(office: Office, slug: str) -> dict[str, Any]:
    with office.house.vault.reading(OPERATOR) as ctx:
        return purposes.find(ctx, slug=slug).as_json()


def test_a_purpose_taken_from_a_service_opens_nothing_from_then_on(office: Office) -> None:
    token = office.house.token(office.house.grant())
    office.both(ChangeKind.SERVICE_PURPOSES, "home-care", {"purposes": {TAX: 1}, "batch": []})
    assert isinstance(office.house.read(token), Refusal)
    assert whole(office)


def test_a_member_of_staff_is_invited_by_two_people_and_the_link_works_once(office: Office) -> None:
    content = {"role": "officer", "organisation": "council", "service": "home-care"}
    proposed = office.propose(ChangeKind.ACCOUNT, "", content, label=LABEL)
    approved = office.approve(proposed)
    assert approved.link
    assert proposed.code
    with office.house.vault.transaction(SYSTEM) as ctx:
        used = links.use(ctx, handle=approved.link, code=proposed.code)
    with pytest.raises(LinkUsedError), office.house.vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=approved.link, code=proposed.code)
    assert (used.account.role, used.account.label) == (Role.OFFICER, LABEL)
    with office.house.vault.db.read.connect() as connection:
        held = connection.execute(text("SELECT content, sealed_words FROM registry_changes")).one()
    assert "Mina" not in str(held)
    assert whole(office)


@pytest.mark.parametrize("kind", [ChangeKind.ACCOUNT, ChangeKind.ACCOUNT_LINK])
def test_neither_of_two_administrators_can_use_the_link_alone(office: Office, kind: ChangeKind) -> None:
    content = {"role": "officer", "organisation": "council", "service": "home-care"}
    subject, given, more = (
        ("", content, {"label": LABEL}) if kind is ChangeKind.ACCOUNT else (str(office.tess.account_id), {}, {})
    )
    proposed, other = (office.propose(kind, subject, given, **more) for _ in range(2))
    approved = office.approve(proposed)
    assert approved.link
    assert other.code
    assert approved.change.code is None, "who approves is shown the link alone"
    for code in ("", other.code, codes.shown(codes.new(codes.RECOVERY_GROUPS))):
        with pytest.raises(InvalidInputError), office.house.vault.transaction(SYSTEM) as ctx:
            links.use(ctx, handle=approved.link, code=code)
    with office.by(office.ann) as ctx:
        found = registry.find(ctx, change_id=proposed.change_id)
    assert found.code is None, "who proposed is shown the code once"
    with office.house.vault.db.read.connect() as connection:
        held = [connection.execute(text(f"SELECT * FROM {table}")).all() for table in ("registry_changes", "links")]
    assert str(proposed.code).replace("-", "") not in str(held).replace("-", "")
    with office.house.vault.transaction(SYSTEM) as ctx:
        assert links.use(ctx, handle=approved.link, code=str(proposed.code).lower()).agreed == (
            office.ann.account_id,
            office.ben.account_id,
        )
    assert whole(office)


def test_who_leaves_loses_access_before_anyone_approves(office: Office) -> None:
    with office.house.vault.transaction(SYSTEM) as ctx:
        cookie = sign_ins.begin(ctx, account_id=office.ben.account_id, method="test", proven=True)
    change = office.propose(ChangeKind.ACCOUNT_CLOSED, str(office.ben.account_id), {})
    with pytest.raises(SignInEndedError), office.house.vault.reading(SYSTEM) as ctx:
        sign_ins.current(ctx, cookie=cookie)
    with office.house.vault.db.read.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sign_ins")).scalar() == 0
    third = administrator(office.house, "Cara", office.house.council_id)
    office.approve(change, third)
    with office.house.vault.reading(OPERATOR) as ctx:
        assert accounts.find(ctx, account_id=office.ben.account_id).status is AccountStatus.CLOSED
    with pytest.raises(WrongStateError):
        office.propose(ChangeKind.ACCOUNT_RESUMED, str(office.ben.account_id), {})
    assert whole(office)


def test_nobody_approves_a_change_of_their_own_account(office: Office) -> None:
    content = {"role": "auditor", "organisation": "council", "service": None}
    change = office.propose(ChangeKind.ACCOUNT_CHANGED, str(office.ben.account_id), content, label=LABEL)
    with pytest.raises(NotAllowedError):
        office.approve(change, office.ben)


def test_a_changed_role_ends_the_sign_ins_made_in_the_old_one(office: Office) -> None:
    third = administrator(office.house, "Cara", office.house.council_id)
    with office.house.vault.transaction(SYSTEM) as ctx:
        cookie = sign_ins.begin(ctx, account_id=third.account_id, method="test", proven=True)
    content = {"role": "auditor", "organisation": "council", "service": None}
    office.both(ChangeKind.ACCOUNT_CHANGED, str(third.account_id), content, label=LABEL)
    with pytest.raises(SignInEndedError), office.house.vault.reading(SYSTEM) as ctx:
        sign_ins.current(ctx, cookie=cookie)


def test_a_residents_account_is_not_known_here(office: Office) -> None:
    with office.house.vault.transaction(OPERATOR) as ctx:
        resident = accounts.make(ctx, role=Role.CITIZEN, citizen_id=office.house.citizen_id)
    for kind in (ChangeKind.ACCOUNT_CLOSED, ChangeKind.ACCOUNT_LINK):
        with pytest.raises(NotFoundError):
            office.propose(kind, str(resident.account_id), {})
    with pytest.raises(NotFoundError), office.by(office.ann) as ctx:
        registry.stop(ctx, kind=ChangeKind.ACCOUNT_SUSPENDED, subject=str(resident.account_id))


def test_the_operator_acts_alone_and_the_log_says_so(office: Office) -> None:
    with office.house.vault.transaction(OPERATOR) as ctx:
        change = registry.propose(ctx, kind=ChangeKind.SERVICE, subject="meals", content=new_service())
    assert change.state is ChangeState.APPLIED
    assert change.alone
    with office.house.vault.reading(OPERATOR) as ctx:
        assert services.by_slug(ctx, slug="meals").status is ServiceStatus.ACTIVE
        assert [entry.what for entry in registry.told(ctx, change=change)] == ["changed alone by the operator"]
        found = registry.find(ctx, change_id=change.change_id)
        assert (found.proposer, found.decider) == (None, None)


def test_nobody_but_an_administrator_changes_the_registry(office: Office) -> None:
    change = office.propose(ChangeKind.SERVICE, "meals", new_service())
    for actor in (office.house.citizen, office.house.service, SYSTEM, OPERATOR):
        with pytest.raises(NotAllowedError), office.house.vault.transaction(actor) as ctx:
            registry.approve(ctx, change_id=change.change_id)
    for actor in (office.house.citizen, office.house.service):
        with pytest.raises(NotAllowedError), office.house.vault.transaction(actor) as ctx:
            registry.stop(ctx, kind=ChangeKind.SERVICE_SUSPENDED, subject="home-care")


@pytest.mark.parametrize(
    "changed",
    [
        {"organisation": "nobody"},
        {"name": " "},
        {"name": "x" * 101},
        {"what_for": ""},
        {"lgsl": "1"},
        {"lgsl": 0},
        {"lgsl": True},
        {"jwks": {"keys": []}},
        {"purposes": {}},
        {"purposes": {"nothing": 1}},
        {"purposes": {CARE: 7}},
        {"batch": [CARE]},
        {"more": 1},
    ],
    ids=str,
)
def test_a_service_that_is_not_whole_is_not_proposed(office: Office, changed: dict[str, Any]) -> None:
    with pytest.raises((InvalidInputError, NotFoundError)):
        office.propose(ChangeKind.SERVICE, "meals", new_service(**changed))
    with office.house.vault.reading(OPERATOR) as ctx:
        assert registry.waiting(ctx) == []


@pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a b", "a" * 64, "home-care", "ü"])
def test_a_client_id_is_plain_and_free(office: Office, slug: str) -> None:
    with pytest.raises(InvalidInputError):
        office.propose(ChangeKind.SERVICE, slug, new_service())


@pytest.mark.parametrize(
    "changed",
    [
        {"basis": "6(1)(z)"},
        {"condition": "9(2)(z)"},
        {"condition": None},
        {"why": ""},
        {"controllers": []},
        {"max_days": 0},
        {"max_days": 99_999},
        {"most": ["nothing.at_all"]},
        {"unknown": 1},
        {},
    ],
    ids=str,
)
def test_a_purpose_that_is_not_whole_or_changes_nothing_is_not_proposed(
    office: Office, changed: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError):
        office.propose(ChangeKind.PURPOSE, CARE, {**definition(CARE).as_json(), **changed})
