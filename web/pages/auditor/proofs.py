"""Checking a proof that somebody brings: pasted or as a file, with nothing of the vault but the log's public key."""

import re
from dataclasses import dataclass
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from audit.checkpoint import Checkpoint
from audit.errors import AuditError
from audit.proof import verify_proof
from vault import trail
from web.limits import limiter, own_tries
from web.pages.auditor.searching import bp
from web.pages.common import Answers, page, reading

TRIES: Final = "60 per minute"
PROOF_MOST: Final = 60_000  # characters: a proof of a log of 2^62 lines with a dozen cosignatures, of ML-DSA-44 too
_HEX_64: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of checking a proof."""

    leaf_hash: bytes
    head: Checkpoint | None
    """The head that the line is proved in; None where the proof does not hold."""
    why: str = ""


def _shown(answers: Answers | None = None, result: Result | None = None) -> ResponseReturnValue:
    with reading() as ctx:
        key = trail.log_key(ctx)
    return page("auditor/proof.html", answers=answers, result=result, key=key, most=PROOF_MOST)


@bp.get("/proof")
def ask_proof() -> ResponseReturnValue:
    """Ask for the proof, the line it is about, and the key."""
    return _shown()


@bp.post("/proof")
@limiter.limit(TRIES, key_func=own_tries)
def check_proof() -> ResponseReturnValue:
    """Check it; that somebody did is in the log, what they brought is not."""
    answers = Answers.given()
    text, named = _brought(answers)
    line = _hex(answers, "line", named, _("Enter the leaf hash of the line: 64 letters and numbers"))
    key = _hex(answers, "key", "", _("Enter the public key of the log: 64 letters and numbers"))
    if answers.errors:
        return _shown(answers)
    with reading() as ctx:
        trail.begin_review(ctx, what="a proof")
    try:
        result = Result(line, verify_proof(text, leaf_hash=line, public_keys=[key]))
    except AuditError as error:
        result = Result(line, None, str(error))
    return _shown(answers, result)


def _brought(answers: Answers) -> tuple[str, str]:
    """The proof's text, and the leaf hash that its file is named by, where it is."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        text = answers.form.get("proof", "").replace("\r\n", "\n")
        return _whole(answers, text), ""
    try:
        text = sent.stream.read(4 * PROOF_MOST + 1).decode("utf-8")
    except UnicodeDecodeError:
        answers.errors["file"] = _("This file is not a proof: it is not text")
        return "", ""
    return _whole(answers, text), sent.filename.partition(".")[0].lower()


def _whole(answers: Answers, text: str) -> str:
    if not text.strip():
        answers.errors["proof"] = _("Paste the proof, or choose its file")
    elif len(text) > PROOF_MOST:
        answers.errors["proof"] = _("Use %(most)s characters or fewer", most=PROOF_MOST)
    return text.strip("\n") + "\n"


def _hex(answers: Answers, name: str, otherwise: str, words: str) -> bytes:
    given = answers.form.get(name, "").strip().lower() or otherwise
    if not _HEX_64.fullmatch(given):
        answers.errors[name] = words
        return b""
    return bytes.fromhex(given)
