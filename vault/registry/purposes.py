"""A purpose, new or in a new version."""

from typing import Any, Final

from vault import purposes
from vault.context import Context
from vault.db import is_writing
from vault.errors import InvalidInputError
from vault.lawful import BASES, CONDITIONS
from vault.models import Purpose
from vault.purposes import Definition
from vault.registry.handling import Content, Handling, Order, Standing
from vault.registry.services import slug_of

WORDS_MOST: Final = 500
_SHORT: Final = ("name", "why", "without", "agreement", "dpia", "receiver_keeps")


def _checked(_ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    given = Definition.parse({**content, "slug": slug_of(subject)})
    for name in _SHORT:
        said = getattr(given, name)
        if not said.strip() or len(said) > WORDS_MOST:
            raise InvalidInputError(f"{name}: write 1 to {WORDS_MOST} characters")
    if given.basis not in BASES:
        raise InvalidInputError(f"basis: one of {', '.join(BASES)}")
    if given.condition is not None and given.condition not in CONDITIONS:
        raise InvalidInputError(f"condition: one of {', '.join(CONDITIONS)}, or none")
    if not given.controllers or not all(each.strip() for each in given.controllers):
        raise InvalidInputError("controllers: name at least one")
    if given.most and not given.emergency and (given.max_days < 1 or given.max_uses < 1):
        raise InvalidInputError("max_days and max_uses: at least 1 where fields may be asked for")
    return given.as_json()


def _standing(ctx: Context, subject: str, _content: Content) -> Standing:
    held = ctx.session.get(Purpose, subject, with_for_update=True if is_writing(ctx.session) else None)
    if held is None:
        return Standing(version=0, content={}, organisation_id=None)
    return Standing(version=held.version, content=dict(held.definition), organisation_id=None)


def _apply(ctx: Context, order: Order) -> int:
    purposes.register(ctx, definition=Definition.parse(order.content), first=order.first, second=order.second)
    return purposes.version_of(ctx, slug=order.subject)


PURPOSE: Final = Handling(shared=True, checked=_checked, standing=_standing, apply=_apply)
