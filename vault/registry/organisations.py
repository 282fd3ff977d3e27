"""An organisation, new or by another name."""

from typing import Any, Final

from vault import services
from vault.context import Context
from vault.db import is_writing
from vault.errors import InvalidInputError, NotFoundError
from vault.models import Organisation
from vault.registry.handling import Content, Handling, Order, Standing, only, text_of
from vault.registry.services import NAME_MOST, slug_of

KINDS: Final = ("council", "nhs", "care-provider", "housing-association", "charity", "government")


def _checked(_ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    only(content, "name", "kind")
    slug_of(subject)
    if content["kind"] not in KINDS:
        raise InvalidInputError(f"kind: one of {', '.join(KINDS)}")
    return {"name": text_of(content, "name", most=NAME_MOST), "kind": content["kind"]}


def _row(ctx: Context, slug: str) -> Organisation | None:
    try:
        held = services.organisation(ctx, slug=slug)
    except NotFoundError:
        return None
    if is_writing(ctx.session):
        ctx.session.refresh(held, with_for_update=True)
    return held


def _standing(ctx: Context, subject: str, _content: Content) -> Standing:
    held = _row(ctx, subject)
    if held is None:
        return Standing(version=0, content={}, organisation_id=None)
    return Standing(version=held.version, content={"name": held.name, "kind": held.kind}, organisation_id=None)


def _apply(ctx: Context, order: Order) -> int:
    made = services.set_organisation(ctx, slug=order.subject, name=order.content["name"], kind=order.content["kind"])
    return made.version


ORGANISATION: Final = Handling(shared=True, checked=_checked, standing=_standing, apply=_apply)
