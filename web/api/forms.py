"""Form bodies of OAuth requests, read strictly: one media type, one reading, nothing twice (RFC 6749, section 3.2)."""

from typing import Final
from urllib.parse import parse_qsl

from flask import Request, g, request

from vault.sums import Refused
from web.api import refusing
from web.faults import MalformedRequestError, RequestTooLargeError, WrongMediaTypeError

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MOST_BYTES: Final = 64 * 1024
MOST_MEMBERS: Final = 30


def check_form(sent: Request) -> dict[str, str]:
    """
    The parameters of a form request; empty ones are left out, as if they were not sent (RFC 6749, section 3.2).

    What passes here reads the same through Flask's own `request.form`, which replaces bad UTF-8 silently.

    Raises:
        WrongMediaTypeError: The body is not a form.
        RequestTooLargeError: It is longer than 64 KiB.
        MalformedRequestError: It has parameters in the address or one twice, is not UTF-8, or holds controls.
    """
    if sent.mimetype != MEDIA_TYPE:
        raise WrongMediaTypeError(f"send a form ({MEDIA_TYPE})")
    if sent.query_string:
        raise MalformedRequestError("parameters belong in the body, not in the address")
    pairs = _pairs(_raw(sent))
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise MalformedRequestError("a parameter stands twice")
    if any("\0" in text or not text.isprintable() for pair in pairs for text in pair):
        raise MalformedRequestError("a parameter holds control characters")
    return {name: value for name, value in pairs if value}


def read_form() -> None:
    """Check the current request's form before anyone else reads it, and keep it for `form`; a bad one is counted."""
    if request.method == "POST":
        try:
            g.form = check_form(request)
        except MalformedRequestError:
            refusing.count(Refused.REQUEST)
            raise


def form() -> dict[str, str]:
    """The checked parameters of the current request."""
    return dict(g.form)


def _raw(sent: Request) -> bytes:
    if sent.content_length is None:
        raise MalformedRequestError("the request does not say how long it is")
    if sent.content_length > MOST_BYTES:
        raise RequestTooLargeError(f"the request is longer than {MOST_BYTES} bytes")
    return sent.get_data(cache=True)


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        text = raw.decode("ascii")
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=MOST_MEMBERS
        )
    except UnicodeDecodeError:
        raise MalformedRequestError("the form is not UTF-8") from None
    except ValueError:
        raise MalformedRequestError("the form cannot be read, or has too many parameters") from None
