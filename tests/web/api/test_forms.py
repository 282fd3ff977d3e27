"""Form bodies: one reading, or none."""

import pytest
from flask import Flask, request

from web.api.forms import check_form
from web.faults import MalformedRequestError, RequestTooLargeError, WrongMediaTypeError

FORM = "application/x-www-form-urlencoded"


def read(body: bytes, *, media_type: str = FORM, path: str = "/") -> tuple[dict[str, str], dict[str, str]]:
    """What the strict reader and Flask's own each make of *body*."""
    with Flask("test").test_request_context(path, method="POST", data=body, content_type=media_type):
        strict = check_form(request)
        return strict, request.form.to_dict()


def test_a_sound_form_is_read_as_flask_reads_it() -> None:
    strict, flask = read(b"scope=openid&reason=caf%C3%A9+au+lait&token=a%2Bb")
    assert strict == flask == {"scope": "openid", "reason": "café au lait", "token": "a+b"}


def test_an_empty_parameter_is_as_if_it_was_not_sent() -> None:
    assert read(b"scope=&token=a")[0] == {"token": "a"}


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&a=2",
        b"a=1&%61=2",
        b"a=%ff",
        b"a=%c0%af",
        b"a=%ED%A0%80",
        "a=é".encode("latin-1"),
        b"a=%00",
        b"a=1%0Ab",
        b"a",
        b"&".join(b"p%d=1" % number for number in range(31)),
    ],
    ids=[
        "twice",
        "twice by escape",
        "bad UTF-8",
        "overlong",
        "surrogate",
        "raw Latin-1",
        "NUL",
        "line",
        "no value",
        "31 members",
    ],
)
def test_a_damaged_form_is_refused_whole(body: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        read(body)


def test_parameters_in_the_address_are_refused() -> None:
    with pytest.raises(MalformedRequestError):
        read(b"a=1", path="/?client_assertion=x")


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_another_media_type_is_refused(media_type: str) -> None:
    with pytest.raises(WrongMediaTypeError):
        read(b"{}", media_type=media_type)


def test_a_form_of_64_kib_is_read_and_one_byte_more_is_not() -> None:
    assert read(b"a=" + b"b" * (64 * 1024 - 2))[0]["a"]
    with pytest.raises(RequestTooLargeError):
        read(b"a=" + b"b" * (64 * 1024 - 1))
