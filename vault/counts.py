"""What a record holds by numbers: how many items of each category, from whom; nothing is opened for it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from vault.catalogue import CATALOGUE
from vault.context import Context
from vault.models import HeldBack, Record
from vault.others import OWN_WORDS, is_all_gone


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCount:
    """What is held of one category, by numbers: nothing of the content."""

    category: str
    items: int
    newest_received_at: datetime
    organisation_ids: frozenset[UUID]


def of_citizen(ctx: Context, *, citizen_id: UUID, as_shown: bool = False) -> list[CategoryCount]:
    """
    How many items of each category a citizen has, in the catalogue's order; what is held back does not count.

    Args:
        ctx: The vault, now.
        citizen_id: Whose.
        as_shown: Leave categories out that are wholly about others, save what the citizen wrote there themselves.
    """
    others = [each.name for each in CATALOGUE.categories if as_shown and is_all_gone(each.name)]
    rows = ctx.session.execute(
        select(Record.category, Record.organisation_id, func.count(), func.max(Record.received_at))
        .outerjoin(HeldBack, and_(HeldBack.citizen_id == Record.citizen_id, HeldBack.record_id == Record.record_id))
        .where(Record.citizen_id == citizen_id, or_(HeldBack.until.is_(None), HeldBack.until <= ctx.now))
        .where(or_(Record.category.not_in(others), Record.source_system == OWN_WORDS))
        .group_by(Record.category, Record.organisation_id)
    ).all()
    found: dict[str, list[tuple[UUID, int, datetime]]] = {}
    for category, organisation_id, number, newest in rows:
        found.setdefault(category, []).append((organisation_id, number, newest))
    return [
        CategoryCount(
            category=category.name,
            items=sum(number for _, number, _ in found[category.name]),
            newest_received_at=max(newest for _, _, newest in found[category.name]),
            organisation_ids=frozenset(organisation_id for organisation_id, _, _ in found[category.name]),
        )
        for category in CATALOGUE.categories
        if category.name in found
    ]
