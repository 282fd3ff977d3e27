"""The lawful grounds are those of the W3C's Data Privacy Vocabulary, term by term."""

import csv
from pathlib import Path

import pytest

from vault.lawful import BASES, CONDITIONS, Ground


def terms(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {f"{row['vocab']}:{row['term']}": row["label"] for row in csv.DictReader(file)}


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "grounds"),
    [("legal_eu_gdpr_legal_basis.csv", BASES), ("legal_eu_gdpr_legal_basis_special.csv", CONDITIONS)],
)
def test_every_ground_is_a_term_of_the_vocabulary_and_none_is_missing(
    shared_data: Path, file: str, grounds: dict[str, Ground]
) -> None:
    known = terms(shared_data / "dpv" / file)
    assert {ground.dpv for ground in grounds.values()} <= known.keys()
    whole = {term for term in known if term.count("-") == 3}  # eu-gdpr:A6-1-e, without its finer kinds
    assert {ground.dpv for ground in grounds.values()} == whole
    for ground in grounds.values():
        article, paragraph, letter = ground.dpv.removeprefix("eu-gdpr:A").split("-")
        assert ground.code == f"{article}({paragraph})({letter})"
