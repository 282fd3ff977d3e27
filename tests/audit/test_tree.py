import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.entry import leaf_hash
from audit.errors import ProofInvalidError
from audit.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_ranges,
    hashes_of,
    inclusion_ranges,
    node_hash,
    places_of,
    root_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of RFC 6962 implementations' reference test: certificate-transparency, merkletree test vectors.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
HASHES = [leaf_hash(bytes([at % 251, at // 251])) for at in range(600)]
sizes = st.integers(1, len(HASHES))


def _slow_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(_slow_root(hashes[:split]), _slow_root(hashes[split:]))


def _node(place: tuple[int, int]) -> bytes:
    level, index = place
    return _slow_root(HASHES[index << level : (index + 1) << level])


def test_known_roots_come_out() -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    assert [root_hash(hashes[:size]).hex() for size in range(9)] == list(ROOTS)


@given(sizes)
def test_a_growing_tree_has_the_root_of_the_definition(size: int) -> None:
    frontier = Frontier()
    nodes = {(0, at): held for at, held in enumerate(HASHES[:size])}
    for held in HASHES[:size]:
        nodes.update(frontier.append(held))
    assert frontier.root == _slow_root(HASHES[:size]) == root_of([nodes[place] for place in places_of(0, size)])
    assert all(held == _node(place) for place, held in nodes.items())
    assert len(nodes) == sum(size >> level for level in range(size.bit_length()))


@given(sizes, st.data())
def test_every_leaf_is_proved_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = hashes_of(inclusion_ranges(index, size), _node)
    root = _slow_root(HASHES[:size])
    verify_inclusion(index=index, size=size, leaf_hash=HASHES[index], root=root, proof=proof)
    wrong: list[dict[str, Any]] = [
        {"leaf_hash": leaf_hash(b"another")},
        {"root": leaf_hash(b"another")},
        {"proof": [*proof, HASHES[0]]},
        {"index": size},
        {"index": -1},
        {"leaf_hash": HASHES[index][:31]},
    ]
    if proof:
        wrong += [{"proof": proof[:-1]}, {"proof": [*proof[:-1], leaf_hash(b"another")]}]
    sound: dict[str, Any] = {"index": index, "size": size, "leaf_hash": HASHES[index], "root": root, "proof": proof}
    for change in wrong:
        with pytest.raises(ProofInvalidError):
            verify_inclusion(**sound | change)


@given(sizes, sizes)
def test_every_extension_is_proved_and_nothing_else_is(one: int, other: int) -> None:
    first, second = sorted((one, other))
    proof = hashes_of(consistency_ranges(first, second), _node)
    roots: dict[str, Any] = {"first_root": _slow_root(HASHES[:first]), "second_root": _slow_root(HASHES[:second])}
    verify_consistency(first=first, second=second, **roots, proof=proof)
    wrong: list[dict[str, Any]] = [
        {"first_root": EMPTY_ROOT},
        {"second_root": EMPTY_ROOT},
        {"proof": [*proof, HASHES[0]]},
        {"first": 0},
    ]
    if proof:
        wrong += [{"proof": proof[:-1]}, {"proof": [*proof[:-1], leaf_hash(b"another")]}]
    for change in wrong:
        with pytest.raises(ProofInvalidError):
            verify_consistency(**{"first": first, "second": second, **roots, "proof": proof} | change)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (0, 0), (6, 5), (-1, 5)])
def test_no_extension_is_proved_from_nothing_or_backwards(first: int, second: int) -> None:
    with pytest.raises(ProofInvalidError):
        consistency_ranges(first, second)
    with pytest.raises(ProofInvalidError):
        verify_consistency(first=first, second=second, first_root=EMPTY_ROOT, second_root=EMPTY_ROOT, proof=[])


@pytest.mark.parametrize("index", [-1, 5])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(ProofInvalidError):
        inclusion_ranges(index, 5)


def _vectors(folder: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]
    assert found
    return found


def _bytes(held: object) -> bytes:
    return base64.b64decode(str(held)) if held else b""


@pytest.mark.realdata
def test_the_inclusion_vectors_of_transparency_dev_pass(shared_data: Path) -> None:
    for vector in _vectors(shared_data / "crypto" / "merkle" / "inclusion"):
        proof = [_bytes(held) for held in vector["proof"] or []]
        try:
            verify_inclusion(
                index=int(vector["leafIdx"]),
                size=int(str(vector["treeSize"])),
                leaf_hash=_bytes(vector["leafHash"]),
                root=_bytes(vector["root"]),
                proof=proof,
            )
        except ProofInvalidError:
            assert vector["wantErr"], vector["desc"]
        else:
            assert not vector["wantErr"], vector["desc"]


@pytest.mark.realdata
def test_the_vectors_are_all_there_with_good_ones_bad_ones_and_hashes_that_are_none(shared_data: Path) -> None:
    for kind, fewest in (("inclusion", 49), ("consistency", 43)):
        vectors = _vectors(shared_data / "crypto" / "merkle" / kind)
        assert len(vectors) >= fewest
        assert {bool(vector["wantErr"]) for vector in vectors} == {False, True}
        names = ("leafHash", "root", "root1", "root2")
        hashes = [[*(v["proof"] or []), *(v[name] for name in names if name in v)] for v in vectors]
        short = [v for v, held in zip(vectors, hashes, strict=True) if any(len(_bytes(each)) != 32 for each in held)]
        assert short
        assert all(vector["wantErr"] for vector in short)


@pytest.mark.realdata
def test_the_consistency_vectors_of_transparency_dev_pass(shared_data: Path) -> None:
    for vector in _vectors(shared_data / "crypto" / "merkle" / "consistency"):
        proof = [_bytes(held) for held in vector["proof"] or []]
        try:
            verify_consistency(
                first=int(str(vector["size1"])),
                second=int(str(vector["size2"])),
                first_root=_bytes(vector["root1"]),
                second_root=_bytes(vector["root2"]),
                proof=proof,
            )
        except ProofInvalidError:
            assert vector["wantErr"], vector["desc"]
        else:
            assert not vector["wantErr"], vector["desc"]
