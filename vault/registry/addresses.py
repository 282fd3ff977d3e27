"""Where a service is met: where people are sent back to, where its keys are fetched, where it is told of news."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from vault import services
from vault.context import Context
from vault.errors import InvalidInputError
from vault.registry.handling import Content, Handling, Order, Standing, only
from vault.registry.services import there
from vault.services import Addresses

MOST: Final = 10
"""Addresses to go back to."""
LONGEST: Final = 500  # characters
_OPTIONAL: Final = ("jwks_uri", "notification_endpoint", "webhook_uri")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def sound_address(name: str, given: object) -> str:
    """
    *given*, if people can be sent there, or this server may call it by its form.

    Raises:
        InvalidInputError: It is not https (http to the caller's own machine, for those who develop), is too long, has
            no host, or carries a name, a password, a fragment or anything that is not plain.
    """
    fault = InvalidInputError(f"{name}: an address that begins with https:// and has no # and no name in it")
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST or not given.isascii() or not given.isprintable():
        raise fault
    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError:
        raise fault from None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    if not is_safe or not parts.hostname or parts.username is not None or "#" in given or set(given) & set(' "<>\\*'):
        raise fault
    return given


def content_of(held: Addresses) -> dict[str, Any]:
    """*held* in the shape of a change's content."""
    return {
        "redirect_uris": sorted(held.redirect_uris),
        "jwks_uri": held.jwks_uri,
        "notification_endpoint": held.notification_endpoint,
        "webhook_uri": held.webhook_uri,
    }


def _checked(ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    only(content, "redirect_uris", *_OPTIONAL)
    there(ctx, subject)
    back = content["redirect_uris"]
    if not isinstance(back, Sequence) or isinstance(back, str) or len(back) > MOST or len(set(back)) != len(back):
        raise InvalidInputError(f"redirect_uris: a list of at most {MOST} addresses, each once")
    return {
        "redirect_uris": sorted(sound_address("redirect_uris", each) for each in back),
        **{name: _optional(name, content[name]) for name in _OPTIONAL},
    }


def _optional(name: str, given: object) -> str | None:
    return None if given is None else sound_address(name, given)


def _standing(ctx: Context, subject: str, _content: Content) -> Standing:
    held = there(ctx, subject)
    found = services.addresses(ctx, service_id=held.service_id)
    return Standing(version=held.version, content=content_of(found), organisation_id=held.organisation_id)


def _apply(ctx: Context, order: Order) -> int:
    content = order.content
    given = Addresses(tuple(content["redirect_uris"]), *(content.get(name) for name in _OPTIONAL))
    return services.set_addresses(ctx, slug=order.subject, given=given)


ADDRESSES: Final = Handling(shared=False, checked=_checked, standing=_standing, apply=_apply)
