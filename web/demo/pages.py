"""``/demo``: the story in five steps, with one click to be somebody else. Only a vault that is a demo loads this."""

from typing import Final

from flask import Blueprint, Flask, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from vault import sign_ins
from vault.context import SYSTEM
from vault.grants import GrantView
from vault.kinds import Role
from web.auth import go_on_to, let_in, me
from web.demo import doors, note, steps, tampering
from web.demo.note import NotADemoError
from web.limits import limiter
from web.pages import looking
from web.runtime import runtime

blueprint = Blueprint("demo", __name__, url_prefix="/demo")

_FINDING: Final = "demo_finding"
_MOST_NAMED: Final = 8


@blueprint.get("")
def story() -> ResponseReturnValue:
    """Tell the story, as far as it has come."""
    config = runtime().config
    try:
        held = note.read(config.home)
    except NotADemoError:
        abort(404)
    standing = steps.standing(runtime().vault, citizen_id=held.citizens[steps.HERO])
    done = [step.is_done(standing) for step in steps.STEPS]
    finding = session.pop(_FINDING, None)
    return render_template(
        "demo/story.html",
        steps=list(zip(steps.STEPS, [*done[:-1], bool(finding)], strict=True)),
        others={slug: words for slug, words in steps.OTHERS.items() if slug in held.accounts},
        accounts=held.accounts,
        tricks=tampering.TRICKS,
        finding=finding,
        today=held.today,
    )


@blueprint.post("/be/<slug>")
def be(slug: str) -> ResponseReturnValue:
    """Sign out, and sign in as *slug*."""
    try:
        account = doors.account_of(runtime().vault, home=runtime().config.home, slug=slug)
    except NotADemoError:
        abort(404)
    if current_user.is_authenticated:
        with runtime().vault.transaction(SYSTEM) as ctx:
            sign_ins.end(ctx, cookie=me().cookie)
        runtime().names.drop(me().cookie)
    wanted = request.form.get("page", "")
    shared = _hero_shares() if slug == steps.LOOKER else None
    again = shared is not None and wanted == steps.AGAIN and not shared.is_live
    if shared is not None:
        go_on_to(url_for("looking.look" if again else "looking.before", grant_id=shared.grant_id))
    elif wanted in steps.PAGES and account.role is Role.CITIZEN:
        go_on_to(url_for(steps.PAGES[wanted]))
    answer = let_in(account.account_id, method="demo")
    if shared is not None and again:
        looking.ask_once(shared.grant_id)
    return answer


def _hero_shares() -> GrantView | None:
    """The newest share of Edith's with home care, stopped or not: what Aisha came to look at."""
    held = note.read(runtime().config.home)
    shared = steps.standing(runtime().vault, citizen_id=held.citizens[steps.HERO]).shared
    return max(shared, key=lambda grant: grant.made_at) if shared else None


@blueprint.post("/tamper")
@limiter.limit("10 per minute")
def tamper() -> ResponseReturnValue:
    """Play a trick on a copy of the database, and show which row the check names."""
    config = runtime().config
    found = tampering.try_out(runtime().vault, trick=request.form.get("trick", ""), folder=config.home / note.FOLDER)
    session[_FINDING] = {
        "words": found.words,
        "rows": found.rows,
        "entries": found.entries,
        "named": list(found.named[:_MOST_NAMED]),
    }
    return redirect(url_for("demo.story", _anchor="step-5"), 303)


def init_app(app: Flask) -> None:
    """Add the demo's pages to *app*."""
    app.register_blueprint(blueprint)
