"""What a resident says of how not to contact them: obeyed from that moment, hinted at nowhere, undone by themselves."""

from dataclasses import replace

import pytest

from audit.events import Event
from tests.vault.house import House
from vault import access, authorities, contact_wishes, counts, notices, outgoing, trail
from vault.access import contact_is_safe
from vault.context import OPERATOR, SYSTEM, Actor
from vault.errors import InvalidInputError, NotAllowedError, ProofNeededError, WrongStateError
from vault.kinds import NoticeKind
from vault.release import MASK, Release


class Outbox:
    """A mail server that only counts."""

    def __init__(self) -> None:
        self.sent = 0

    def send(self, address: str) -> None:  # noqa: ARG002 -- as `vault.outgoing.Mailer`
        self.sent += 1


def say(house: House, *ways: str, words: str = "", actor: Actor | None = None) -> None:
    with house.vault.transaction(actor or house.citizen) as ctx:
        contact_wishes.close_ways(ctx, citizen_id=house.citizen_id, ways=frozenset(ways), words=words)


def safe(house: House, channel: access.ContactBy) -> bool:
    return contact_is_safe(house.vault, citizen_id=house.citizen_id, channel=channel)


def test_a_way_is_closed_from_that_moment_and_open_again_once_it_is_taken_back(house: House) -> None:
    say(house, "letter", "text", words="He opens my post")
    assert [safe(house, way) for way in ("letter", "email", "phone", "text")] == [False, True, True, False]
    say(house, "email")
    assert [safe(house, way) for way in ("letter", "email")] == [True, False]
    with house.vault.transaction(house.citizen) as ctx:
        contact_wishes.take_back(ctx, citizen_id=house.citizen_id)
    assert safe(house, "email")
    say(house, "email")
    assert not safe(house, "email")


def test_a_mail_that_was_on_its_way_does_not_leave_any_more(house: House) -> None:
    house.keep("contact", "k1", {"contact.email": "edith@example.org"})
    server = Outbox()
    with house.vault.transaction(SYSTEM) as ctx:
        notices.tell(ctx, citizen_id=house.citizen_id, kind=NoticeKind.RECOVERY, about=house.citizen_id)
    say(house, "email")
    assert outgoing.send_due(house.vault, server).dropped == 1
    assert server.sent == 0


def test_a_letter_is_listed_for_nobody_whose_post_is_not_safe(sqlite_house: House) -> None:
    house = sqlite_house
    house.keep("contact", "k1", {"contact.address": "1 High St"})
    with house.vault.transaction(SYSTEM) as ctx:
        notices.tell(ctx, citizen_id=house.citizen_id, kind=NoticeKind.RECOVERY, about=house.citizen_id)
    outgoing.send_due(house.vault, Outbox())
    say(house, "letter")
    assert outgoing.letters(house.vault) == []


def test_the_log_says_that_they_wrote_and_neither_the_field_nor_a_way(sqlite_house: House) -> None:
    say(sqlite_house, "letter", words="He opens my post")
    with sqlite_house.vault.reading(OPERATOR) as ctx:
        line = trail.of_citizen(ctx, citizen_id=sqlite_house.citizen_id, limit=1)[0]
    assert (line.event, line.fields) == (Event.RECORD_WRITTEN, ())
    assert not [word for word in ("letter", "not_safe", "post") if word in str(dict(line.facts))]


def test_changing_it_or_taking_it_back_is_proved_first_and_saying_it_never(sqlite_house: House) -> None:
    thief = replace(sqlite_house.citizen, can_prove=True)
    say(sqlite_house, "letter", actor=thief)
    with pytest.raises(ProofNeededError):
        say(sqlite_house, "text", actor=thief)
    with pytest.raises(ProofNeededError), sqlite_house.vault.transaction(thief) as ctx:
        contact_wishes.take_back(ctx, citizen_id=sqlite_house.citizen_id)
    assert not safe(sqlite_house, "letter")


def test_nobody_says_it_for_somebody_else(sqlite_house: House) -> None:
    with pytest.raises(NotAllowedError):
        say(sqlite_house, "letter", actor=sqlite_house.officer())
    with pytest.raises(InvalidInputError):
        say(sqlite_house, "pigeon")
    with pytest.raises(InvalidInputError):
        say(sqlite_house)
    with pytest.raises(WrongStateError), sqlite_house.vault.transaction(sqlite_house.citizen) as ctx:
        contact_wishes.take_back(ctx, citizen_id=sqlite_house.citizen_id)


def test_it_opens_alone_to_the_resident_and_never_to_family(sqlite_house: House) -> None:
    house = sqlite_house
    say(house, "letter", words="He opens my post")
    everything = access.read_own(
        house.vault, actor=house.citizen, citizen_id=house.citizen_id, categories=frozenset({"contact"})
    )
    assert isinstance(everything, Release)
    (item,) = everything.unseal().records
    assert item.fields["contact.not_safe"] == MASK
    assert "contact.not_safe" not in authorities.LEGAL.union(*authorities.SAFE.values())
    with house.vault.reading(OPERATOR) as ctx:
        assert [
            each.items for each in counts.of_citizen(ctx, citizen_id=house.citizen_id) if each.category == "contact"
        ]
