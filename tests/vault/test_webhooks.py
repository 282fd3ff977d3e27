"""What a service is told: of its own grants and what they open, once for each change that is kept, and no more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from audit.events import Event
from tests.log_reading import told as logged
from tests.vault.house import House
from vault import citizens, erasure, grants, notices, records, services, webhooks
from vault.context import OPERATOR, SYSTEM
from vault.errors import WrongStateError
from vault.journal import note
from vault.kinds import CitizenStatus, RecordStatus, ServiceStatus
from vault.models import WebhookDelivery
from vault.services import Addresses
from vault.webhooks import Changed, DeliveryFault, DeliveryState, DeliveryView, Failed, Outgoing

SLUG = "home-care"
MEDICINE = {"medication.name": "Apixaban"}


@pytest.fixture(autouse=True)
def _registered(house: House) -> None:
    register(house, "https://care.example.org/told")


def register(house: House, address: str | None) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        slug = services.by_id(ctx, service_id=house.service_id).slug
        services.set_addresses(ctx, slug=slug, given=Addresses(webhook_uri=address))


def told(house: House) -> list[DeliveryView]:
    """Everything the service is told, oldest first."""
    with house.vault.reading(OPERATOR) as ctx:
        return webhooks.of_service(ctx, service_id=house.service_id, limit=100)[0][::-1]


def names(house: House) -> list[str]:
    return [str(each.event) for each in told(house)]


def forget(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        ctx.session.execute(delete(WebhookDelivery))


def make_due(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        past = ctx.now - timedelta(seconds=1)
        ctx.session.execute(update(WebhookDelivery).values(due_at=past))


@dataclass
class Receiver:
    """Takes what `wanted` lets it."""

    wanted: Callable[[Outgoing], Failed | None] = lambda _: None
    said: list[Outgoing] = field(default_factory=list)

    def bring(self, event: Outgoing) -> Failed | None:
        self.said.append(event)
        return self.wanted(event)


def deliver(house: House, receiver: Receiver) -> int:
    return webhooks.deliver(house.vault, receiver, service_id=house.service_id)


def test_each_change_of_a_grant_is_told_and_one_that_is_not_kept_is_not(house: House) -> None:
    grant = house.grant()
    mine = {"citizen_id": house.citizen_id, "grant_id": grant.grant_id}
    with pytest.raises(WrongStateError):
        _withdraw_twice(house, mine)
    assert names(house) == ["grant:made"]
    with house.vault.transaction(house.citizen) as ctx:
        grants.narrow(ctx, keep=frozenset({"medication.name"}), **mine)
    for change in (grants.pause, grants.resume):
        with house.vault.transaction(SYSTEM) as ctx:
            change(ctx, **mine)
    house.withdraw(grant)
    assert names(house) == ["grant:made", "grant:narrowed", "grant:paused", "grant:resumed", "grant:withdrawn"]


def _withdraw_twice(house: House, mine: dict[str, UUID]) -> None:
    with house.vault.transaction(house.citizen) as ctx:
        for _ in range(2):
            grants.withdraw(ctx, **mine)


def test_a_service_that_registered_nowhere_is_told_nothing(house: House) -> None:
    register(house, None)
    house.withdraw(house.grant())
    assert names(house) == []
    with pytest.raises(WrongStateError), house.vault.transaction(OPERATOR) as ctx:
        webhooks.send_test(ctx, slug=services.by_id(ctx, service_id=house.service_id).slug)


def test_what_ends_soon_and_what_has_ended_is_told_once(house: House) -> None:
    house.grant()
    for days, expected in ((80, []), (5, ["grant:expiring"]), (6, ["grant:expired"])):
        forget(house)
        house.clock.ahead += timedelta(days=days)
        for _ in range(2):
            with house.vault.transaction(SYSTEM) as ctx:
                grants.sweep(ctx)
                notices.sweep(ctx)
        assert names(house) == expected


def test_changed_data_is_told_of_to_who_may_see_it_and_gathered(house: House) -> None:
    house.grant(frozenset({"medication.name"}))
    forget(house)
    house.keep("allergy", "a-1", {"allergy.to_what": "Penicillin"})
    house.keep("medication", "m-dose", {"medication.dose": "5 mg"})
    house.keep("medication", "m-secret", MEDICINE, sensitivity=2)
    for status in (RecordStatus.HISTORY, RecordStatus.ENTERED_IN_ERROR):
        house.keep("medication", "m-past", MEDICINE, status=status)
        house.keep("medication", "m-past", {"medication.name": "Digoxin"}, status=status)
    assert names(house) == [], "what the grant does not open is not told of, that it is there included"
    first = house.keep("medication", "m-1", MEDICINE)
    house.keep("medication", "m-2", MEDICINE)
    assert names(house) == ["data:changed"], "many changes are one event"
    assert deliver(house, Receiver()) == 0, "a moment is waited for more of the same"
    make_due(house)
    assert deliver(house, Receiver()) == 1
    with house.vault.transaction(SYSTEM) as ctx:
        records.mark_mistaken(ctx, citizen_id=house.citizen_id, record_id=first)
    assert names(house) == ["data:changed", "data:changed"], "and after it was told the next change is another event"


def test_nobody_is_told_of_what_they_write_or_after_their_grant_ended(house: House) -> None:
    grant = house.grant(frozenset({"medication.name"}))
    forget(house)
    with house.vault.transaction(house.service) as ctx:
        changed = Changed("medication", MEDICINE, 0, frozenset({RecordStatus.CURRENT}))
        webhooks.about_data(ctx, citizen_id=house.citizen_id, changed=changed)
    house.withdraw(grant)
    forget(house)
    house.keep("medication", "m-1", MEDICINE)
    assert names(house) == []


def test_who_had_a_grant_is_told_that_the_record_is_erased_unless_it_lives_on_elsewhere(house: House) -> None:
    grant = house.grant()
    forget(house)
    with house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=house.citizen_id, status=CitizenStatus.CLOSED)
    erasure.destroy_keys(house.vault, citizen_id=house.citizen_id)
    erasure.destroy_keys(house.vault, citizen_id=house.citizen_id)
    assert names(house) == ["data:erased"]
    receiver = Receiver()
    deliver(house, receiver)
    assert [each.grant_id for each in receiver.said] == [grant.grant_id]


def test_the_waits_grow_and_after_three_days_it_is_given_up_and_logged(house: House) -> None:
    house.grant()
    receiver = Receiver(lambda _: Failed(DeliveryFault.STATUS, 503))
    waits, after = [], told(house)[0]
    while (before := told(house)[0]).state is DeliveryState.WAITING:
        assert deliver(house, receiver) == 0
        after = told(house)[0]
        assert (after.tries, len(receiver.said)) == (before.tries + 1, before.tries + 1)
        waits.append(after.due_at - house.clock())
        house.clock.ahead += max(waits[-1], timedelta()) + timedelta(seconds=1)
    assert all(first < second for first, second in zip(waits[:5], waits[2:7], strict=True))
    assert max(waits) <= timedelta(hours=7.5)
    assert timedelta(days=2) < house.clock() - after.occurred_at < timedelta(days=4)
    assert (after.state, after.fault, after.answered) == (DeliveryState.GIVEN_UP, DeliveryFault.STATUS, 503)
    assert deliver(house, receiver) == 0
    assert sum(entry.event == Event.WEBHOOK_GIVEN_UP for entry in logged(house.vault)) == 1
    with house.vault.reading(OPERATOR) as ctx:
        assert webhooks.recently_given_up(ctx, service_id=house.service_id) == 1
    house.clock.ahead += timedelta(days=31)
    with house.vault.transaction(SYSTEM) as ctx:
        webhooks.sweep(ctx)
    assert told(house) == []


def test_a_suspended_service_is_told_nothing_until_it_works_again(house: House) -> None:
    house.grant()
    receiver = Receiver()
    for status, heard in ((ServiceStatus.SUSPENDED, 0), (ServiceStatus.ACTIVE, 1)):
        with house.vault.transaction(OPERATOR) as ctx:
            slug = services.by_id(ctx, service_id=house.service_id).slug
            services.set_status(ctx, slug=slug, status=status)
        make_due(house)
        deliver(house, receiver)
        assert len(receiver.said) == heard


def test_a_service_that_is_told_nowhere_any_more_is_given_up(house: House) -> None:
    house.grant()
    register(house, None)
    receiver = Receiver()
    assert (deliver(house, receiver), receiver.said) == (0, [])
    assert told(house)[0].fault is DeliveryFault.NO_ADDRESS


def test_a_process_that_dies_after_the_call_has_it_sent_once_more_and_two_processes_do_not(house: House) -> None:
    house.grant()
    beside: list[int] = []

    def dies_once(event: Outgoing) -> Failed | None:
        beside.append(webhooks.deliver(house.vault, Receiver(), service_id=event.service_id))
        if len(beside) == 1:
            raise KeyboardInterrupt
        return None

    receiver = Receiver(dies_once)
    with pytest.raises(KeyboardInterrupt):
        deliver(house, receiver)
    assert told(house)[0].state is DeliveryState.WAITING
    make_due(house)
    assert deliver(house, receiver) == 1
    assert [each.delivery_id for each in receiver.said] == [told(house)[0].delivery_id] * 2
    assert beside == [0, 0]


def test_an_event_that_is_never_taken_holds_up_no_other(house: House) -> None:
    house.withdraw(house.grant())

    def choosy(event: Outgoing) -> Failed | None:
        return Failed(DeliveryFault.STATUS, 500) if event.event == "grant:made" else None

    receiver = Receiver(choosy)
    assert deliver(house, receiver) == 0, "one that fails is not called again at once"
    make_due(house)
    assert deliver(house, receiver) == 1
    assert [str(each.event) for each in receiver.said] == ["grant:made", "grant:withdrawn", "grant:made"]


def test_an_event_that_was_planted_is_not_sent(house: House) -> None:
    house.grant()
    with house.vault.transaction(OPERATOR) as ctx:
        ctx.session.execute(update(WebhookDelivery).values(event="data:erased"))
    receiver = Receiver()
    with pytest.raises(Exception, match="mark"):
        deliver(house, receiver)
    assert receiver.said == []


def test_pages_of_events_go_on_where_the_last_one_ended(house: House) -> None:
    house.withdraw(house.grant())
    with house.vault.transaction(OPERATOR) as ctx:
        slug = services.by_id(ctx, service_id=house.service_id).slug
        webhooks.send_test(ctx, slug=slug)
        note(ctx, Event.REGISTRY_CHANGED, facts={})
    with house.vault.reading(OPERATOR) as ctx:
        first, after = webhooks.of_service(ctx, service_id=house.service_id, limit=2)
        rest, end = webhooks.of_service(ctx, service_id=house.service_id, after=after, limit=2)
    assert [str(each.event) for each in first + rest] == ["test:sent", "grant:withdrawn", "grant:made"]
    assert end is None
