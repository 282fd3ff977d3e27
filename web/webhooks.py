"""Bringing events to services over HTTP: a small JSON body without a name in it, signed for whoever receives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Any, Final

import orjson

from vault.context import Vault
from vault.ids import pairwise
from vault.webhooks import DeliveryFault, Failed, Outgoing
from web.message_signatures import ALGORITHM, content_digest, signed
from web.outgoing_http import AddressRefusedError, NoAnswerError, OutgoingHttp

MOST: Final = 4096  # bytes of an answer that nobody reads
GOOD_FOR: Final = 300  # seconds: a signature's life
TAG: Final = "citizen-vault-webhook"
"""Says what the signature is for (RFC 9421, section 2.3): what is signed for a webhook counts nowhere else."""
_TAKEN: Final = range(200, 300)
_FAULTS: Final = {
    "SSLError": DeliveryFault.CERTIFICATE,
    "the name has no address": DeliveryFault.NO_NAME,
    "the answer is too long": DeliveryFault.TOO_LONG,
    "the answer took too long": DeliveryFault.TOO_SLOW,
    "ReadTimeoutError": DeliveryFault.TOO_SLOW,
    "ConnectTimeoutError": DeliveryFault.TOO_SLOW,
}


@dataclass(frozen=True, slots=True)
class HttpCourier:
    """Brings events through *outgoing*, in the name of *issuer*."""

    vault: Vault
    issuer: str
    outgoing: OutgoingHttp

    def bring(self, event: Outgoing) -> Failed | None:
        """Bring *event*, signed afresh with each try; return why it was not taken, nothing where it was."""
        body = orjson.dumps(self.said(event))
        headers = {"Content-Type": "application/json", "Content-Digest": content_digest(body)}
        headers |= self._signature(event.endpoint, headers)
        try:
            answer = self.outgoing.call("POST", event.endpoint, headers=headers, body=body, most=MOST)
        except AddressRefusedError:
            return Failed(DeliveryFault.ADDRESS_REFUSED)
        except NoAnswerError as error:
            return Failed(_FAULTS.get(str(error), DeliveryFault.NO_ANSWER))
        if answer.status in _TAKEN:
            return None
        fault = DeliveryFault.GONE if answer.status == HTTPStatus.GONE else DeliveryFault.STATUS
        return Failed(fault, answer.status)

    def said(self, event: Outgoing) -> dict[str, Any]:
        """What the service reads: the same with every try."""
        about = (
            {"grant_id": pairwise(self.vault.keyring.derived("pairwise"), event.service_id, event.grant_id)}
            if event.grant_id
            else {}
        )
        return {
            "id": str(event.delivery_id),
            "event": str(event.event),
            "at": event.occurred_at.isoformat(timespec="seconds"),
            "iss": self.issuer,
            "aud": event.slug,
            **about,
        }

    def _signature(self, address: str, headers: Mapping[str, str]) -> dict[str, str]:
        from web.api import issuer_key  # noqa: PLC0415 -- the API describes webhooks, and so imports this module first

        created = int(self.vault.clock().timestamp())
        kid, sign = issuer_key.signer(self.vault)
        components = {
            "@method": "POST",
            "@target-uri": address,
            "content-type": headers["Content-Type"],
            "content-digest": headers["Content-Digest"],
        }
        given: dict[str, str | int] = {
            "created": created,
            "expires": created + GOOD_FOR,
            "nonce": token_urlsafe(16),
            "keyid": kid,
            "alg": ALGORITHM,
            "tag": TAG,
        }
        return signed(components, given, sign)
