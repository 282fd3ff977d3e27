"""Changes of services: a new one, its words, its keys, its purposes, suspended and let work again."""

import re
from collections.abc import Mapping
from typing import Any, Final

from vault import purposes, services
from vault.context import Context
from vault.crypto.public_keys import Found, faults, public_set
from vault.db import is_writing
from vault.errors import InvalidInputError, NotFoundError
from vault.kinds import ServiceStatus
from vault.models import Service
from vault.registry.handling import Content, Handling, Order, Standing, only, text_of

SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAME_MOST: Final = 100
WHAT_FOR_MOST: Final = 500
LGSL: Final = range(1, 10_000)
_WORDS: Final = ("name", "what_for", "lgsl")


def slug_of(subject: str) -> str:
    """
    *subject*, if it can be a client id or the short name of an organisation or purpose.

    Raises:
        InvalidInputError: It is none.
    """
    if not SLUG.fullmatch(subject):
        raise InvalidInputError("slug: use 1 to 63 small letters, digits and hyphens, beginning and ending with none")
    return subject


def check_keys(jwks: object) -> list[Found]:
    """Everything that is wrong with a key set; empty where it can be registered."""
    return faults(jwks)


def _keys(jwks: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever was sent
    found = check_keys(jwks)
    if found:
        raise InvalidInputError("; ".join(str(each) for each in found))
    return public_set(jwks)


def _row(ctx: Context, slug: str) -> Service | None:
    try:
        held = services.by_slug(ctx, slug=slug)
    except NotFoundError:
        return None
    if is_writing(ctx.session):
        ctx.session.refresh(held, with_for_update=True)
    return held


def there(ctx: Context, slug: str) -> Service:
    """
    The service with *slug*, its row locked where the session can write.

    Raises:
        NotFoundError: None is registered.
    """
    held = _row(ctx, slug)
    if held is None:
        raise NotFoundError(f"service `{slug}` is not registered")
    return held


def words_of(ctx: Context, held: Service) -> dict[str, Any]:
    """A service's name and what it is for."""
    detail = services.detail(ctx, service_id=held.service_id)
    return {"name": held.name, "what_for": detail.what_for, "lgsl": detail.lgsl}


def purposes_of(ctx: Context, held: Service) -> dict[str, Any]:
    """Which purposes a service may ask for, each with its version, and for which it may do without a person."""
    asked = purposes.of_service(ctx, service_id=held.service_id)
    return {
        "purposes": {each.slug: purposes.version_of(ctx, slug=each.slug) for each in asked},
        "batch": sorted(held.batch_purposes),
    }


def _checked_words(content: Content) -> dict[str, Any]:
    lgsl = content.get("lgsl")
    if lgsl is not None and (type(lgsl) is not int or lgsl not in LGSL):
        raise InvalidInputError("lgsl: a number from 1 to 9999, or none")
    return {
        "name": text_of(content, "name", most=NAME_MOST),
        "what_for": text_of(content, "what_for", most=WHAT_FOR_MOST),
        "lgsl": lgsl,
    }


def _checked_purposes(ctx: Context, content: Content) -> dict[str, Any]:
    chosen, batch = content["purposes"], content["batch"]
    if not isinstance(chosen, Mapping) or not isinstance(batch, list):
        raise InvalidInputError("purposes: name each with its version; batch: a list")
    for slug, version in chosen.items():
        if purposes.version_of(ctx, slug=slug) != version:
            raise InvalidInputError(f"purpose `{slug}` is no longer at version {version}; look at it again")
    allowed = {slug for slug in chosen if purposes.find(ctx, slug=slug).batch}
    if not set(batch) <= allowed:
        raise InvalidInputError("batch: only purposes chosen here that may be read without a named person")
    return {"purposes": dict(sorted(chosen.items())), "batch": sorted(batch)}


def _new(ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    only(content, "organisation", *_WORDS, "jwks", "purposes", "batch")
    slug_of(subject)
    services.organisation(ctx, slug=content["organisation"])
    if _row(ctx, subject) is not None:
        raise InvalidInputError(f"service `{subject}` is registered already")
    made = _checked_purposes(ctx, content)
    if not made["purposes"]:
        raise InvalidInputError("purposes: choose at least one")
    return {
        "organisation": content["organisation"],
        **_checked_words(content),
        "jwks": _keys(content["jwks"]),
        **made,
    }


def _new_standing(ctx: Context, subject: str, content: Content) -> Standing:
    owner = services.organisation(ctx, slug=content["organisation"])
    held = _row(ctx, subject)
    for slug, version in content["purposes"].items():
        if purposes.version_of(ctx, slug=slug) != version:
            return Standing(version=-1, content={}, organisation_id=owner.organisation_id)
    return Standing(version=held.version if held else 0, content={}, organisation_id=owner.organisation_id)


def _make(ctx: Context, order: Order) -> int:
    content = order.content
    made = services.make_service(
        ctx,
        organisation_id=services.organisation(ctx, slug=content["organisation"]).organisation_id,
        slug=order.subject,
        name=content["name"],
        jwks=content["jwks"],
        purposes=list(content["purposes"]),
        batch=content["batch"],
    )
    services.set_words(
        ctx, slug=order.subject, name=content["name"], what_for=content["what_for"], lgsl=content["lgsl"]
    )
    return made.version


def _standing(ctx: Context, subject: str, names: Content) -> Standing:
    """How a service stands, in the members that *names* has."""
    held = there(ctx, subject)
    whole = {"jwks": held.jwks, "status": str(held.status)}
    if "name" in names:
        whole |= words_of(ctx, held)
    if "purposes" in names:
        whole |= purposes_of(ctx, held)
    return Standing(
        version=held.version,
        content={name: whole[name] for name in names},
        organisation_id=held.organisation_id,
    )


def _words(ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    only(content, *_WORDS)
    there(ctx, subject)
    return _checked_words(content)


def _set_words(ctx: Context, order: Order) -> int:
    content = order.content
    return services.set_words(
        ctx, slug=order.subject, name=content["name"], what_for=content["what_for"], lgsl=content["lgsl"]
    )


def _key_set(ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    only(content, "jwks")
    there(ctx, subject)
    return {"jwks": _keys(content["jwks"])}


def _set_keys(ctx: Context, order: Order) -> int:
    services.change_keys(ctx, slug=order.subject, jwks=order.content["jwks"])
    return services.by_slug(ctx, slug=order.subject).version


def _chosen(ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    only(content, "purposes", "batch")
    there(ctx, subject)
    return _checked_purposes(ctx, content)


def _set_purposes(ctx: Context, order: Order) -> int:
    return services.set_purposes(
        ctx, slug=order.subject, purposes=list(order.content["purposes"]), batch=order.content["batch"]
    )


def _status(wanted: ServiceStatus) -> Handling:
    def checked(ctx: Context, subject: str, _content: Content) -> dict[str, Any]:
        there(ctx, subject)
        return {"status": str(wanted)}

    def apply(ctx: Context, order: Order) -> int:
        services.set_status(ctx, slug=order.subject, status=wanted)
        return services.by_slug(ctx, slug=order.subject).version

    return Handling(shared=False, checked=checked, standing=_standing, apply=apply)


SERVICE: Final = Handling(shared=True, checked=_new, standing=_new_standing, apply=_make)
WORDS: Final = Handling(shared=False, checked=_words, standing=_standing, apply=_set_words)
KEYS: Final = Handling(shared=False, checked=_key_set, standing=_standing, apply=_set_keys)
PURPOSES: Final = Handling(shared=True, checked=_chosen, standing=_standing, apply=_set_purposes)
SUSPENDED: Final = _status(ServiceStatus.SUSPENDED)
RESUMED: Final = _status(ServiceStatus.ACTIVE)
