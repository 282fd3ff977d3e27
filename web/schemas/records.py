"""The data API's query and answer. The query schema is enforced; the answer's schemas are its published description."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from webargs.fields import DelimitedList

from vault.catalogue import CATALOGUE, WITHHELD_CATEGORY, Category
from vault.errors import UnknownFieldError
from vault.writing import MOST_CHARACTERS
from web.schemas.problems import Problem

MOST_NAMES: Final = 100
MOST_ITEMS: Final = 200
MOST_DIGITS: Final = 9
MOST_PEOPLE: Final = 1000
MOST_RECIPIENT: Final = 100
MOST_WHY: Final = 500
USUAL_PEOPLE: Final = 200


def _each_once(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise ValidationError("each name once")


class Digits(fields.Integer):
    """A number in a query: digits and nothing else."""

    def _deserialize(self, value: object, *_: object, **__: object) -> int:
        if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > MOST_DIGITS:
            raise self.make_error("invalid")
        return int(value)


class RecordsQuery(Schema):
    """What is asked for."""

    class Meta:
        """Refuse parameters that are not known."""

        unknown = RAISE

    fields_ = DelimitedList(
        fields.String(metadata={"enum": [field.name for field in CATALOGUE.fields]}),
        data_key="fields",
        validate=[validate.Length(1, MOST_NAMES), _each_once],
        metadata={
            "description": "Full field names, separated by commas; left out: all the grant allows. One field beyond"
            " the grant refuses the whole request, and the answer lists which.",
            "example": ["medication.name", "medication.dose"],
            "uniqueItems": True,
        },
    )
    history = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Whether stopped and past items are wanted too, where the purpose allows them."},
    )
    limit = Digits(
        validate=validate.Range(1, MOST_ITEMS),
        metadata={"description": "How many items at most; where there are more, `Link` says where they are."},
    )
    after = fields.String(
        validate=validate.Regexp(r"[0-9a-f]{32}\Z"),
        metadata={"description": "The id of the last item that came before.", "pattern": "^[0-9a-f]{32}$"},
    )


class KnownTag(Schema):
    """What a client holds already."""

    if_none_match = fields.String(
        data_key="If-None-Match",
        metadata={
            "description": "A tag you hold: where nothing changed since, the answer is 304 without a body. It is"
            " logged all the same."
        },
    )


_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS, "pattern": "[^\\s]"}


def _of_category(category: Category) -> dict[str, Any]:
    """The texts that may be written of *category*: none that opens one at a time."""
    texts = {one.name: {**_TEXT, "description": one.words} for one in category.fields if not one.needs_reveal}
    shape = {"type": "object", "additionalProperties": False, "minProperties": 1}
    return {**shape, "title": category.name, "description": category.words, "properties": texts}


class FieldsOfOneCategory(fields.Dict):
    """Texts by full name, all of one category; described as one schema for each."""

    def __init__(self) -> None:
        """Take every category whose fields may be written at all."""
        self.shapes = [_of_category(one) for one in CATALOGUE.categories if one.name != WITHHELD_CATEGORY]
        super().__init__(
            required=True, data_key="fields", metadata={"description": "Texts by full name.", "oneOf": self.shapes}
        )

    def _deserialize(self, value: object, *_: object, **__: object) -> dict[str, str]:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        given = dict(value)
        if not any(given and given.keys() <= shape["properties"].keys() for shape in self.shapes):
            raise ValidationError("fields of one category, at least one")
        if not all(isinstance(text, str) and text.strip() and len(text) <= MOST_CHARACTERS for text in given.values()):
            raise ValidationError(f"texts of 1 to {MOST_CHARACTERS} characters")
        return given


def _not_blank(text: str) -> None:
    if not text.strip():
        raise ValidationError("more than spaces")


class _Writing(Schema):
    """What every write says."""

    class Meta:
        """Refuse members that are not known."""

        unknown = RAISE

    fields_ = FieldsOfOneCategory()
    as_of = fields.Date(metadata={"description": "The day they are true of."})


class NewRecord(_Writing):
    """An item to add."""


class PutRight(_Writing):
    """What takes the place of fields that were wrong."""

    reason = fields.String(
        required=True,
        validate=[validate.Length(1, MOST_CHARACTERS), _not_blank],
        metadata={"description": "Why it changes; the citizen reads it.", "pattern": _TEXT["pattern"]},
    )


class PassedOn(Schema):
    """What was passed on, and to whom."""

    class Meta:
        """Refuse members that are not known."""

        unknown = RAISE

    fields_ = fields.List(
        fields.String(
            validate=validate.OneOf([field.name for field in CATALOGUE.fields]),
        ),
        required=True,
        data_key="fields",
        validate=[validate.Length(1, MOST_NAMES), _each_once],
        metadata={"description": "Full names of what was passed on: granted fields.", "uniqueItems": True},
    )
    recipient = fields.String(
        required=True,
        validate=[validate.Length(1, MOST_RECIPIENT), _not_blank],
        metadata={"description": "The organisation, by name; never a person's name.", "pattern": _TEXT["pattern"]},
    )
    why = fields.String(
        required=True,
        validate=[validate.Length(1, MOST_WHY), _not_blank],
        metadata={"description": "Why; the citizen reads it.", "pattern": _TEXT["pattern"]},
    )
    on = fields.Date(required=True, metadata={"description": "The day it was passed on."})


class Reported(Schema):
    """The entry that says so."""

    entry = fields.String(required=True, metadata={"description": "Its leaf hash, hexadecimal."})


class Written(Schema):
    """What was kept."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)


