"""The one shape of a problem on the data API (RFC 9457)."""

from marshmallow import Schema, fields, validate

from web.remedies import DATA_API


class Problem(Schema):
    """Problem details (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(
        required=True,
        validate=validate.OneOf(sorted(DATA_API)),
        metadata={"description": "Stable; the last part of `type`."},
    )
    detail = fields.String(required=True)
    because = fields.List(fields.String(), metadata={"description": "On 403: the rules that said so."})
    missing = fields.List(fields.String(), metadata={"description": "On 403: the fields that are not granted."})
