"""JSON as the vault takes it: UTF-8, bounded in size and depth, each name once, finite numbers (RFC 8259, RFC 7493)."""

import json
import math
from typing import Any, Final, NoReturn

import orjson

from web.faults import MalformedRequestError, RequestTooLargeError

MOST_BYTES: Final = 64 * 1024
DEEPEST: Final = 12  # the deepest request of this API needs 4
MOST_DIGITS: Final = 19  # what fits 64 bits

_OPENERS: Final = frozenset("[{")
_CLOSERS: Final = frozenset("]}")


def parse(raw: bytes, *, most_bytes: int = MOST_BYTES, deepest: int = DEEPEST) -> Any:  # noqa: ANN401 -- JSON values
    """
    The value of JSON text *raw*.

    Raises:
        RequestTooLargeError: It is longer than *most_bytes*.
        MalformedRequestError: It is not JSON, not UTF-8, nested deeper than *deepest*, names a member twice,
            or holds a number or a character that cannot be kept exactly. The message quotes nothing.
    """
    if len(raw) > most_bytes:
        raise RequestTooLargeError(f"the JSON text is longer than {most_bytes} bytes")
    text = _utf8(raw)
    _check_depth(text, deepest)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_number
        )
        orjson.dumps(value)  # refuses lone surrogates, which no database and no other reader can keep
    except (ValueError, RecursionError) as error:
        raise MalformedRequestError("the text is not JSON as RFC 8259 has it") from error
    except TypeError as error:
        raise MalformedRequestError(
            "the JSON text holds a character or a number that cannot be kept exactly"
        ) from error
    return value


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"the JSON text is not UTF-8 (byte {error.start})") from None


def _check_depth(text: str, deepest: int) -> None:
    """Count brackets outside strings before any parser recurses; few brackets in all are never too deep."""
    if text.count("[") + text.count("{") <= deepest:
        return
    depth, quoted, escaped = 0, False, False
    for character in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = character == "\\", character != '"'
        elif character == '"':
            quoted = True
        elif character in _OPENERS:
            depth += 1
            if depth > deepest:
                raise MalformedRequestError(f"the JSON text is nested deeper than {deepest}")
        elif character in _CLOSERS:
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise MalformedRequestError("the JSON text names a member of an object twice")
    return made


def _refuse_constant(_name: str) -> NoReturn:
    raise MalformedRequestError("the JSON text holds NaN or Infinity, which are not JSON")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MOST_DIGITS:
        raise MalformedRequestError("the JSON text holds a number that cannot be kept exactly")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedRequestError("the JSON text holds a number that cannot be kept exactly")
    return number
