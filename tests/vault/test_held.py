"""What a transaction locks it reads as it is then, not as it was when it read the row before."""

from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.vault import copied_house
from vault import services
from vault.context import OPERATOR
from vault.kinds import ServiceStatus
from vault.models import Service


def by_key(session: Session, service_id: UUID) -> Service | None:
    return session.get(Service, service_id, with_for_update=True)


def by_query(session: Session, service_id: UUID) -> Service | None:
    return session.scalars(select(Service).where(Service.service_id == service_id).with_for_update()).one()


WAYS: Final[tuple[Callable[[Session, UUID], Service | None], ...]] = (by_key, by_query)


@pytest.mark.parametrize("lock", WAYS)
def test_a_row_that_was_read_before_is_read_again_as_it_is_locked(
    lock: Callable[[Session, UUID], Service | None], tmp_path: Path, postgresql_url: str
) -> None:
    house = copied_house.copy(tmp_path, postgresql_url)
    with house.vault.transaction(OPERATOR) as ctx:
        before = ctx.session.get_one(Service, house.service_id)
        assert before.status is ServiceStatus.ACTIVE
        with house.vault.transaction(OPERATOR) as meanwhile:
            services.set_status(meanwhile, slug="home-care", status=ServiceStatus.SUSPENDED)
        assert before.status is ServiceStatus.ACTIVE
        row = lock(ctx.session, house.service_id)
        assert row is before
        assert row.status is ServiceStatus.SUSPENDED
    house.vault.db.dispose()
