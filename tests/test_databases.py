"""The tests' own ground: databases are real, fresh and of both kinds, and the network is off."""

import socket

import pytest
import sqlalchemy

from tests import databases, network, postgres


def test_an_empty_database_is_real_and_new_enough(empty_postgresql_url: str) -> None:
    engine = sqlalchemy.create_engine(empty_postgresql_url)
    with engine.connect() as connection:
        version = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
    engine.dispose()
    assert int(version) >= 150_000


def do(url: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def rows_in(url: str, table: str) -> int:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        counted: int = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
    engine.dispose()
    return counted


def names_in(url: str) -> list[str]:
    engine = sqlalchemy.create_engine(url)
    names = sqlalchemy.inspect(engine).get_table_names()
    engine.dispose()
    return names


def test_every_database_is_migrated_and_fresh(database_url: str) -> None:
    names = names_in(database_url)
    do(database_url, "CREATE TABLE left_behind (id INTEGER)")
    assert "alembic_version" in names
    assert "left_behind" not in names


def test_a_used_postgresql_database_is_as_new_for_the_next_test() -> None:
    with databases.postgresql() as url:
        do(url, "INSERT INTO audit_nodes SELECT 0, 1, n, decode('00', 'hex') FROM generate_series(1, 9) AS n")
    with databases.postgresql() as again:
        assert again == url
        assert rows_in(again, "audit_nodes") == 0
        assert rows_in(again, "alembic_version") == 1


def test_a_postgresql_database_that_changed_shape_is_not_given_to_another_test() -> None:
    with databases.postgresql() as url:
        do(url, "ALTER TABLE audit_nodes ADD COLUMN left_behind INTEGER")
    with databases.postgresql() as other:
        assert other != url


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_no_test_reaches_another_machine(host: str) -> None:
    with (
        socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as line,
        pytest.raises(network.NetworkIsOffError),
    ):
        line.connect((host, 80))


def test_no_test_looks_up_a_name() -> None:
    with pytest.raises(network.NetworkIsOffError):
        socket.getaddrinfo("vault.example", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", b"127.0.0.2", "", None], ids=repr)
def test_this_machine_may_be_reached(host: object) -> None:
    assert network.is_local(host)


def test_the_server_never_runs_as_root() -> None:
    assert postgres.unprivileged_user() != "root"
