"""Family in the portal: letting somebody in, what they see, stopping them, and what strangers get."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from tests.portal_world import Portal, submit, token_in
from tests.web.pages.test_closed import address, pages
from vault import authorities, citizens, legal_authorities
from vault.authorities import AuthorityView
from vault.clock import utc_now
from vault.context import OPERATOR
from vault.kinds import AuthorityKind, CitizenStatus, Role
from vault.legal_authorities import Evidence
from web.auth import ROLE_OF
from web.cli.root import root

UNTIL = (utc_now() + timedelta(days=110)).replace(day=14)  # there is such a day in every month
ANSWERS = {
    "name": "Gwen",
    "relationship": "daughter",
    "see": ["care_visit", "care_plan"],
    "until-day": UNTIL.day,
    "until-month": UNTIL.month,
    "until-year": UNTIL.year,
}


def link_for(portal: Portal, **changed: object) -> str:
    """Let Edith invite somebody; the path of the link that she is shown."""
    client = portal.client("edith")
    checked = submit(client, "/family/add", {**ANSWERS, **changed})
    assert "Check your answers" in checked.text
    made = client.post("/family/add/check", data={"csrf_token": token_in(checked), **ANSWERS, **changed})
    found = re.search(r"http://localhost(/join/[\w-]+)", made.text)
    assert found, made.text
    return found[1]


def gwen(portal: Portal) -> FlaskClient:
    """A browser in which Gwen has accepted."""
    client = portal.client()
    assert submit(client, link_for(portal), {}).location == "/for"
    return client


def held(portal: Portal) -> AuthorityView:
    with portal.vault.reading(OPERATOR) as ctx:
        return authorities.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]


def test_a_relative_who_was_let_in_sees_the_visits_and_the_plan_and_edith_sees_that_she_looked(portal: Portal) -> None:
    client = gwen(portal)
    home = client.get("/for").text
    assert "Edie" in home
    shown = client.get(f"/for/{held(portal).authority_id}").text
    assert "Your care visits" in shown
    assert not re.search(r"Apixaban|key safe|[Pp]enicillin", shown)
    mine = portal.client("edith")
    assert "Gwen, your daughter" in mine.get("/activity").text
    assert "Gwen, your daughter, can now see some of your data for you" in mine.get("/messages").text


def test_stopping_works_at_once_and_letting_look_again_too(portal: Portal) -> None:
    client, mine = gwen(portal), portal.client("edith")
    look = f"/for/{held(portal).authority_id}"
    here = f"/family/{held(portal).authority_id}"
    assert submit(mine, f"{here}/freeze", {}, form_at="/family").location == "/family"
    answer = client.get(look)
    assert answer.status_code == 403
    assert "You cannot look now" in answer.text
    assert "Stopped for now" in mine.get("/family").text
    submit(mine, f"{here}/unfreeze", {}, form_at="/family")
    assert client.get(look).status_code == 200
    assert submit(mine, f"{here}/remove", {}).location == "/family"
    assert client.get(look).status_code == 403
    assert "Removed" in mine.get("/family").text


def test_edith_sees_every_value_that_gwen_sees_and_no_other(portal: Portal) -> None:
    client = gwen(portal)
    hers = client.get(f"/for/{held(portal).authority_id}").text
    mine = portal.client("edith").get(f"/family/{held(portal).authority_id}/preview").text
    values = re.compile(r'<dd class="govuk-summary-list__value">.*?</dd>', re.DOTALL)
    assert values.findall(hers) == values.findall(mine) != []
    assert "What they want to achieve" in hers  # each is spoken to in their own words
    assert "What you want to achieve" in mine


def test_a_link_names_nobody_and_once_taken_by_somebody_with_a_passkey_is_gone(portal: Portal) -> None:
    from tests.keys import give_passkey  # noqa: PLC0415 -- above it would bring its fixtures

    path = link_for(portal)
    asked = portal.client().get(path).text
    assert not re.search(r"Edith|Edie|Hargreaves|Gwen", asked)
    submit(portal.client(), path, {})
    account = held(portal).holder_account_id
    assert account is not None
    give_passkey(portal.vault, account)
    assert portal.client().get(path).status_code == 410
    assert portal.client().get("/join/" + "A" * 43).status_code == 410


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "Enter the person’s name"),
        ({"name": "x" * 81}, "80 characters or fewer"),
        ({"relationship": ""}, "Enter who they are to you"),
        ({"see": []}, "Choose at least one thing"),
        ({"see": ["home_access"]}, "Choose at least one thing"),
        ({"until-month": "13"}, "Enter a real date"),
        ({"until-year": "2020"}, "Enter a date after today"),
        ({"until-year": "2099"}, "at most a year"),
    ],
)
def test_a_wrong_answer_says_what_to_do_and_keeps_the_others(
    portal: Portal, changed: dict[str, object], words: str
) -> None:
    answer = submit(portal.client("edith"), "/family/add", {**ANSWERS, **changed})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="daughter"' in answer.text or "relationship" in changed


def test_ids_of_others_are_answered_as_ids_that_do_not_exist(portal: Portal) -> None:
    gwen(portal)
    other = portal.client("priya")
    for path in ("/family/{}/preview", "/family/{}/remove"):
        answers = [other.get(path.format(each)) for each in (held(portal).authority_id, uuid4())]
        assert {each.status_code for each in answers} == {404}
        plain = [re.sub(r'[0-9a-f-]{36}|value="[^"]+"', "", each.text) for each in answers]
        assert plain[0] == plain[1]
    for path in ("/family/{}/freeze", "/family/{}/unfreeze", "/family/{}/remove"):
        for each in (held(portal).authority_id, uuid4()):
            assert submit(other, path.format(each), {}, form_at="/family").status_code == 404
    assert portal.client("carer").get(f"/for/{held(portal).authority_id}").status_code == 403


def test_a_delegate_is_kept_to_their_own_pages(portal: Portal) -> None:
    client = gwen(portal)
    portal.app.config["WTF_CSRF_ENABLED"] = False
    tried = 0
    for rule in pages(portal):
        if ROLE_OF.get(rule.endpoint.partition(".")[0], Role.DELEGATE) is not Role.DELEGATE:
            for method in (rule.methods or set()) & {"GET", "POST"}:
                assert client.open(address(rule), method=method).status_code == 403, rule
                tried += 1
    assert tried > 50
    assert client.get(f"/for/{uuid4()}").status_code == 404


def test_a_young_person_sees_which_parent_may_look_and_that_it_was_looked_at(portal: Portal) -> None:
    edith, officer = portal.citizen("edith"), portal.account("carer")
    evidence = Evidence(name="Sam", relationship="father", citizen_name="Edie", shown="birth", seen_by=(officer,))
    with portal.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=edith, status=CitizenStatus.YOUNG_PERSON)
        legal_authorities.enter(
            ctx, citizen_id=edith, kind=AuthorityKind.PARENTAL_RESPONSIBILITY, evidence=evidence, until=None
        )
    shown = portal.client("edith").get("/family").text
    assert "Until you are 18" in shown
    assert "Sam, father" in shown
    assert "They have parental responsibility for you" in shown
    assert "1 member of staff saw it" in shown


def test_the_command_line_enters_an_attorney_and_shows_no_name(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITIZEN_VAULT_HOME", str(portal.config.home))
    edith, (first, second) = portal.citizen("edith"), (portal.account("carer"), portal.account("administrator"))
    words = ["authority", "add", str(edith), "--kind", "attorney", "--name", "Sam", "--relationship", "son"]
    more = ["--citizen-name", "Edie", "--evidence", "LPA 7000", "--seen-by", str(first)]
    alone = CliRunner().invoke(root, [*words, *more])
    assert "different people" in str(alone.exception)
    done = CliRunner().invoke(root, [*words, *more, "--seen-by", str(second)])
    assert re.search(r"/join/[\w-]{43}\n$", done.output), done.output
    listed = CliRunner().invoke(root, ["authority", "list", str(edith)])
    assert "attorney" in listed.output
    assert "Sam" not in listed.output
    shown = portal.client("edith").get("/family").text
    assert "You gave them a power of attorney" in shown
    assert "2 members of staff saw it" in shown
