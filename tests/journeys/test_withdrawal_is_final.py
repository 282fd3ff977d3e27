"""A withdrawal is final: whoever reads in a loop, on whichever server, gets no field after it was answered."""

from pathlib import Path

from tests.benchmarks import withdrawing


def test_no_client_on_either_server_gets_a_field_after_a_withdrawal_was_answered(
    tmp_path: Path, empty_postgresql_url: str
) -> None:
    outcome = withdrawing.run(tmp_path, empty_postgresql_url, clients=32, shares=1)
    assert [share.leaks for share in outcome.shares] == [0] * 32
    assert all(share.denied > share.asked > 0 for share in outcome.shares)
    assert all(any(came for _, _, came in share.reads) for share in outcome.shares)
