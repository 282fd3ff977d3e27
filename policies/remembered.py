"""Answers given before, for questions that the rules cannot tell apart; proven rule by rule when they are read.

Two questions are one to the rules when they differ only in what no rule looks at by itself:

- *ids* of people and services. Rules compare them with each other and name none, so that only which of them are the
  same counts;
- *facts* that rules only ever compare with one another (now, the ends of periods, uses, versions), so that only how
  they compare counts.

So what is asked is written with these replaced by how they compare, and the answer of the rules to exactly that is
kept. Where a rule does anything else with a fact (sums, literals, whole records), the fact counts as it is; where a
rule names an id, nothing is kept at all.
"""

import marshal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from policies.model import Decision

MOST: Final = 4096
"""Answers kept at once; then all are forgotten and given anew."""

Path = tuple[str, ...]
Node = Mapping[str, Any]

_COMPARING: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_ID_KEYS: Final = {"type", "id"}
_LARGEST: Final = 2**63  # Cedar's Long
_ACTION: Final = "Vault::Action"
_NOWHERE: Final[Node] = {}


@dataclass(frozen=True, slots=True)
class Compared:
    """Which facts the rules only compare with one another, as pairs of paths below the context."""

    pairs: tuple[tuple[Path, Path], ...]

    @property
    def paths(self) -> frozenset[Path]:
        """Each of them."""
        return frozenset(path for pair in self.pairs for path in pair)


class Remembered:
    """The answers of one policy set. Threads may share it: an entry is put in whole and never changed."""

    __slots__ = ("_pairs", "_places", "_width", "answers")

    def __init__(self, compared: Compared) -> None:
        numbers = {path: number for number, path in enumerate(sorted(compared.paths))}
        self._places = _tree(numbers)
        self._pairs = [(numbers[one], numbers[other]) for one, other in compared.pairs]
        self._width = len(numbers)
        self.answers: dict[bytes, Decision] = {}

    def key(self, facts: Mapping[str, Any]) -> bytes | None:
        """What the rules can tell of *facts*, as bytes; None where a fact is not of a kind that Cedar takes."""
        ids: dict[tuple[object, object], int] = {}
        found: list[Any] = [None] * self._width
        try:
            who = [_plain(facts[name], _NOWHERE, ids, found) for name in ("principal", "action", "resource")]
            context = _plain(facts["context"], self._places, ids, found)
            ways = [_how(found[one], found[other]) for one, other in self._pairs]
            return marshal.dumps((who, context, ways), 2)
        except (KeyError, TypeError, ValueError):
            return None

    def find(self, key: bytes | None) -> Decision | None:
        """The answer given before to the same question."""
        return None if key is None else self.answers.get(key)

    def keep(self, key: bytes | None, answer: Decision) -> None:
        """Keep *answer*; when there are too many, begin anew."""
        if key is not None:
            if len(self.answers) >= MOST:
                self.answers.clear()
            self.answers[key] = answer


def _tree(numbers: Mapping[Path, int]) -> dict[str, Any]:
    """Each path's number, by the names on its way; no path of *numbers* goes through the end of another."""
    tree: dict[str, Any] = {}
    for path, number in numbers.items():
        below = tree
        for name in path[:-1]:
            below = below.setdefault(name, {})
        below[path[-1]] = number
    return tree


def _how(one: Any, other: Any) -> int | bool | None:  # noqa: ANN401 -- JSON
    """How two facts compare: -1, 0 or 1 for numbers, whether they are the same for words and ids."""
    if one is None or other is None:
        if one is not other:
            there = one if other is None else other
            _how(there, there)  # what is there must be of its kind, even where nothing stands beside it
        return None
    if type(one) is int and type(other) is int and max(abs(one), abs(other)) < _LARGEST:
        return (one > other) - (one < other)
    if type(one) is str and type(other) is str:
        return _sound(one) == _sound(other)
    if _is_id(one) and _is_id(other):
        return _sound(one["id"]) == _sound(other["id"]) and _sound(one["type"]) == _sound(other["type"])
    raise ValueError("not facts that can be compared")


