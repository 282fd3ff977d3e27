import re

from tests.portal_world import Portal, submit, token_in


def test_each_item_says_where_it_came_from(portal: Portal) -> None:
    page = portal.client("edith").get("/record/medication").text
    assert "Paracetamol" in page
    assert "From Ferndale General Hospital, its system" in page
    assert "It came in on" in page


def test_an_item_is_headed_by_what_it_is_about_and_says_that_first(portal: Portal) -> None:
    page = portal.client("edith").get("/record/care_needs").text
    titles = [title.strip() for title in re.findall(r'card__title">([^<]+)</h2>', page)]
    assert {"Washing and dressing", "Risks to you or to others"} <= set(titles)
    washing = page.partition("What: Washing and dressing")
    assert washing[2].index("More about it: Help with shower") < washing[2].index("</dd>")


def test_the_overview_counts_and_opens_nothing(portal: Portal) -> None:
    page = portal.client("edith").get("/record").text
    assert re.search(r"\d+ things? · from", page)
    assert "Paracetamol" not in page


def test_the_overview_says_how_many_services_can_see_some_of_a_category(portal: Portal) -> None:
    page = portal.client("edith").get("/record").text
    reached = re.search(r'href="/record/contact">.*?</li>', page, re.DOTALL)
    assert reached is not None
    assert "2 services can see some of it" in reached[0]
    medicines = re.search(r'href="/record/medication">.*?</li>', page, re.DOTALL)
    assert medicines is not None
    assert "can see some of it" not in medicines[0]


def test_a_hidden_value_is_shown_once_after_asking_and_hidden_again_on_reload(portal: Portal) -> None:
    client = portal.client("edith")
    page = client.get("/record/home_access").text
    (show, field), *_ = re.findall(
        r'action="(/record/home_access/[^"]+/show)".*?name="field" value="([^"]+)"', page, re.DOTALL
    )
    answer = client.post(show, data={"csrf_token": token_in(page), "field": field})
    shown = client.get(answer.location)
    assert shown.status_code == 200
    value = re.search(r'vault-revealed">([^<]+)<', shown.text)
    assert value is not None
    assert value[1] not in page
    assert client.get(answer.location).status_code == 303


def test_a_reveal_that_was_not_asked_for_shows_nothing(portal: Portal) -> None:
    client = portal.client("edith")
    page = client.get("/record/home_access").text
    shown_at = re.findall(r'action="(/record/home_access/[^"]+)/show"', page)[0] + "/shown"
    assert client.get(shown_at).status_code == 303


def test_only_a_field_of_the_category_can_be_asked_for(portal: Portal) -> None:
    client = portal.client("edith")
    page = client.get("/record/home_access").text
    show = re.findall(r'action="(/record/home_access/[^"]+/show)"', page)[0]
    assert submit(client, show, {"field": "benefits.ni_number"}, form_at="/record/home_access").status_code == 404


def test_the_header_says_who_is_signed_in(portal: Portal) -> None:
    assert "You are signed in as Ed" in portal.client("edith").get("/home").text
    assert "You are signed in as Aisha" in portal.client("carer").get("/officer").text
