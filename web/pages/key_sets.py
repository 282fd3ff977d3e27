"""A service's public keys in a form: pasted or uploaded, with a sentence for everything that is wrong with them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from vault import registry
from web.faults import MalformedRequestError, RequestTooLargeError
from web.pages.common import Answers
from web.pages.questions import Field
from web.schemas import strict_json

MOST_BYTES: Final = 32 * 1024


def keys_field() -> tuple[Field, ...]:
    """Where a key set is pasted, or a file with one is chosen."""
    return (
        Field(
            kind="area",
            name="jwks",
            label=_("Paste the public keys"),
            hint=_("A JSON Web Key Set, as the service's developers give it. Public keys only: never a private one."),
            code=True,
        ),
        Field(kind="file", name="file", label=_("Or choose a file with them")),
    )


def key_set_in(answers: Answers, *, beside: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any] | None:
    """
    The key set that the form brought, after the keys *beside* which it is to stand; a single key is a set of one.

    Nothing, and the errors said, where it cannot be registered.
    """
    raw = _raw(answers)
    if not raw.strip():
        answers.errors["jwks"] = _("Paste the public keys, or choose a file")
        return None
    try:
        given = strict_json.parse(raw, most_bytes=MOST_BYTES)
    except RequestTooLargeError:
        answers.errors["jwks"] = _("The key set is too long. Use up to 6 keys and no certificates")
        return None
    except MalformedRequestError:
        answers.errors["jwks"] = _("The key set is not JSON. Copy it again, from the first { to the last }")
        return None
    if isinstance(given, dict) and "kty" in given:
        given = {"keys": [given]}
    return _checked(answers, given, beside)


def _raw(answers: Answers) -> bytes:
    sent = request.files.get("file")
    return sent.read(MOST_BYTES + 1) if sent and sent.filename else answers.form.get("jwks", "").encode()


def _checked(answers: Answers, given: Any, beside: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:  # noqa: ANN401 -- JSON
    found = registry.check_keys(given)
    whole = {"keys": [*beside, *(given["keys"] if not found else ())]}
    found = found or registry.check_keys(whole)
    if any(each.fault.name == "PRIVATE" for each in found):
        kept = [pair for pair in answers.form.items(multi=True) if pair[0] != "jwks"]
        answers.form = MultiDict(kept)  # never show a private key again, not even to whoever pasted it
    if found:
        answers.errors["jwks"] = ". ".join(_(each.fault.value, number=each.number) for each in found)
        return None
    return whole
