"""Telling people that something waits: once, as they wish, only where contact is safe, and never a word about it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.mail_catcher import Catcher, catching
from tests.vault.house import CARE, House
from vault import notices, outgoing, passkeys, requests, trail
from vault.accounts import make as make_account
from vault.context import OPERATOR, SYSTEM
from vault.errors import ProofNeededError
from vault.holding import hold
from vault.housekeeping import keep_house
from vault.kinds import MailChoice, NoticeKind, Role
from vault.models import OutgoingMail
from vault.notices import NoticeView
from web.mailer import SmtpMailer

ADDRESS = "edith@example.org"


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    with catching() as made:
        yield made


def mailer(catcher: Catcher) -> SmtpMailer:
    return SmtpMailer(f"smtp://127.0.0.1:{catcher.port}", "vault@example.org", "https://vault.example.org")


def waiting(house: House) -> list[NoticeView]:
    with house.vault.reading(OPERATOR) as ctx:
        return notices.of_citizen(ctx, citizen_id=house.citizen_id)


def choose(house: House, mail: MailChoice) -> None:
    with house.vault.transaction(house.citizen) as ctx:
        notices.choose(ctx, citizen_id=house.citizen_id, mail=mail)


def in_the_queue(house: House) -> int:
    with house.vault.reading(OPERATOR) as ctx:
        return len(ctx.session.scalars(select(OutgoingMail.citizen_id)).all())


def events(house: House) -> list[str]:
    with house.vault.reading(OPERATOR) as ctx:
        return [line.event for line in trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=200)]


def test_no_mail_is_chosen_by_proof_and_calls_back_no_news_of_the_accounts_safety(house: House) -> None:
    thief = replace(house.citizen, can_prove=True)
    with house.vault.transaction(SYSTEM) as ctx:
        notices.tell(ctx, citizen_id=house.citizen_id, kind=NoticeKind.NEW_PASSKEY, about=uuid4())
    with pytest.raises(ProofNeededError), house.vault.transaction(thief) as ctx:
        notices.choose(ctx, citizen_id=house.citizen_id, mail=MailChoice.NONE)
    choose(house, MailChoice.NONE)
    assert in_the_queue(house) == 1


def test_a_request_is_told_once_and_reading_marks_it(house: House) -> None:
    house.ask()
    house.ask()
    assert [(each.kind, each.is_new) for each in waiting(house)] == [(NoticeKind.REQUEST_WAITS, True)]
    with house.vault.transaction(house.citizen) as ctx:
        shown = notices.of_citizen(ctx, citizen_id=house.citizen_id)
        notices.mark_read(ctx, citizen_id=house.citizen_id, shown=shown)
        assert notices.unread(ctx, citizen_id=house.citizen_id) == 0
    assert [each.is_new for each in waiting(house)] == [False]


def test_a_long_list_of_notices_goes_on_where_the_last_page_ended(house: House) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        for _turn in range(5):  # all of the same moment, where only the place tells them apart
            notices.tell(ctx, citizen_id=house.citizen_id, kind=NoticeKind.RECOVERY, about=uuid4())
    found, after = [], None
    with house.vault.reading(OPERATOR) as ctx:
        while page := notices.of_citizen(ctx, citizen_id=house.citizen_id, after=after, limit=2):
            found += page
            after = page[-1].place
        whole = notices.of_citizen(ctx, citizen_id=house.citizen_id)
        assert found == whole
        assert len(found) == 5
        for odd in ("", "x", f"recovery.{uuid4()}.{10**30}", "recovery.x.0", "recovery..0"):
            assert notices.of_citizen(ctx, citizen_id=house.citizen_id, after=odd) == whole, odd


def test_the_mail_names_nobody_and_nothing_and_goes_to_the_address_in_the_record(
    house: House, catcher: Catcher
) -> None:
    house.keep("contact", "k1", {"contact.email": ADDRESS})
    house.ask()
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 1
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 0
    [(to, message)] = catcher.caught
    assert to == [ADDRESS]
    words = f"{message['Subject']} {message.get_content()}"
    assert "Something waits for you" in words
    assert "https://vault.example.org/sign-in" in words
    assert not [name for name in ("Edith", "Home care", "Care at home", "medic") if name in words]
    assert {"contact:checked", "contact:used", "notice:mailed"} <= set(events(house))


@pytest.mark.parametrize("note", ["never write to me, he reads it", {"channels": ["email"], "note": "he reads it"}])
def test_where_contact_is_not_safe_there_is_no_mail_and_no_look_at_the_address(
    house: House, catcher: Catcher, note: object
) -> None:
    house.keep("contact", "k1", {"contact.email": ADDRESS})
    house.keep("contact", "k2", {"contact.not_safe": note})  # type: ignore[dict-item]
    house.ask()
    assert outgoing.send_due(house.vault, mailer(catcher)).dropped == 1
    assert catcher.caught == []
    assert "contact:used" not in events(house)
    assert [each.kind for each in waiting(house)] == [NoticeKind.REQUEST_WAITS]


def test_a_mail_that_was_not_taken_is_tried_again_later_and_later(house: House, catcher: Catcher) -> None:
    house.keep("contact", "k1", {"contact.email": ADDRESS})
    house.ask()
    catcher.refuses = True
    assert outgoing.send_due(house.vault, mailer(catcher)).failed == 1
    assert outgoing.send_due(house.vault, mailer(catcher)).failed == 0, "it waits"
    house.clock.ahead += timedelta(minutes=3)
    assert outgoing.send_due(house.vault, mailer(catcher)).failed == 1
    house.clock.ahead += timedelta(minutes=3)
    assert outgoing.send_due(house.vault, mailer(catcher)).failed == 0, "it waits longer"
    catcher.refuses = False
    house.clock.ahead += timedelta(minutes=3)
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 1
    assert len(catcher.caught) == 1


def test_a_mail_server_that_is_away_stops_nothing_and_after_some_tries_the_mail_is_let_go(house: House) -> None:
    house.keep("contact", "k1", {"contact.email": ADDRESS})
    house.ask()
    away = SmtpMailer("smtp://127.0.0.1:1", "vault@example.org", "https://vault.example.org")
    for _ in range(outgoing.MOST_TRIES):
        outgoing.send_due(house.vault, away)
        house.clock.ahead += timedelta(days=1)
    assert in_the_queue(house) == 0


def test_no_address_in_the_database_stands_in_clear(sqlite_house: House, catcher: Catcher) -> None:
    sqlite_house.keep("contact", "k1", {"contact.email": ADDRESS})
    sqlite_house.ask()
    catcher.refuses = True
    outgoing.send_due(sqlite_house.vault, mailer(catcher))
    with sqlite_house.vault.reading(OPERATOR) as ctx:
        sealed = ctx.session.scalars(select(OutgoingMail.sealed_address)).one()
    assert sealed is not None
    assert ADDRESS.encode() not in sealed


def test_once_a_day_waits_for_the_morning_but_news_about_safety_does_not(house: House, catcher: Catcher) -> None:
    house.keep("contact", "k1", {"contact.email": ADDRESS})
    choose(house, MailChoice.DAILY)
    house.ask()
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 0
    with house.vault.transaction(OPERATOR) as ctx:
        account = make_account(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id)
        passkeys.add(ctx, account_id=account.account_id, credential_id=b"c", public_key=b"k", sign_count=0)
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 1


def test_once_a_day_comes_the_next_morning(house: House, catcher: Catcher) -> None:
    house.keep("contact", "k1", {"contact.email": ADDRESS})
    choose(house, MailChoice.DAILY)
    house.ask()
    house.clock.ahead += timedelta(days=1)
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 1


def test_who_wants_no_mail_gets_news_of_the_accounts_safety_alone(house: House, catcher: Catcher) -> None:
    house.keep("contact", "k1", {"contact.email": ADDRESS})
    house.ask()
    choose(house, MailChoice.NONE)
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 0
    with house.vault.transaction(OPERATOR) as ctx:
        account = make_account(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id)
        passkeys.add(ctx, account_id=account.account_id, credential_id=b"c", public_key=b"k", sign_count=0)
    assert in_the_queue(house) == 1
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 1
    assert outgoing.send_due(house.vault, mailer(catcher)).sent == 0
    with house.vault.transaction(SYSTEM) as ctx:
        notices.tell(ctx, citizen_id=house.citizen_id, kind=NoticeKind.EMERGENCY, about=uuid4())
    assert in_the_queue(house) == 0
    kinds = {NoticeKind.REQUEST_WAITS, NoticeKind.NEW_PASSKEY, NoticeKind.EMERGENCY}
    assert {each.kind for each in waiting(house)} == kinds
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_who_has_no_e_mail_stands_in_the_list_of_letters_once(house: House, catcher: Catcher) -> None:
    house.keep("contact", "k1", {"contact.address": "14 Larch Close"})
    house.ask()
    assert outgoing.send_due(house.vault, mailer(catcher)).dropped == 1
    [letter] = outgoing.letters(house.vault)
    assert (letter.name, letter.address) == ("Edith Marlow", "14 Larch Close")
    assert outgoing.letters(house.vault) == []


def test_a_share_that_ends_within_a_week_is_told_once(house: House) -> None:
    house.grant()
    keep_house(house.vault)
    assert NoticeKind.SHARE_ENDS not in {each.kind for each in waiting(house)}
    house.clock.ahead = timedelta(days=85)
    keep_house(house.vault)
    keep_house(house.vault)
    assert [each.kind for each in waiting(house)].count(NoticeKind.SHARE_ENDS) == 1


def test_a_request_to_somebody_unknown_leaves_the_same_rows_and_no_mail(house: House, catcher: Catcher) -> None:
    with house.vault.transaction(house.service) as ctx:
        hint = requests.Hint.parse("ref:pas:nobody")
        fields = frozenset({"medication.name"})
        requests.ask(ctx, asked=requests.Ask(service_id=house.service_id, hint=hint, purpose=CARE, fields=fields))
    assert in_the_queue(house) == 1
    assert outgoing.send_due(house.vault, mailer(catcher)).dropped == 1
    assert (in_the_queue(house), catcher.caught) == (0, [])


def test_a_planted_mail_finds_no_address_but_the_persons_own(house: House, catcher: Catcher) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        for citizen_id in (uuid4(), house.citizen_id):
            planted = b"\x01" + bytes(3) + b"\x01" + b"mallory@example.org" * 5
            ctx.session.add(OutgoingMail(citizen_id=citizen_id, due_at=ctx.now, sealed_address=planted))
    assert outgoing.send_due(house.vault, mailer(catcher)).dropped == 2
    assert (catcher.caught, in_the_queue(house)) == ([], 0)


def test_two_who_tell_the_same_person_at_the_same_moment_both_succeed_and_make_one_mail(house: House) -> None:
    def tell(about: UUID) -> None:
        with house.vault.transaction(SYSTEM) as ctx:
            for each in (about, shared):
                notices.tell(ctx, citizen_id=house.citizen_id, kind=NoticeKind.REQUEST_WAITS, about=each)

    shared = uuid4()
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(tell, uuid4()) for _ in range(8)]:
            assert done.exception() is None
    assert len(waiting(house)) == 9
    assert in_the_queue(house) == 1


def test_a_mail_server_without_tls_elsewhere_gets_no_mail(
    house: House, catcher: Catcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.mailer.LOCAL_HOSTS", frozenset())
    house.keep("contact", "k1", {"contact.email": ADDRESS})
    house.ask()
    assert outgoing.send_due(house.vault, mailer(catcher)).failed == 1
    assert catcher.caught == []
