"""The unmatched tray.

Items about a person nobody could name for sure, sealed under the house key for a team to sort out.
"""

import base64
import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy import select

from vault.confidential import close_for_house
from vault.context import Context
from vault.ids import new_id
from vault.models import UnmatchedItem
from vault.records import NewItem, Outcome, source_key_of

DAYS = 30
TEAM = "records"


def _document(item: NewItem) -> dict[str, dict[str, str]]:
    """The file that came with an item, whole, to be kept as its document once somebody knows whose it is."""
    if item.content is None:
        return {}
    data = base64.b64encode(item.content.body).decode()
    return {"document": {"type": item.content.media_type, "data": data}}


def put(ctx: Context, *, item: NewItem, run_id: UUID) -> Outcome:
    """Put an item on the tray, or leave it where it lies already. The caller notes it."""
    source_key = source_key_of(ctx, item.source)
    words = {"category": item.category, "fields": dict(item.fields), "type": item.source.type, **_document(item)}
    digest = hmac.new(
        ctx.keyring.derived("content-digest"), orjson.dumps(words, option=orjson.OPT_SORT_KEYS), hashlib.sha256
    ).digest()
    held = ctx.session.scalars(select(UnmatchedItem).where(UnmatchedItem.source_key == source_key)).one_or_none()
    if held is not None and hmac.compare_digest(held.content_digest, digest):
        return "same"
    if held is not None:
        held.content_digest, held.sealed = (
            digest,
            close_for_house(ctx, what="unmatched", row_id=held.item_id, words=words),
        )
        held.received_at = ctx.now
        held.version += 1
        return "changed"
    item_id = new_id()
    ctx.session.add(
        UnmatchedItem(
            item_id=item_id,
            organisation_id=item.source.organisation_id,
            source_system=item.source.system,
            source_key=source_key,
            content_digest=digest,
            sealed=close_for_house(ctx, what="unmatched", row_id=item_id, words=words),
            team=TEAM,
            received_at=ctx.now,
            dispose_after=ctx.now + timedelta(days=DAYS),
            run_id=run_id,
        )
    )
    return "new"
