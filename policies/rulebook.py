"""The rules as they lie on disk: whole, parsed once, and held against the schema before anything is decided by them."""

import hashlib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, Self

from cedarpy import PolicySet, Schema, validate_policies

from policies.errors import RulesIncompleteError, RulesInvalidError

HOME: Final = Path(__file__).parent
_POLICY: Final = re.compile(r'@id\("([a-z-]+)"\)\s*@because\("([^"]+)"\)\s*(permit|forbid)\b')


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy: its id, its sentence, and whether it forbids."""

    id: str
    because: str
    forbids: bool


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every rule, ready to decide. *order* is that of the policies in the text, by which Cedar names them."""

    policies: PolicySet
    schema: Schema
    rules: tuple[Rule, ...]
    digest: str

    @classmethod
    def read(cls, home: Path = HOME, *, catalogue_digest: str = "", order: Sequence[str] | None = None) -> Self:
        """
        Read the rules below *home*.

        Args:
            home: A folder with ``schema.cedarschema`` and ``rules/``.
            catalogue_digest: The catalogue's digest, a part of the policy set's.
            order: The rule files in another order; it changes nothing that is decided.

        Raises:
            RulesIncompleteError: A file or a required forbid is missing, or an id stands twice.
            RulesInvalidError: Something does not parse or does not hold against the schema.
        """
        manifest = _read(home / "rules" / "manifest.toml")
        named = tomllib.loads(manifest)
        texts = {name: _read(home / "rules" / f"{name}.cedar") for name in named["files"]}
        text = "\n".join(texts[name] for name in order or named["files"])
        schema_text = _read(home / "schema.cedarschema")
        rules = _rules(text)
        _demand_whole(rules, named["required_forbids"])
        policies, schema = _parse(text, schema_text)
        parts = (schema_text, manifest, *texts.values(), catalogue_digest, version("cedarpy"))
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return cls(policies, schema, rules, digest)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule with this id, if there is one."""
        return next((each for each in self.rules if each.id == rule_id), None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RulesIncompleteError(f"rule file `{path.name}` cannot be read") from error


def _rules(text: str) -> tuple[Rule, ...]:
    found = tuple(Rule(name, because, effect == "forbid") for name, because, effect in _POLICY.findall(text))
    written = len(re.findall(r"^(?:permit|forbid)\b", text, flags=re.MULTILINE))
    if written != len(found):
        raise RulesIncompleteError("every policy starts with @id and @because")
    if len({each.id for each in found}) != len(found):
        raise RulesIncompleteError("two policies share one @id")
    return found


def _demand_whole(rules: tuple[Rule, ...], required: list[str]) -> None:
    there = {each.id for each in rules if each.forbids}
    missing = sorted(set(required) - there)
    if missing:
        raise RulesIncompleteError(f"required forbids are missing: {', '.join(missing)}")
    unlisted = sorted(there - set(required))
    if unlisted:
        raise RulesIncompleteError(f"forbids are not in the manifest: {', '.join(unlisted)}")


def _parse(text: str, schema_text: str) -> tuple[PolicySet, Schema]:
    try:
        schema = Schema.from_str(schema_text)
        policies = PolicySet.from_str(text)
    except ValueError as error:
        raise RulesInvalidError(f"the rules or their schema do not parse: {error}") from error
    result = validate_policies(text, schema)
    if not result.validation_passed:
        raise RulesInvalidError(f"the rules do not hold against the schema: {result.errors[0]}")
    return policies, schema