class BulkForm(Schema):
    """Who reads many at once, and what of each."""

    class Meta:
        """Refuse members that are not known."""

        unknown = RAISE

    client_assertion_type = fields.String(
        required=True, validate=validate.Equal("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    )
    client_assertion = fields.String(
        required=True, metadata={"description": "As at the token endpoint (RFC 7523); it counts for this call alone."}
    )
    purpose = fields.String(
        required=True,
        validate=validate.Regexp(r"[a-z0-9][a-z0-9-]{0,63}\Z"),
        metadata={"pattern": "^[a-z0-9][a-z0-9-]{0,63}$"},
    )
    fields_ = DelimitedList(
        fields.String(metadata={"enum": [field.name for field in CATALOGUE.fields]}),
        data_key="fields",
        validate=[validate.Length(1, MOST_NAMES), _each_once],
        metadata={
            "description": "Full field names, separated by commas; left out: all that each grant allows.",
            "uniqueItems": True,
        },
    )
    history = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    limit = Digits(
        load_default=USUAL_PEOPLE,
        validate=validate.Range(1, MOST_PEOPLE),
        metadata={"description": "How many people at most; the last line says where it goes on."},
    )
    after = fields.String(
        validate=validate.Regexp(r"[0-9a-f]{32}\Z"),
        metadata={"description": "The `after` of the last line that came before.", "pattern": "^[0-9a-f]{32}$"},
    )


class BulkEnd(Schema):
    """The last line. A stream without it was cut off."""

    complete = fields.Boolean(required=True, metadata={"description": "Whether there is nobody after these."})
    read = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    after = fields.String(required=True, allow_none=True)


class Source(Schema):
    """Where an item came from."""

    organisation = fields.String(required=True)
    system = fields.String(required=True)


class RecordAnswer(Schema):
    """One item, cut to the fields that may be seen."""

    id = fields.String(
        required=True, metadata={"description": "Pairwise: the same item has another id for another service."}
    )
    category = fields.String(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["current", "history"]))
    as_of = fields.String(required=True, allow_none=True, metadata={"description": "When the source says it was so."})
    received_at = fields.AwareDateTime(required=True)
    source = fields.Nested(Source, required=True)
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(),
        required=True,
        data_key="fields",
        metadata={"description": "Values by full name."},
    )


class StateAnswer(Schema):
    """What must be known of a field that is dangerous to miss."""

    kind = fields.String(required=True, validate=validate.OneOf(["value", "none-known", "not-recorded", "not-shared"]))
    detail = fields.String(required=True)


class RecordsAnswer(Schema):
    """The granted fields of the token's citizen."""

    records = fields.List(fields.Nested(RecordAnswer), required=True)
    fields_ = fields.List(
        fields.String(), required=True, data_key="fields", metadata={"description": "The fields released."}
    )
    missing = fields.List(fields.String(), required=True, metadata={"description": "Asked for and not granted."})
    states = fields.Dict(keys=fields.String(), values=fields.Nested(StateAnswer), required=True)


def asked_fields(query: Mapping[str, Any]) -> frozenset[str] | None:
    """
    The fields a loaded query names; None for "what I may see".

    Raises:
        UnknownFieldError: The catalogue does not hold one of them.
    """
    named = query.get("fields_")
    if named is None:
        return None
    names = frozenset(named)
    if not all(CATALOGUE.has(name) for name in names):
        raise UnknownFieldError("a field asked for is not in the catalogue")
    return names


class BulkLine(Schema):
    """One line of a bulk read: one person, opened or refused; or the end."""

    grant_id = fields.String(metadata={"description": "Pairwise, as in the token response."})
    sub = fields.String(metadata={"description": "The person, under a name for this service alone."})
    answer = fields.Nested(RecordsAnswer, metadata={"description": "As `GET /api/v1/records` has it."})
    receipt = fields.String(metadata={"description": "The promise that this look stands in the log."})
    problem = fields.Nested(Problem, metadata={"description": "Why there is no answer."})
    end = fields.Nested(BulkEnd)
