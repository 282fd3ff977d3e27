"""Documents on pages: a resident downloads their own after proving who they are, an officer one that is shared.

The page before it opens nothing but the item; the button opens the file, and that is an entry of its own.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from vault import access
from vault.documents import Opened
from vault.errors import NotFoundError
from vault.release import RecordView, Refusal, Release
from web import proving, ranges
from web.api.documents import entered
from web.auth import me
from web.limits import limiter
from web.pages.common import own, refused
from web.pages.looking import grant_of
from web.pages.record import title_of
from web.runtime import runtime

own_bp: Final = Blueprint("papers", __name__, url_prefix="/record/document/<uuid:record_id>/file")
shared_bp: Final = Blueprint("shared_papers", __name__, url_prefix="/officer/shared/<uuid:grant_id>/file")
BLUEPRINTS: Final = (own_bp, shared_bp)

FILES: Final = "20 per minute"
_NAME: Final = "document"


@own_bp.get("")
@proving.first
def before(record_id: UUID) -> ResponseReturnValue:
    """What the file is, from whom, and that whoever has it can read it."""
    opened = own({"document"})
    if isinstance(opened, Refusal):
        return refused(opened)
    item = _with_document(opened.records, record_id)
    return render_template("papers/before.html", item=item, title=title_of(item))


def _with_document(records: tuple[RecordView, ...], record_id: UUID) -> RecordView:
    for record in records:
        if record.record_id == record_id and record.document is not None:
            return record
    raise NotFoundError("there is no such document")


@own_bp.post("")
@limiter.limit(FILES)
@proving.first
def take(record_id: UUID) -> ResponseReturnValue:
    """Hand the file over with this very answer; the log says that it was taken."""
    person = me()
    return _handed_over(
        lambda: access.open_own(runtime().vault, actor=person.actor, citizen_id=person.citizen_id, record_id=record_id),
        staff=False,
    )


@shared_bp.post("/<uuid:record_id>")
@limiter.limit(FILES)
def look(grant_id: UUID, record_id: UUID) -> ResponseReturnValue:
    """Hand over a file that is shared with the officer's service; each time is a look, shown to its person."""
    grant_of(grant_id)
    return _handed_over(
        lambda: access.open_as_officer(runtime().vault, actor=me().actor, grant_id=grant_id, record_id=record_id),
        staff=True,
    )


def _handed_over(opening: Callable[[], tuple[Release, Opened] | Refusal], *, staff: bool) -> ResponseReturnValue:
    leave = entered()
    try:
        answer = opening()
        if isinstance(answer, Refusal):
            leave()
            return refused(answer, staff=staff)
        made = _file(answer[1])
    except BaseException:
        leave()
        raise
    made.call_on_close(leave)
    return made


def _file(opened: Opened) -> Response:
    asked = ranges.Asked(request.method)
    return ranges.answer(opened, asked, tag=opened.link.document_id.hex, name=_NAME, headers={})
