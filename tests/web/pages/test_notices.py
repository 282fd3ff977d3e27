"""Messages in the portal."""

import re
from uuid import uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from tests.portal_world import Portal, submit
from vault import notices
from vault.context import OPERATOR, SYSTEM
from vault.kinds import MailChoice, NoticeKind
from vault.models import OutgoingMail
from web.cli.root import root
from web.pages.notices import ABOUT


def test_home_counts_what_is_new_and_reading_it_marks_it(portal: Portal) -> None:
    client = portal.client("edith")
    assert "new message" in client.get("/home").text
    shown = client.get("/messages").text
    assert "Home care asks to see some of your data" in shown
    assert "Decide what to share" in shown
    assert "New</strong>" in shown.replace("\n", "").replace("  ", "")
    assert "Nothing new" in client.get("/home").text
    assert "New</strong>" not in client.get("/messages").text.replace("\n", "").replace("  ", "")


def test_a_message_says_what_came_of_it_once_nothing_waits_any_more(portal: Portal) -> None:
    client, asked = portal.client("edith"), portal.waiting("edith").request_id
    submit(client, f"/requests/{asked}", {"share": "none"})
    submit(client, f"/requests/{asked}/check", {})
    shown = client.get("/messages").text
    assert "Home care asked to see some of your data. You shared nothing." in shown
    assert f'href="/requests/{asked}/receipt"' in shown
    assert "Decide what to share" not in shown


def test_messages_go_on_to_an_older_page_until_the_end(portal: Portal) -> None:
    client = portal.client("edith")
    with portal.vault.transaction(SYSTEM) as ctx:
        for _turn in range(30):
            notices.tell(ctx, citizen_id=portal.citizen("edith"), kind=NoticeKind.RECOVERY, about=uuid4())
    first = client.get("/messages").text
    older = re.findall(r'href="(/messages\?after=[^"]+)"', first)
    assert first.count('class="vault-line"') == 25
    second = client.get(older[0].replace("&amp;", "&")).text
    assert second.count('class="vault-line"') > 0
    assert "after=" not in second.partition("<main")[2]


def test_a_choice_is_kept_and_shown(portal: Portal) -> None:
    client = portal.client("edith")
    assert submit(client, "/messages/e-mail", {"mail": "daily"}).location == "/messages"
    assert "once a day" in client.get("/messages").text
    with portal.vault.reading(OPERATOR) as ctx:
        assert notices.choice(ctx, citizen_id=portal.citizen("edith")) is MailChoice.DAILY
        assert notices.choice(ctx, citizen_id=portal.citizen("priya")) is MailChoice.AT_ONCE


def test_a_choice_that_is_none_says_what_to_do(portal: Portal) -> None:
    answer = submit(portal.client("edith"), "/messages/e-mail", {"mail": "always"})
    assert answer.status_code == 422
    assert "Choose when we may send you an e-mail" in answer.text


def test_somebody_without_messages_is_told_so(portal: Portal) -> None:
    with portal.vault.reading(OPERATOR) as ctx:
        without = [
            slug for slug, found in portal.note.citizens.items() if not notices.of_citizen(ctx, citizen_id=found)
        ]
    slug = next(slug for slug in without if slug in portal.note.accounts)
    assert "There are no messages for you" in portal.client(slug).get("/messages").text


def test_the_list_of_letters_names_each_person_once(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITIZEN_VAULT_HOME", str(portal.config.home))
    citizen_id = portal.citizen("edith")
    with portal.vault.transaction(SYSTEM) as ctx:
        ctx.session.execute(update(OutgoingMail).where(OutgoingMail.citizen_id == citizen_id).values(by_letter=True))
    listed = CliRunner().invoke(root, ["citizen", "letters"])
    assert "Hargreaves" in listed.output
    assert "14 Larch Close" in listed.output
    assert CliRunner().invoke(root, ["citizen", "letters"]).output == "nobody waits for a letter\n"


def test_messages_are_narrowed_to_what_they_are_about(portal: Portal) -> None:
    client = portal.client("edith")
    assert "asks to see some of your data" in client.get("/messages?about=sharing").text
    family = client.get("/messages?about=family").text
    assert "asks to see some of your data" not in family
    assert '<option value="family" selected>' in family
    assert "There are no messages about this" in client.get("/messages?about=emergencies").text
    assert "asks to see some of your data" in client.get("/messages?about=no-such-thing").text


def test_every_kind_of_message_can_be_narrowed_to() -> None:
    assert {kind for _words, kinds in ABOUT.values() for kind in kinds} == set(NoticeKind)


def test_family_messages_and_the_download_are_found_from_every_page_and_home_says_what_is_left_to_set_up(
    portal: Portal,
) -> None:
    client = portal.client("edith")
    for path in ("/record", "/sharing", "/security", "/contact"):
        page = client.get(path).text
        assert all(f'href="{one}"' in page for one in ("/family", "/messages", "/download")), path
        assert 'href="tel:01632960100"' in page
    assert "Set up your account" in client.get("/home").text
