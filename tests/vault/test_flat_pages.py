"""A page of the log costs the same in a long log as in a short one, and far down as at the top: the work is counted."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.sql import ClauseElement

from audit.models import ENTRIES
from tests.vault.house import CARE, House
from vault import accounts, trail
from vault.clock import microseconds, month_of
from vault.context import OPERATOR, Context
from vault.keychain import audit_key
from vault.kinds import Role
from vault.models import LogLine
from vault.trail import Filters
from vault.trail.places import person_mark
from vault.trail.review import _newest
from vault.trail.scope import Scope

LIMIT = 50
FEW, MANY = 3_000, 30_000
EVENTS = ("record:opened", "record:refused", "record:written", "token:refused")
LESS_THAN_TEN = (
    8  # the long log is ten times as long and its middle ten times as deep; PostgreSQL may choose another index
)
FIRST = 1_000_000  # the indices of what is invented, past what is there


def rows(house: House, start: int, end: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Entries, and where they are found: two of all that a search may name, in turns."""
    with house.vault.reading(OPERATOR) as ctx:
        now, month = microseconds(ctx.now), month_of(ctx.now)
        (subject,) = trail.pseudonyms(ctx, house.citizen_id, audit_key(ctx, citizen_id=house.citizen_id))
        marks = [person_mark(ctx, name, month) for name in ("hc-1", "hc-2")]
    for at in range(start, end):
        turn = at * 2_654_435_761 >> 7
        yield (
            {"log": 0, "index": FIRST + at, "leaf_hash": at.to_bytes(32), "leaf": b"", "subject": None},
            {
                "log": 0,
                "at": FIRST + at,
                "time": now + at,
                "event": EVENTS[turn % 4],
                "purpose": CARE if turn & 4 else "other",
                "subject": subject if turn & 8 else bytes(16),
                "organisation_id": house.council_id if turn & 16 else UUID(int=1),
                "service_id": house.service_id if turn & 32 else UUID(int=2),
                "person": marks[turn >> 6 & 1],
                "grant_id": UUID(int=3 + (turn >> 7 & 1)),
                "case_id": UUID(int=5 + (turn >> 8 & 1)),
            },
        )


def fill(house: House, start: int, end: int) -> None:
    entries, lines = zip(*rows(house, start, end), strict=True)
    with house.vault.db.write.begin() as connection:
        connection.execute(insert(ENTRIES), list(entries))
        connection.execute(insert(LogLine), list(lines))
    engine = house.vault.db.write.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))


def work(ctx: Context, query: ClauseElement) -> int:
    """How much the database does for *query*: instructions on SQLite, rows touched in `log_lines` on PostgreSQL."""
    connection = ctx.session.connection()
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        counted = [0]

        def count() -> int:
            counted[0] += 1
            return 0

        driver.set_progress_handler(count, 10)
        assert len(connection.execute(query).all()) == LIMIT  # type: ignore[call-overload] # a select
        driver.set_progress_handler(None, 0)
        return counted[0]
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    ((plan,),) = driver.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}", compiled.params).fetchall()
    return int(sum(touched(plan[0]["Plan"])))


def touched(plan: dict[str, Any]) -> Iterator[float]:
    if plan.get("Relation Name") == LogLine.__tablename__:
        yield (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    for inner in plan.get("Plans", ()):
        yield from touched(inner)


def test_every_search_costs_the_same_however_long_the_log_and_however_far_down(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        auditor = accounts.make(ctx, role=Role.AUDITOR, organisation_id=house.council_id).actor()
    with house.vault.reading(auditor) as ctx:
        person = trail.person_found(ctx, citizen_id=house.citizen_id, by="reference")
        today = ctx.now.date()
    whole, part = Scope(), Scope(house.council_id)
    searches = {
        "everything": (whole, Filters()),
        "one organisation's": (part, Filters()),
        "days": (whole, Filters(since=today, until=today.replace(year=today.year + 1))),
        "an event": (whole, Filters(event="record:opened")),
        "done": (whole, Filters(outcome="done")),
        "refused": (whole, Filters(outcome="refused")),
        "a purpose": (whole, Filters(purpose=CARE)),
        "a purpose, refused": (whole, Filters(purpose=CARE, outcome="refused")),
        "a service": (whole, Filters(service_id=house.service_id)),
        "a member of staff": (whole, Filters(reference="hc-1")),
        "a person": (whole, Filters(person=person)),
        "a share": (whole, Filters(grant_id=UUID(int=3))),
        "a case": (whole, Filters(case_id=UUID(int=5))),
    }
    costs: list[dict[str, tuple[int, ...]]] = []
    for start, end in ((0, FEW), (FEW, MANY)):
        fill(house, start, end)
        with house.vault.reading(auditor) as ctx:
            middle = (_time_at(ctx, FIRST + end // 3), 0, FIRST + end // 3)
            costs.append(
                {
                    name: tuple(
                        work(ctx, _newest(ctx, scope, filters, before=before, limit=LIMIT)) for before in (None, middle)
                    )
                    for name, (scope, filters) in searches.items()
                }
            )
    short, long = costs
    most = {name: LESS_THAN_TEN * max(cost) + LIMIT for name, cost in short.items()}
    assert {name: (short[name], long[name]) for name in searches if max(long[name]) > most[name]} == {}
    assert max(map(max, long.values())) < MANY // 2


def _time_at(ctx: Context, at: int) -> int:
    return ctx.session.execute(text("SELECT time FROM log_lines WHERE at = :at"), {"at": at}).scalar_one()  # type: ignore[no-any-return]
