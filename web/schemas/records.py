"""The data API's query and answer. The query schema is enforced; the answer's schemas are its published description."""

from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from webargs.fields import DelimitedList

from vault.catalogue import CATALOGUE
from vault.errors import UnknownFieldError

MOST_NAMES: Final = 100


def _each_once(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise ValidationError("each name once")


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


def asked_fields(query: dict[str, Any]) -> frozenset[str] | None:
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
