"""Download my data: the resident's own copy, made on request and kept nowhere (UK GDPR, Articles 15 and 20)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from vault import taking
from vault.exporting.content import Content, one_at_a_time
from vault.exporting.csv_file import to_csv
from vault.exporting.fhir_file import to_fhir
from vault.exporting.json_file import schema, to_json
from vault.release import Refusal
from vault.taking import Wish
from web import paper, proving, typesetting
from web.auth import me
from web.limits import limiter
from web.pages.common import Answers, page, refused
from web.runtime import runtime

bp: Final = Blueprint("download", __name__, url_prefix="/download")
BLUEPRINTS: Final = (bp,)

FILES: Final = "20 per minute"
"""Files of one browser: making one costs more than a page."""


def _html(content: Content) -> bytes:
    return render_template("download/file.html", paper=paper.of(content)).encode()


def _pdf(content: Content) -> bytes:
    return typesetting.to_pdf(paper.of(content))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: what it is called, what it is good for, how it is made."""

    words: str
    hint: str
    ending: str
    media_type: str
    make: Callable[[Content], bytes]


KINDS: Final[Mapping[str, Kind]] = {
    "html": Kind(
        lazy_gettext("A page to read"),
        lazy_gettext("Opens in any browser, also without the internet"),
        "html",
        "text/html; charset=utf-8",
        _html,
    ),
    "pdf": Kind(
        lazy_gettext("A PDF to print or keep"),
        lazy_gettext("Works with screen readers"),
        "pdf",
        "application/pdf",
        _pdf,
    ),
    "csv": Kind(
        lazy_gettext("Tables"),
        lazy_gettext("A zip file with a table for each kind of thing, for a spreadsheet"),
        "zip",
        "application/zip",
        to_csv,
    ),
    "json": Kind(
        lazy_gettext("JSON, for another service"),
        lazy_gettext("Everything, in a form that programs read"),
        "json",
        "application/json",
        to_json,
    ),
    "fhir": Kind(
        lazy_gettext("FHIR, for another health service"),
        lazy_gettext("The health part only, in the form that the NHS uses"),
        "fhir.json",
        "application/fhir+json",
        to_fhir,
    ),
}


@bp.get("")
@proving.first
def ask() -> ResponseReturnValue:
    """Which kind of file, and what goes into it."""
    return _page(None)


def _page(answers: Answers | None) -> ResponseReturnValue:
    return page("download/ask.html", answers=answers, kinds=KINDS, dangerous=one_at_a_time(), left_out=paper.left_out())


@bp.post("")
@limiter.limit(FILES)
@proving.first
def make() -> ResponseReturnValue:
    """Make the file and hand it over with this very answer; nothing of it is kept here."""
    answers = Answers.given()
    chosen = answers.choice("kind", KINDS, _("Choose the kind of file you want"))
    if answers.errors:
        return _page(answers)
    content = _content(chosen, answers)
    if isinstance(content, Refusal):
        return refused(content)
    kind = KINDS[chosen]
    return _attachment(kind.make(content), f"my-data-{content.made_at:%Y-%m-%d}.{kind.ending}", kind.media_type)


def _content(kind: str, answers: Answers) -> Content | Refusal:
    ticked = frozenset(answers.form.getlist("with"))
    wish = Wish(
        kind=kind,
        dangerous=frozenset(answers.form.getlist("dangerous")) & frozenset(one_at_a_time()),
        sharing="sharing" in ticked,
        told="told" in ticked,
        looks="looks" in ticked,
    )
    person, running = me(), runtime()
    return taking.take(
        running.vault,
        actor=person.actor,
        citizen_id=person.citizen_id,
        council=running.config.council,
        wish=wish,
    )


def _attachment(body: bytes, name: str, media_type: str) -> Response:
    answer = make_response(body)
    answer.headers["Content-Type"] = media_type
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    # Should a browser show the file instead of keeping it, it still runs and loads nothing.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


@bp.get("/schema.json")
def describe() -> ResponseReturnValue:
    """What stands in the JSON file, as a JSON Schema for programmers."""
    return _attachment(schema(), "my-data.schema.json", "application/schema+json")
