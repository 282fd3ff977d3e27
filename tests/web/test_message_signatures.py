"""Signatures over HTTP messages are those of RFC 9421, byte for byte."""

import base64
from typing import Final

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from web.message_signatures import base, content_digest, parameters, signed

# RFC 9421, appendix B.1.4 (test-key-ed25519), B.2 (the request) and B.2.6 (signing it using ed25519).
KEY: Final = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
COMPONENTS: Final = {
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "@method": "POST",
    "@path": "/foo",
    "@authority": "example.com",
    "content-type": "application/json",
    "content-length": "18",
}
GIVEN: Final[dict[str, str | int]] = {"created": 1618884473, "keyid": "test-key-ed25519"}
BASE: Final = (
    b'"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n'
    b'"content-type": application/json\n"content-length": 18\n'
    b'"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")'
    b';created=1618884473;keyid="test-key-ed25519"'
)
SIGNATURE: Final = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="


def _sign(data: bytes) -> bytes:
    signature: bytes = load_pem_private_key(KEY, None).sign(data)  # type: ignore[union-attr,call-arg]
    return signature


def test_the_published_example_is_signed_to_the_published_bytes() -> None:
    assert base(COMPONENTS, parameters(COMPONENTS, GIVEN)) == BASE
    made = signed(COMPONENTS, GIVEN, _sign, label="sig-b26")
    assert made["Signature"] == f"sig-b26=:{SIGNATURE}:"
    assert made["Signature-Input"].startswith('sig-b26=("date" "@method"')


def test_a_quote_in_a_parameter_ends_nothing() -> None:
    assert parameters({"@method": "POST"}, {"nonce": 'a"b\\c'}) == '("@method");nonce="a\\"b\\\\c"'


def test_the_digest_of_a_body_is_the_published_one() -> None:
    # RFC 9530, appendix B.1: {"hello": "world"} and a line feed.
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    assert len(base64.b64decode(content_digest(b"").split(":")[1])) == 32
