"""The OpenAPI document as a person reads it; the page for developers shows nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Flask

from web.api import openapi

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_LONGEST_LIST: Final = 100


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter, a header, or a member of a body."""

    name: str
    where: str
    kind: str
    required: bool
    words: str
    schema: str = ""
    """The schema that it is, or is a list of, if that has a name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What may come back, by status."""

    status: str
    words: str
    media: tuple[str, ...]
    schema: str
    headers: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    summary: str
    words: str
    parameters: tuple[Part, ...]
    body: tuple[str, str]
    """Media type and schema of what is sent; both empty where nothing is."""
    answers: tuple[Answer, ...]

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        return f"{self.method}{self.path}".lower().replace("/", "-").translate(_NO_BRACES)


@dataclass(frozen=True, slots=True)
class Shape:
    """A named schema: its members."""

    name: str
    words: str
    members: tuple[Part, ...]


_NO_BRACES: Final = str.maketrans("", "", "{}$")


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of *app*, as it is served."""
    told: dict[str, Any] = openapi.of(app).spec.to_dict()
    return told


def operations(told: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation, in the document's order."""
    for path, item in told["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(told, method, path, item[method], item.get("parameters", []))


def shapes(told: Mapping[str, Any]) -> Iterator[Shape]:
    """Every named schema."""
    for name, schema in told["components"]["schemas"].items():
        required = set(schema.get("required", []))
        members = schema.get("properties", {}).items()
        parts = tuple(_part(member, "", found, member in required) for member, found in members)
        yield Shape(name, schema.get("description", ""), parts)


def _operation(
    told: Mapping[str, Any], method: str, path: str, found: Mapping[str, Any], shared: list[dict[str, Any]]
) -> Operation:
    parameters = [*shared, *found.get("parameters", [])]
    content = found.get("requestBody", {}).get("content", {})
    media = next(iter(content), "")
    return Operation(
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        words=found.get("description", ""),
        parameters=tuple(_parameter(_resolved(told, one)) for one in parameters),
        body=(", ".join(content), _name(content[media].get("schema", {})) if media else ""),
        answers=tuple(_answer(status, _resolved(told, one)) for status, one in sorted(found["responses"].items())),
    )


def _resolved(told: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the document stands for."""
    if "$ref" not in found:
        return found
    inner: Any = told
    for step in found["$ref"].removeprefix("#/").split("/"):
        inner = inner[step]
    return _resolved(told, inner)


def _parameter(found: Mapping[str, Any]) -> Part:
    schema = found.get("schema", {})
    words = found.get("description") or schema.get("description", "")
    return _part(found["name"], found["in"], {**schema, "description": words}, bool(found.get("required")))


def _answer(status: str, found: Mapping[str, Any]) -> Answer:
    content = found.get("content", {})
    first: Mapping[str, Any] = next(iter(content.values()), {})
    headers = found.get("headers", {}).items()
    parts = tuple(
        _part(name, "header", {**one.get("schema", {}), "description": one.get("description", "")}, required=False)
        for name, one in headers
    )
    words = found.get("description") or HTTPStatus(int(status)).phrase
    return Answer(status, words, tuple(content), _name(first.get("schema", {})), parts)


def _part(name: str, where: str, schema: Mapping[str, Any], required: bool) -> Part:  # noqa: FBT001 -- a fact of the document
    words = schema.get("description", "")
    values = schema.get("enum") or schema.get("items", {}).get("enum") or []
    if 0 < len(values) <= _LONGEST_LIST and name != "code":
        words = f"{words} One of: {', '.join(f'`{value}`' for value in values)}.".strip()
    return Part(name, where, _kind(schema), required, words, _name(schema))


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "")
    plain = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if plain == "array":
        inner = schema.get("items", {})
        return f"list of {_kind(inner) or _name(inner)}"
    return f"{plain} ({schema['format']})" if "format" in schema else plain


def _name(schema: Mapping[str, Any]) -> str:
    """The name of the schema that *schema* refers to, itself or for each of its items."""
    for found in (schema, schema.get("items", {}), schema.get("additionalProperties", {})):
        if isinstance(found, Mapping) and "$ref" in found:
            return str(found["$ref"]).rpartition("/")[2]
    return ""
