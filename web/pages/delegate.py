"""A delegate's pages: for whom they may look, what, until when; and looking. Every look is shown to the person."""

from typing import Final
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from vault import access, authorities
from vault.authorities import AuthorityView
from vault.errors import NotFoundError
from vault.kinds import AuthorityState
from vault.release import Refusal
from web.auth import me
from web.pages.common import reading, refused
from web.pages.family import groups
from web.runtime import runtime

bp: Final = Blueprint("delegate", __name__, url_prefix="/for")
BLUEPRINTS: Final = (bp,)


def _mine() -> list[AuthorityView]:
    with reading() as ctx:
        return list(authorities.of_holder(ctx, account_id=me().account.account_id))


@bp.get("")
def home() -> ResponseReturnValue:
    """Everyone for whom this person may look now, or could; nothing is opened for this."""
    found = _mine()
    return render_template(
        "delegate/home.html",
        live=[each for each in found if each.is_live],
        ended=[each for each in found if not each.is_live],
    )


@bp.get("/<uuid:authority_id>")
def view(authority_id: UUID) -> ResponseReturnValue:
    """
    Look: what the authority covers, read only. The look is in the other person's log.

    Raises:
        NotFoundError: This person holds no such authority.
    """
    held = next((each for each in _mine() if each.authority_id == authority_id), None)
    if held is None:
        raise NotFoundError(f"authority `{authority_id}` is not known")
    answer = access.read_as_delegate(runtime().vault, actor=me().actor, authority_id=authority_id)
    if isinstance(answer, Refusal):
        stopped = held.state is not AuthorityState.ACTIVE
        return refused(answer) if not stopped else (render_template("delegate/stopped.html", held=held), 403)
    return render_template("delegate/view.html", held=held, groups=groups(answer.unseal().records))
