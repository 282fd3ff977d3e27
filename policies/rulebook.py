"""Reading the rules: every file the manifest names, each rule with its id and sentences, every required `forbid`.

The files are data of this package. Their order never matters; what is missing, added or malformed stops the start.
"""

import functools
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final, Literal, Self

import cedarpy

from policies.errors import RulesInvalidError, RulesNotWholeError
from policies.model import PolicyId
from policies.remembered import Compared, compared_in

Effect = Literal["permit", "forbid"]
_DIGEST_FORMAT: Final = "citizen-vault/policy-set/1"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as people read it; what it demands is in the text of its file."""

    id: PolicyId
    effect: Effect
    because: str
    """The sentence for the citizen."""
    staff: str
    """The sentence for officers and auditors."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The whole set of rules, parsed once and checked against the schema."""

    texts: Mapping[str, str]
    """File name → content."""
    schema_text: str
    rules: Mapping[PolicyId, Rule]
    policies: cedarpy.PolicySet = field(repr=False, compare=False)
    schema: cedarpy.Schema = field(repr=False, compare=False)
    compared: Compared | None = field(repr=False, compare=False)
    """What the rules only compare, so that answers can be remembered; None where none may be."""

    @classmethod
    def load(cls, folder: Traversable | None = None) -> Self:
        """
        Read the rules in *folder*, by default those of this package: ``schema.cedarschema`` and ``rules/``.

        Raises:
            RulesNotWholeError: A file or required forbid is missing, or a file is not in the manifest.
            RulesInvalidError: A rule does not parse, does not fit the schema, or lacks its id or sentences.
        """
        home = files("policies") if folder is None else folder
        manifest = _manifest(home)
        texts = _texts(home.joinpath("rules"), manifest["files"])
        made = cls.parse(texts, _read(home.joinpath("schema.cedarschema")))
        lost = [name for name in manifest["required_forbids"] if not made.forbids(name)]
        if lost or not manifest["required_forbids"]:
            raise RulesNotWholeError(f"the rules lack required forbids: {', '.join(lost) or 'the manifest names none'}")
        return made

    @classmethod
    def parse(cls, texts: Mapping[str, str], schema_text: str) -> Self:
        """
        Check and parse rules that were read already.

        Raises:
            RulesInvalidError: A rule does not parse, does not fit the schema, or lacks its id or sentences.
        """
        whole = "\n".join(texts.values())
        try:
            schema = cedarpy.Schema.from_str(schema_text)
            checked = cedarpy.validate_policies(whole, schema)
            if not checked.validation_passed:
                raise RulesInvalidError(f"the rules do not fit the schema: {'; '.join(map(str, checked.errors))}")
            given = json.loads(cedarpy.policies_to_json_str(whole))
            compared = compared_in(given["staticPolicies"])
            return cls(dict(texts), schema_text, _rules(given), cedarpy.PolicySet.from_str(whole), schema, compared)
        except ValueError as error:
            raise RulesInvalidError(f"the rules do not parse: {error}") from error

    def forbids(self, name: str) -> bool:
        """Whether there is a rule *name* and it says no."""
        rule = self.rules.get(PolicyId(name))
        return rule is not None and rule.effect == "forbid"

    def digest(self, catalogue_digest: str) -> str:
        """SHA-256 (64 hex digits) over rules, schema, catalogue and engine version, whatever the order of the files."""
        engine = f"cedarpy {version('cedarpy')}"
        parts = [_DIGEST_FORMAT, engine, catalogue_digest, self.schema_text, *map(list, sorted(self.texts.items()))]
        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


@functools.cache
def own_rules() -> Rulebook:
    """The rules of this package, read once."""
    return Rulebook.load()


def _read(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulesNotWholeError(f"rule file `{file.name}` cannot be read") from error


def _manifest(home: Traversable) -> dict[str, list[str]]:
    try:
        given = tomllib.loads(_read(home.joinpath("rules", "manifest.toml")))
    except tomllib.TOMLDecodeError as error:
        raise RulesNotWholeError(f"the manifest of the rules does not parse: {error}") from error
    if given.keys() != {"files", "required_forbids"}:
        raise RulesNotWholeError("the manifest of the rules must name `files` and `required_forbids`, and nothing else")
    return given


def _texts(folder: Traversable, named: list[str]) -> dict[str, str]:
    there = {file.name for file in folder.iterdir() if file.name.endswith(".cedar")}
    if there != set(named) or len(named) != len(set(named)):
        raise RulesNotWholeError(f"rule files and manifest differ in: {', '.join(sorted(there ^ set(named)))}")
    return {name: _read(folder.joinpath(name)) for name in named}


def _rules(given: Mapping[str, Any]) -> dict[PolicyId, Rule]:
    if given["templates"] or given["templateLinks"]:
        raise RulesInvalidError("rules must be whole: templates are not used")
    found: dict[PolicyId, Rule] = {}
    for rule in _each(given["staticPolicies"]):
        if rule.id in found:
            raise RulesInvalidError(f"two rules have the id `{rule.id}`")
        found[rule.id] = rule
    return found


def _each(given: Mapping[str, Any]) -> Iterator[Rule]:
    for place, policy in given.items():
        notes = policy.get("annotations", {})
        missing = [name for name in ("id", "because", "staff") if not notes.get(name)]
        if missing:
            raise RulesInvalidError(f"rule `{notes.get('id') or place}` lacks @{', @'.join(missing)}")
        yield Rule(PolicyId(notes["id"]), policy["effect"], notes["because"], notes["staff"])
