"""What a change of the registry changes, part by part: before and after, and of lists what is added and left out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from vault.crypto.public_keys import thumbprint
from vault.registry.views import ChangeView

BY_NAME: Final = frozenset({"whys", "welsh"})
"""Members that hold texts by name, compared text by text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One member of a thing, before and after."""

    name: str
    before: Any
    """Empty (None) for something new."""
    after: Any
    added: tuple[str, ...] = ()
    """Of a list: what is in it from then on."""
    removed: tuple[str, ...] = ()
    """Of a list: what is in it no longer."""
    kept: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether it is a list, of which `added`, `removed` and `kept` say what becomes of it."""
        return isinstance(self.after, list)

    @property
    def differs(self) -> bool:
        """Whether the change changes it."""
        return bool(self.before != self.after)


def parts(change: ChangeView) -> list[Part]:
    """Every part of the thing that *change* names, in the order in which it is kept, whether or not it differs."""
    before, after = _plain(change.replaced), _plain(change.content)
    if change.label:
        before |= asdict(change.replaced_label) if change.replaced_label else {}
        after |= asdict(change.label)
    names = list(dict.fromkeys([*after, *before]))
    return [_part(name, before.get(name), after.get(name, [] if name in BY_NAME else None)) for name in names]


def _part(name: str, before: Any, after: Any) -> Part:  # noqa: ANN401 -- JSON values
    if not isinstance(after, list):
        return Part(name=name, before=before, after=after)
    old = list(before or ())
    return Part(
        name=name,
        before=before,
        after=after,
        added=tuple(each for each in after if each not in old),
        removed=tuple(each for each in old if each not in after),
        kept=tuple(each for each in after if each in old),
    )


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """*content* with keys and purposes as lists of what people compare."""
    plain = dict(content)
    if "jwks" in plain:
        plain["jwks"] = [key_line(key) for key in plain["jwks"]["keys"]]
    for member in BY_NAME & plain.keys():
        plain[member] = [f"{name}: {words}" for name, words in sorted(plain[member].items())]
    if isinstance(plain.get("purposes"), Mapping):
        plain["purposes"] = list(plain["purposes"])
    return plain


def key_line(key: Mapping[str, Any]) -> str:
    """A public key in one line: its own name, its kind, and its thumbprint (RFC 7638)."""
    name, kind = thumbprint(key), key.get("crv") or key["kty"]
    return f"{kind}, {name}" if key.get("kid") in {None, name} else f"{key['kid']}, {kind}, {name}"
