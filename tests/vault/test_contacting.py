"""Whether a way of contact is safe: a yes or no that is logged alike for everybody and never says what was found."""

import pytest

from audit.events import Event
from tests.vault.house import House
from vault import trail
from vault.access import contact_is_safe
from vault.context import OPERATOR
from vault.errors import NotFoundError
from vault.kinds import RecordStatus


def write(house: House, value: object, **more: object) -> None:
    house.keep("contact", "c9", {"contact.not_safe": value}, sensitivity=2, **more)  # type: ignore[dict-item]


def entries(house: House) -> list[trail.Line]:
    with house.vault.reading(OPERATOR) as ctx:
        found = trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=100)
    return [line for line in found if line.event == Event.CONTACT_CHECKED]


def test_without_a_note_every_way_is_safe(house: House) -> None:
    assert contact_is_safe(house.vault, citizen_id=house.citizen_id, channel="letter")


@pytest.mark.parametrize("channel", ["email", "letter", "phone", "text"])
def test_a_note_in_ones_own_words_closes_every_way(sqlite_house: House, channel: str) -> None:
    write(sqlite_house, "My brother opens my post")
    assert not contact_is_safe(sqlite_house.vault, citizen_id=sqlite_house.citizen_id, channel=channel)  # type: ignore[arg-type]


def test_a_note_that_lists_ways_closes_those(sqlite_house: House) -> None:
    write(sqlite_house, {"channels": ["letter"], "words": "he opens my post"})
    assert not contact_is_safe(sqlite_house.vault, citizen_id=sqlite_house.citizen_id, channel="letter")
    assert contact_is_safe(sqlite_house.vault, citizen_id=sqlite_house.citizen_id, channel="email")


def test_a_note_that_was_written_by_mistake_closes_nothing(sqlite_house: House) -> None:
    write(sqlite_house, "no letters", status=RecordStatus.ENTERED_IN_ERROR)
    assert contact_is_safe(sqlite_house.vault, citizen_id=sqlite_house.citizen_id, channel="letter")


def test_the_log_says_the_same_whatever_was_found(sqlite_house: House) -> None:
    contact_is_safe(sqlite_house.vault, citizen_id=sqlite_house.citizen_id, channel="letter")
    write(sqlite_house, "no letters")
    contact_is_safe(sqlite_house.vault, citizen_id=sqlite_house.citizen_id, channel="email")
    second, first = entries(sqlite_house)
    for each in (first, second):
        each.facts["judged"][0]["facts"]["context"].pop("now")  # when it was, the entry itself says
    assert (first.fields, first.facts) == (second.fields, second.facts)
    assert first.fields == ("contact.not_safe",)


def test_nobody_who_is_not_known_is_checked(sqlite_house: House) -> None:
    with pytest.raises(NotFoundError):
        contact_is_safe(sqlite_house.vault, citizen_id=sqlite_house.council_id, channel="letter")
