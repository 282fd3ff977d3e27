"""Findings of the watchers, for auditors: what waits, the evidence, and what somebody makes of it. None goes away."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import services, watching
from vault.context import Context
from vault.errors import WrongStateError
from vault.kinds import FindingState
from vault.watching import FindingView, Wanted
from web.auth import me
from web.pages.common import Answers, changing, page, reading
from web.pages.finding_words import OUTCOMES, RULES, figures, whom
from web.pages.lines import describe

bp: Final = Blueprint("findings", __name__, url_prefix="/audit/findings")
BLUEPRINTS: Final = (bp,)

PAGE: Final = 25
STATES: Final = ("open", "mine", "closed", "all")
_DONE: Final = frozenset({"assigned", "explained"})
_LAST_PAGE: Final = 4  # digits of a page's number


@bp.get("")
def overview() -> ResponseReturnValue:
    """What waits, grave first; the form narrows it."""
    state, rule = request.args.get("state", "open"), request.args.get("rule", "")
    state, rule = state if state in STATES else "open", rule if rule in RULES else ""
    with reading() as ctx:
        found = watching.of_scope(ctx, wanted=Wanted(state="" if state == "all" else state, rule=rule))
        names = _services(ctx)
    number = _number(len(found))
    shown = found[(number - 1) * PAGE : number * PAGE]
    return render_template(
        "findings/overview.html",
        findings=[(each, whom(each.who, names)) for each in shown],
        count=len(found),
        state=state,
        rule=rule,
        number=number,
        more=number * PAGE < len(found),
        rules=RULES,
        mine=me().account.account_id,
    )


def _number(count: int) -> int:
    """The page asked for: one of those that there are."""
    written = request.args.get("page", "")
    asked = int(written) if written.isascii() and written.isdecimal() and len(written) <= _LAST_PAGE else 1
    return min(max(asked, 1), max((count + PAGE - 1) // PAGE, 1))


def _services(ctx: Context) -> dict[str, str]:
    return {str(each.service_id): each.name for each in services.registered(ctx)}


@bp.get("/<uuid:finding_id>")
def show(finding_id: UUID) -> ResponseReturnValue:
    """One finding with its evidence; that it was read is an entry of the log."""
    with reading() as ctx:
        finding = watching.read(ctx, finding_id=finding_id)
        names = _services(ctx)
    done = request.args.get("done", "")
    return render_template(
        "findings/show.html",
        finding=finding,
        suspect=whom(finding.who, names),
        compared=figures(finding.rule, finding.figures),
        looks=[describe(line) for line in finding.lines],
        rule=RULES[finding.rule],
        outcomes=OUTCOMES,
        done=done if done in _DONE else "",
        mine=me().account.account_id,
    )


def _open(finding_id: UUID) -> FindingView:
    """
    A finding that can be worked on.

    Raises:
        WrongStateError: It is closed.
    """
    with reading() as ctx:
        finding = watching.read(ctx, finding_id=finding_id)
    if finding.is_closed:
        raise WrongStateError(f"finding `{finding_id}` is closed already")
    return finding


@bp.get("/<uuid:finding_id>/assign")
def assign(finding_id: UUID) -> ResponseReturnValue:
    """Ask who works on it."""
    return _assign_page(finding_id, None)


def _assign_page(finding_id: UUID, answers: Answers | None) -> ResponseReturnValue:
    finding = _open(finding_id)
    with reading() as ctx:
        people = watching.assignable(ctx, finding_id=finding_id)
    own = me().account.account_id
    return page(
        "findings/assign.html", answers=answers, finding=finding, rule=RULES[finding.rule], people=people, own=own
    )


@bp.post("/<uuid:finding_id>/assign")
def take_assign(finding_id: UUID) -> ResponseReturnValue:
    """Give it to them."""
    answers = Answers.given()
    with reading() as ctx:
        people = {str(account) for account, _name in watching.assignable(ctx, finding_id=finding_id)}
    picked = answers.choice("to", people, _("Select who works on it"))
    if answers.errors:
        return _assign_page(finding_id, answers)
    with changing() as ctx:
        watching.assign(ctx, finding_id=finding_id, to=UUID(picked))
    return redirect(url_for("findings.show", finding_id=finding_id, done="assigned"), 303)


@bp.get("/<uuid:finding_id>/explain")
def explain(finding_id: UUID) -> ResponseReturnValue:
    """Ask what was learned."""
    finding = _open(finding_id)
    return page("findings/explain.html", finding=finding, rule=RULES[finding.rule])


@bp.post("/<uuid:finding_id>/explain")
def take_explain(finding_id: UUID) -> ResponseReturnValue:
    """Write it down."""
    answers = Answers.given()
    words = answers.text("words", _("Write what you learned"))
    if answers.errors:
        finding = _open(finding_id)
        return page("findings/explain.html", answers=answers, finding=finding, rule=RULES[finding.rule])
    with changing() as ctx:
        watching.explain(ctx, finding_id=finding_id, words=words)
    return redirect(url_for("findings.show", finding_id=finding_id, done="explained"), 303)


@bp.get("/<uuid:finding_id>/close")
def close(finding_id: UUID) -> ResponseReturnValue:
    """Ask what it was, and why."""
    finding = _open(finding_id)
    return page("findings/close.html", finding=finding, rule=RULES[finding.rule], kept=None)


@bp.post("/<uuid:finding_id>/close")
def take_close(finding_id: UUID) -> ResponseReturnValue:
    """Show the answers once more, for it cannot be undone; then close it."""
    answers = Answers.given()
    outcome = answers.choice("outcome", OUTCOMES, _("Select what it was"))
    words = answers.text("words", _("Write why you say so"))
    again = answers.form.get("again") == "1"
    if answers.errors or again or answers.form.get("sure") != "1":
        finding = _open(finding_id)
        asked_again = bool(answers.errors) or again
        template = "findings/close.html" if asked_again else "findings/confirm.html"
        shown = answers if answers.errors else None
        kept = {"outcome": outcome, "words": words}
        return page(template, answers=shown, finding=finding, rule=RULES[finding.rule], kept=kept, outcomes=OUTCOMES)
    with changing() as ctx:
        watching.close(ctx, finding_id=finding_id, outcome=FindingState(outcome), words=words)
    return redirect(url_for("findings.closed", finding_id=finding_id), 303)


@bp.get("/<uuid:finding_id>/closed")
def closed(finding_id: UUID) -> ResponseReturnValue:
    """Confirm, and say what comes next."""
    with reading() as ctx:
        finding = watching.read(ctx, finding_id=finding_id)
    if not finding.is_closed:
        return redirect(url_for("findings.show", finding_id=finding_id), 303)
    return render_template("findings/closed.html", finding=finding, outcome=OUTCOMES[finding.state])
