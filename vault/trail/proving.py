"""Whether a line stands in the signed log, and the proof that anyone can check elsewhere."""

from dataclasses import dataclass

from audit import read
from audit.entry import Leaf
from audit.entry import leaf_hash as entry_leaf_hash
from audit.errors import AuditError, EntryNotFoundError, LeafInvalidError
from audit.proof import verify_proof
from vault.context import Context
from vault.errors import EntryDamagedError, NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether a line stands in the signed log, and the proof anyone can check elsewhere (C2SP tlog-proof)."""

    included: bool
    pending: bool
    index: int | None
    tree_size: int | None
    root: str
    path: tuple[str, ...] = ()
    """The hashes from the leaf's sibling up to the root, 64 hex digits each."""
    proof: str = ""
    origin: str = ""
    """The name of the log that signed."""
    public_key: str = ""
    """The log's public key (Ed25519), 64 hex digits."""


def check(ctx: Context, *, leaf_hash: bytes) -> Checked:
    """
    Check that a line, as it is stored, stands in the newest signed head of the log (RFC 9162, section 2.1.3.2).

    Raises:
        NotFoundError: There is no such line.
    """
    public = ctx.keyring.store.public_key("log")
    if entry_leaf_hash(entry_row(ctx, leaf_hash).encoded) != leaf_hash:  # the stored bytes are not those of that hash
        return Checked(included=False, pending=False, index=None, tree_size=None, root="", public_key=public.hex())
    try:
        proof = read.proof(ctx.session, leaf_hash)
    except EntryNotFoundError:
        return Checked(included=False, pending=True, index=None, tree_size=None, root="", public_key=public.hex())
    except AuditError:  # a node that the proof needs is gone or was changed
        return Checked(included=False, pending=False, index=None, tree_size=None, root="", public_key=public.hex())
    try:
        head = verify_proof(proof.text, leaf_hash=leaf_hash, public_keys=[public])
    except AuditError:
        return Checked(included=False, pending=False, index=proof.index, tree_size=None, root="", proof=proof.text)
    return Checked(
        included=True,
        pending=False,
        index=proof.index,
        tree_size=head.size,
        root=head.root.hex(),
        path=tuple(held.hex() for held in proof.hashes),
        proof=proof.text,
        origin=head.origin,
        public_key=public.hex(),
    )


def log_key(ctx: Context) -> str:
    """The log's public key (Ed25519), 64 hex digits."""
    return ctx.keyring.store.public_key("log").hex()


def leaf_of(ctx: Context, *, leaf_hash: bytes) -> Leaf:
    """
    The leaf itself, as it stands in the tree.

    Raises:
        NotFoundError: There is none.
    """
    return entry_row(ctx, leaf_hash).leaf


def entry_row(ctx: Context, leaf_hash: bytes) -> read.EntryRow:
    """
    The stored entry with *leaf_hash*.

    Raises:
        NotFoundError: There is none.
        EntryDamagedError: What is stored there is no entry any more.
    """
    try:
        return read.entry(ctx.session, leaf_hash)
    except EntryNotFoundError as error:
        raise NotFoundError("there is no such line") from error
    except LeafInvalidError as error:
        raise EntryDamagedError(f"entry `{leaf_hash.hex()}` is damaged") from error


def position(written: str | None) -> read.Position | None:
    """Where the last page ended; something else than a position begins anew."""
    try:
        return read.Position.parse(written) if written else None
    except ValueError:
        return None
