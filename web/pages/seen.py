"""What a service would see of a resident's record: one answer for the page that chooses and for the preview."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from vault import access
from vault.catalogue import CATALOGUE, Category
from vault.others import is_left_out
from vault.release import MASK, FieldState, Opened, RecordView, Refusal
from vault.requests import RequestView
from web.auth import me
from web.pages.common import newest_first
from web.runtime import runtime

_NOTHING: Final[tuple[object, ...]] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Group:
    """What would be seen of one category: items, and of what is dangerous to miss how it stands without a value."""

    category: Category
    records: list[RecordView]
    states: list[tuple[str, FieldState]]

    @property
    def alone(self) -> str:
        """The field that is all there is of each of several items, so that it is named once; else empty."""
        names = {name for record in self.records for name in record.fields}
        return next(iter(names)) if len(names) == 1 and len(self.records) > 1 else ""


def would_see(asked: RequestView, shared: frozenset[str]) -> Opened | Refusal:
    """The resident's own record as the service would get it today, were *shared* allowed of all that is *asked*."""
    person = me()
    answer = access.preview(
        runtime().vault,
        actor=person.actor,
        citizen_id=person.citizen_id,
        asked=asked.fields,
        shared=shared,
        max_sensitivity=asked.purpose.max_sensitivity,
    )
    return answer if isinstance(answer, Refusal) else answer.unseal()


def groups(opened: Opened) -> list[Group]:
    """What was opened by category, in the catalogue's order; what several sources say alike stands once."""
    found = [
        Group(each, _once(record for record in opened.records if record.category == each.name), _states(opened, each))
        for each in CATALOGUE.categories
    ]
    return [group for group in found if group.records or group.states]


def values(opened: Opened, names: Iterable[str]) -> dict[str, list[object]]:
    """The values of each of *names*, newest first, each once; hidden ones stay hidden."""
    found: dict[str, list[object]] = {name: [] for name in names}
    for record in newest_first(opened.records):
        for name, held in record.fields.items():
            if (
                name in found
                and held != MASK
                and not is_left_out(name, held)
                and held not in _NOTHING
                and held not in found[name]
            ):
                found[name].append(held)
    return found


def _once(records: Iterable[RecordView]) -> list[RecordView]:
    """*records*, newest first, without those that say nothing beside what another one says."""
    ordered = newest_first(list(records))
    return [each for place, each in enumerate(ordered) if not _said_by_another(each, place, ordered)]


def _said_by_another(record: RecordView, place: int, among: list[RecordView]) -> bool:
    mine = dict(record.fields)
    for other, compared in enumerate(among):
        said = dict(compared.fields)
        within = all(name in said and said[name] == held for name, held in mine.items())
        if other != place and within and (len(said) > len(mine) or other < place):
            return True
    return False


def _states(opened: Opened, category: Category) -> list[tuple[str, FieldState]]:
    """What is said of the fields of *category* that are dangerous to miss and show no value."""
    mine = [(name, state) for name, state in opened.states.items() if name.partition(".")[0] == category.name]
    return [(name, state) for name, state in mine if state.kind != "value"]
