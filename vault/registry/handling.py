"""What each kind of change knows of its thing: how it is checked, how the thing stands now, and how it is applied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vault.accounts import StaffLabel
from vault.context import Context
from vault.errors import InvalidInputError

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A thing of the registry as it stands, in the shape of the change's content."""

    version: int
    """0 where there is none yet."""
    content: dict[str, Any]
    """Empty where there is none yet."""
    organisation_id: UUID | None
    """Whose it is; empty for what all share."""
    label: StaffLabel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A change that is to be applied now, and the two people behind it (none where the operator acts alone)."""

    subject: str
    content: Content
    label: StaffLabel | None
    first: UUID | None
    second: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """One kind of change."""

    shared: bool
    """Whether it changes what all share, which the council's administrators alone may do."""
    checked: Callable[[Context, str, Content], dict[str, Any]]
    """The content as it is kept; `InvalidInputError` where it is not whole."""
    standing: Callable[[Context, str, Content], Standing]
    """How the thing stands; its row is locked where the session can write."""
    apply: Callable[[Context, Order], int]
    """Do it; the version that the thing has then."""


def only(content: Content, *names: str) -> None:
    """Refuse a *content* that lacks one of *names* or has another."""
    if content.keys() != set(names):
        raise InvalidInputError(f"this change needs {', '.join(names) or 'no content'}, and nothing else")


def text_of(content: Content, name: str, *, most: int) -> str:
    """
    One line or paragraph of the content.

    Raises:
        InvalidInputError: It is empty or longer than *most* characters.
    """
    said = content.get(name)
    if not isinstance(said, str) or not said.strip() or len(said) > most:
        raise InvalidInputError(f"{name}: write 1 to {most} characters")
    return said.strip()
