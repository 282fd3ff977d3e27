"""What can be wrong with the rules themselves. A refusal is no error: it is a `Decision`."""


class PolicyError(Exception):
    """Root of the tree; never raised itself."""

    code = "policy_error"


class RulesIncompleteError(PolicyError):
    """A rule file, or a forbid that the manifest requires, is missing; or two policies share an id."""

    code = "rules_incomplete"


class RulesInvalidError(PolicyError):
    """A rule or the schema does not parse or does not hold against the schema."""

    code = "rules_invalid"
