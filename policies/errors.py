"""What can go wrong with the rules themselves. A refusal is no error: it is a `Decision`."""


class PolicyError(Exception):
    """Root of the tree; never raised itself."""

    code = "policy_error"


class RulesNotWholeError(PolicyError):
    """A rule file or a required `forbid` is missing, or a file is there that the manifest does not name."""

    code = "rules_not_whole"


class RulesInvalidError(PolicyError):
    """A rule does not parse, does not fit the schema, or lacks its id or sentences."""

    code = "rules_invalid"
