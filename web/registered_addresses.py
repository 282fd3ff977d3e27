"""Whether this server would ever call an address that somebody wants to register for a service."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vault.errors import InvalidInputError
from web.outgoing_http import AddressRefusedError, Network, OutgoingHttp

WEBHOOK: Final = "webhook_uri"


def check(content: Mapping[str, Any], networks: Sequence[Network]) -> None:
    """
    Refuse an address at which a service could never be told (`web.outgoing_http`).

    A name is not looked up: that is done anew with each call, since a name can come to mean something else.

    Raises:
        InvalidInputError: It is not https, or in a network that is neither public nor listed by the operator.
    """
    address = content.get(WEBHOOK)
    if address is None:
        return
    try:
        OutgoingHttp(tuple(networks)).check(address)
    except AddressRefusedError as error:
        raise InvalidInputError(f"{WEBHOOK}: {error}") from None
