"""
Do the officer's pages of a spoken decision take the same time for somebody known elsewhere and somebody unknown?

    .venv/bin/python -m tests.benchmarks.spoken_pages [PAIRS]

Each pair is one request about a resident whom the officer's organisation knows by no reference, and one about a number
that is nobody's, in alternating order, on the demo's portal over SQLite. For each page: the medians, the median of the
pairs' gaps, and the two-sided p of a Mann-Whitney U test by its normal approximation (with ties at their mean rank).
"""

import math
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final
from uuid import UUID

from tests.portal_world import Portal, opened, prepared, submit
from vault import access, purposes, requests, services
from vault.context import OPERATOR, Actor
from vault.requests import Ask, Hint

PAIRS: Final = 120
NOBODY: Final = Hint("nhs", "9990000018", date(1944, 3, 9).isoformat())
YES: Final = {"channel": "phone", "words": "Rang at ten, gave number and birthday"}


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> float:
    """The two-sided p that both come from the same distribution."""
    every = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks, place = 0.0, 0
    while place < len(every):
        last = place
        while last + 1 < len(every) and every[last + 1][0] == every[place][0]:
            last += 1
        ranks += sum((place + last) / 2 + 1 for at in range(place, last + 1) if every[at][1] == 0)
        place = last + 1
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    z = (abs(u - n * m / 2) - 0.5) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(max(z, 0) / math.sqrt(2))


def _purposes(portal: Portal, pairs: int) -> tuple[UUID, list[str]]:
    """A purpose for each pair, so that no request joins another; for the surveyor's service."""
    with portal.vault.transaction(OPERATOR) as ctx:
        like = purposes.find(ctx, slug="housing-adaptations")
        names = [f"adaptations-{number}" for number in range(pairs)]
        for name in names:
            made = purposes.Definition.parse({**like.as_json(), "slug": name})
            purposes.register(ctx, definition=made, first=None, second=None)
        services.set_purposes(ctx, slug="adaptations", purposes=["housing-adaptations", *names], batch=[])
        return services.by_slug(ctx, slug="adaptations").service_id, names


def _asked(portal: Portal, service_id: UUID, hint: Hint, purpose: str) -> UUID:
    with portal.vault.reading(OPERATOR) as ctx:
        organisation_id = services.by_id(ctx, service_id=service_id).organisation_id
    actor = Actor(kind="service", service_id=service_id, organisation_id=organisation_id)
    confirmed = access.confirm_hint(portal.vault, actor=actor, hint=hint)
    with portal.vault.transaction(actor) as ctx:
        wanted = Ask(
            service_id=service_id,
            hint=hint,
            purpose=purpose,
            fields=frozenset({"identity.name"}),
            confirmed=confirmed,
        )
        return requests.ask(ctx, asked=wanted).request_id


def measure(portal: Portal, pairs: int) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds for each page: known elsewhere, unknown."""
    edith = portal.resident("edith")
    known = Hint("nhs", edith.nhs_number, edith.born.isoformat())
    service_id, names = _purposes(portal, pairs)
    officer = portal.client("surveyor")
    took: dict[str, tuple[list[float], list[float]]] = {}
    for number, purpose in enumerate(names):
        for which in (0, 1) if number % 2 else (1, 0):
            here = f"/officer/requests/{_asked(portal, service_id, (known, NOBODY)[which], purpose)}/decision"
            for share in ("all", "none"):
                submit(officer, here, {"share": share})
                token_page = officer.get(f"{here}/evidence")
                begun = perf_counter()
                answer = submit(officer, f"{here}/evidence", YES)
                took.setdefault(f"{share}: {answer.status_code}", ([], []))[which].append(perf_counter() - begun)
                assert token_page.status_code == 200
            for page in ("done", "letter"):
                begun = perf_counter()
                officer.get(f"{here}/{page}")
                took.setdefault(page, ([], []))[which].append(perf_counter() - begun)
    return took


def main(pairs: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, opened(prepared(Path(folder)), "http://localhost") as portal:
        took = measure(portal, pairs)
    for page, (known, unknown) in took.items():
        gap = median(one - other for one, other in zip(known, unknown, strict=True))
        print(  # noqa: T201 -- a table for who runs it
            f"{page:10} n={len(known)} known {median(known) * 1e3:6.2f} ms, unknown {median(unknown) * 1e3:6.2f} ms, "
            f"gap {gap * 1e3:+.2f} ms, Mann-Whitney p = {mann_whitney(known, unknown):.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
