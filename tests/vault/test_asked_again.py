"""After a no a service waits before it asks again: longer each time, by the name it asked by, known or not."""

from datetime import timedelta
from typing import Any

import pytest

from tests.vault.house import ALLOWED, CARE, House, definition
from vault import purposes, requests, services
from vault.context import OPERATOR
from vault.errors import AskedTooSoonError
from vault.kinds import Channel, Decider
from vault.purposes import Choice
from vault.requests import WAITS, Asked

KNOWN, UNKNOWN = "ref:pas:E-1", "ref:pas:E-9"


def ask(house: House, name: str = KNOWN, **more: Any) -> Asked:
    given: dict[str, Any] = {"service_id": house.service_id, "purpose": CARE, "fields": ALLOWED, **more}
    with house.vault.transaction(house.service) as ctx:
        return requests.ask(ctx, asked=requests.Ask(hint=requests.Hint.parse(name), **given))


def refuse(house: House, asked: Asked) -> None:
    """A no that an officer writes down, as it can be said of anybody."""
    with house.vault.transaction(house.officer()) as ctx:
        (view,) = [
            each for each in requests.of_service(ctx, service_id=house.service_id)
            if each.request_id == asked.request_id
        ]  # fmt: skip
        requests.decide(
            ctx,
            citizen_id=view.citizen_id,
            request_id=asked.request_id,
            allowed=frozenset(),
            decided_by=Decider.SPOKEN,
            channel=Channel.PHONE,
            evidence="They rang, and said no.",
        )


def held(house: House, name: str = KNOWN) -> timedelta | None:
    """How long the service has still to wait; nothing where it may ask, which it then did."""
    try:
        ask(house, name)
    except AskedTooSoonError as error:
        return error.until - house.clock()
    return None


def test_each_no_in_a_row_makes_the_wait_longer_and_a_yes_ends_it(house: House) -> None:
    for wait in (*WAITS, WAITS[-1]):
        refuse(house, ask(house))
        left = held(house)
        assert left is not None
        assert wait - timedelta(hours=1) < left <= wait
        house.clock.ahead += wait
    house.grant()
    refuse(house, ask(house))
    left = held(house)
    assert left is not None
    assert left <= WAITS[0]


def test_known_and_unknown_people_are_held_alike_each_by_the_name_that_was_asked(house: House) -> None:
    told = []
    for name in (KNOWN, UNKNOWN):
        refuse(house, ask(house, name))
        told.append(held(house, name))
    assert all(left is not None and WAITS[0] - timedelta(hours=1) < left <= WAITS[0] for left in told)
    house.clock.ahead += WAITS[0]
    assert [held(house, name) for name in (KNOWN, UNKNOWN)] == [None, None]


def test_a_request_that_nobody_answered_holds_nobody(house: House) -> None:
    for name in (KNOWN, UNKNOWN):
        ask(house, name, expires_in=1)
    house.clock.ahead += timedelta(seconds=2)
    assert [held(house, name) for name in (KNOWN, UNKNOWN)] == [None, None]


def test_another_purpose_and_what_the_law_lets_are_not_held(house: House) -> None:
    refuse(house, ask(house))
    with house.vault.transaction(OPERATOR) as ctx:
        law = definition("care-duty", choice=Choice.MAY_CHALLENGE)
        purposes.register(ctx, definition=law, first=None, second=None)

        slug = services.by_id(ctx, service_id=house.service_id).slug
        services.set_purposes(ctx, slug=slug, purposes=[CARE, "care-duty"], batch=[])
    assert ask(house, purpose="care-duty", case_reference="C-1").expires_in > 0
    assert held(house) is not None


def test_a_flood_of_requests_is_one_that_waits(house: House) -> None:
    made = {ask(house).request_id for _ in range(20)}
    assert len(made) == 1
    with house.vault.reading(OPERATOR) as ctx:
        assert len(requests.waiting(ctx, citizen_id=house.citizen_id)) == 1


def test_the_citizen_is_told_until_when_the_service_waits(house: House) -> None:
    asked = ask(house)
    citizen_id, request_id = house.citizen_id, asked.request_id
    with house.vault.transaction(house.citizen) as ctx:
        assert requests.asks_again_from(ctx, citizen_id=citizen_id, request_id=request_id) is None
        requests.decide(ctx, citizen_id=citizen_id, request_id=request_id, allowed=frozenset())
        again = requests.asks_again_from(ctx, citizen_id=citizen_id, request_id=request_id)
        assert again is not None
        assert again == ctx.now + WAITS[0]
    house.clock.ahead += WAITS[0] + timedelta(seconds=1)
    with house.vault.reading(house.citizen) as ctx:
        assert requests.asks_again_from(ctx, citizen_id=citizen_id, request_id=request_id) is None
    with pytest.raises(AskedTooSoonError):
        refuse_again(house)


def refuse_again(house: House) -> None:
    refuse(house, ask(house))
    ask(house)