def _is_id(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == _ID_KEYS


def _sound(word: object) -> bytes:
    """*word* as bytes; only text that Cedar takes is left out of a key."""
    if type(word) is not str:
        raise ValueError("not a word")
    return word.encode()


def _plain(
    value: Any,  # noqa: ANN401 -- JSON
    places: Mapping[str, Any],
    ids: dict[tuple[object, object], int],
    found: list[Any],
) -> Any:  # noqa: ANN401 -- JSON
    """
    *value* without what is only compared, and every id replaced by the number of its first appearance.

    What is only compared stands at *places* (`_tree`) and is put into *found*, by its number.
    """
    if not isinstance(value, dict):
        return value
    if value.keys() == _ID_KEYS:
        if value["type"] == _ACTION:
            return value["id"]
        return value["type"], ids.setdefault((value["type"], _sound(value["id"])), len(ids))
    plain = {}
    for name, inner in value.items():
        place = places.get(name, _NOWHERE)
        if isinstance(place, int):
            found[place], plain[name] = inner, type(inner).__name__
        else:
            plain[name] = _plain(inner, place, ids, found) if isinstance(inner, dict) else inner
    return plain


def compared_in(policies: Mapping[str, Node]) -> Compared | None:
    """
    What may be left out of a question to *policies* (Cedar's JSON, by rule); None where a rule names someone's id.

    Facts count as compared when every look at them, in every rule, is one side of a comparison whose other side is
    such a look too.
    """
    nodes = list(policies.values())
    if any(_names_someone(node) for node in nodes):
        return None
    pairs: set[tuple[Path, Path]] = set()
    alone: set[Path] = set()
    for node in nodes:
        for condition in node["conditions"]:
            _look(condition["body"], pairs, alone)
    while spoilt := {pair for pair in pairs if alone.intersection(pair) or _is_inside({*alone, *chain(*pairs)}, pair)}:
        pairs -= spoilt
        alone |= {path for pair in spoilt for path in pair}
    return Compared(tuple(sorted(pairs)))


def _is_inside(whole: set[Path], pair: tuple[Path, Path]) -> bool:
    """Whether a record around one of *pair* is looked at as a whole."""
    return any(path[:length] in whole for path in pair for length in range(len(path)))


def _names_someone(node: Any) -> bool:  # noqa: ANN401 -- JSON
    if isinstance(node, dict):
        if node.keys() >= _ID_KEYS and node["type"] != _ACTION:
            return True
        return any(_names_someone(inner) for inner in node.values())
    return isinstance(node, list) and any(map(_names_someone, node))


def _look(node: Any, pairs: set[tuple[Path, Path]], alone: set[Path]) -> None:  # noqa: ANN401 -- JSON
    """Gather what is compared in one expression, and what is looked at in any other way."""
    if isinstance(node, list):
        for inner in node:
            _look(inner, pairs, alone)
    if not isinstance(node, dict):
        return
    path = _path(node)
    if path is not None:
        alone.add(path)
        return
    for operator, inner in node.items():
        sides = _sides(inner) if operator in _COMPARING else None
        if sides:
            pairs.add(sides)
        elif operator == "has" and _path(inner["left"]) is not None:
            continue  # whether something is there is in every question
        else:
            _look(list(_inside(inner)), pairs, alone)


def _inside(node: Any) -> Iterator[Any]:  # noqa: ANN401 -- JSON
    return iter(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())


def _sides(inner: Node) -> tuple[Path, Path] | None:
    left, right = _path(inner["left"]), _path(inner["right"])
    return None if not left or not right else (left, right)


def _path(node: Any) -> Path | None:  # noqa: ANN401 -- JSON
    """The path below the context at which *node* looks; () for the context itself; None for any other expression."""
    if not isinstance(node, dict):
        return None
    if node == {"Var": "context"}:
        return ()
    if node.keys() != {"."}:
        return None
    above = _path(node["."]["left"])
    return None if above is None else (*above, node["."]["attr"])
