"""What a service would see, shown to the citizen before they decide: their own record, cut as the door would cut it."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from vault.access.own import read_own
from vault.access.question import reaches
from vault.catalogue import CATALOGUE
from vault.context import Actor, Vault
from vault.release import Refusal, Release

_EVERYTHING: Final = 2  # the sensitivity of danger, above which nothing is


def preview(
    vault: Vault,
    *,
    actor: Actor,
    citizen_id: UUID,
    asked: frozenset[str],
    shared: frozenset[str],
    max_sensitivity: int,
) -> Release | Refusal:
    """
    Open a citizen's own record for them as a service would get it, were *shared* allowed of the fields *asked*.

    It is the citizen's own look and logged as one. What is lawfully held back from them is not in it, and values that
    are shown one at a time stay masked.

    Raises:
        NotFoundError: No such citizen.
        UnknownFieldError: No such field.
    """
    categories = frozenset(CATALOGUE.field(name).category for name in asked)
    answer = read_own(vault, actor=actor, citizen_id=citizen_id, categories=categories)
    if isinstance(answer, Refusal):
        return answer
    return replace(
        answer,
        fields=shared,
        asked=asked,
        items=tuple(item for item in answer.items if reaches(item, max_sensitivity=max_sensitivity)),
        partial=max_sensitivity < _EVERYTHING,
    )
