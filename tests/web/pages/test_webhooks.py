"""An administrator registers where a service is told, tries it, and reads in plain words what could not be told."""

from werkzeug.test import TestResponse

from tests.portal_world import Portal, submit
from vault import services, webhooks
from vault.context import OPERATOR
from vault.services import Addresses
from vault.webhooks import DeliveryFault, Failed, Outgoing

SHEET = "/admin/services/home-care"
EVENTS = f"{SHEET}/events"


class Refusing:
    """A service that answers every call with an error."""

    def bring(self, event: Outgoing) -> Failed | None:
        del event
        return Failed(DeliveryFault.STATUS, 503)


def _ask(portal: Portal, address: str) -> TestResponse:
    given = {"redirect_uris": "", "jwks_uri": "", "notification_endpoint": "", "webhook_uri": address}
    return submit(portal.client("administrator"), f"{SHEET}/addresses", {**given, "because": ""})


def test_an_address_inside_a_private_network_cannot_be_registered(portal: Portal) -> None:
    for address in (
        "https://10.0.0.1/told",
        "https://127.0.0.1/",
        "https://localhost/told",
        "http://care.example.org/",
    ):
        assert "Enter a public address that begins with https://" in _ask(portal, address).text
    with portal.vault.reading(OPERATOR) as ctx:
        held = services.by_slug(ctx, slug="home-care")
        assert services.addresses(ctx, service_id=held.service_id).webhook_uri is None


def test_a_public_one_waits_for_a_second_person(portal: Portal) -> None:
    answer = _ask(portal, "https://care.example.org/told")
    assert answer.status_code == 303
    page = portal.client("administrator").get(answer.location).text
    assert "Where it is told that shares changed" in page
    assert "https://care.example.org/told" in page


def test_what_was_tried_and_why_it_failed_stands_in_plain_words(portal: Portal) -> None:
    client = portal.client("administrator")
    empty = client.get(EVENTS).text
    assert "so it is told nothing" in empty
    assert "Send a test" not in empty
    with portal.vault.transaction(OPERATOR) as ctx:
        services.set_addresses(ctx, slug="home-care", given=Addresses(webhook_uri="https://care.example.org/told"))
        service_id = services.by_slug(ctx, slug="home-care").service_id
    assert submit(client, f"{EVENTS}/test", {}, form_at=EVENTS).status_code == 303
    assert "Waiting" in client.get(EVENTS).text
    webhooks.deliver(portal.vault, Refusing(), service_id=service_id)
    page = client.get(EVENTS).text
    assert "It answered with an error. It said 503." in page
    assert "Tried 1 time." in page


def test_only_administrators_see_it(portal: Portal) -> None:
    for slug in ("edith", "carer", "auditor"):
        assert portal.client(slug).get(EVENTS).status_code in {403, 404}
    assert portal.client("administrator").get(f"{EVENTS}?after=nonsense").status_code == 200
