"""The one door out: decide, log, unseal. No other code reaches the plaintext of a record.

1. *Read and decide*: the facts with the versions read, then the rules; no transaction is held.
2. *One short write transaction, the door's own*: claim the proof, use up the grant on condition that nothing changed
since, queue the log entry, commit.
3. `Release.unseal`, which there is nothing to call on unless that transaction committed.

So "logged but not delivered" can happen, and the reverse cannot. A refusal is logged the same way and returned, not
raised.
"""

from vault.access.addressing import Postal, email_of, postal_of
from vault.access.asking import ActingPerson, Proof
from vault.access.attaching import ToAttach, attach_with_token
from vault.access.contacting import ContactBy, contact_is_safe
from vault.access.correcting import read_to_correct
from vault.access.delegated import preview_for_delegate, read_as_delegate
from vault.access.each import Round, grants_to_read, read_one_of_many
from vault.access.emergency import read_in_emergency
from vault.access.growing import Stage, stage_of_life
from vault.access.hinted import confirm_hint
from vault.access.identity import confirm_identity
from vault.access.noted import forget_noted_looks
from vault.access.once import Kept, Once, forget_kept_answers
from vault.access.own import export_own, read_own, reveal
from vault.access.papers import open_as_officer, open_own, open_with_token
from vault.access.preview import preview
from vault.access.reported import Disclosure, report_with_token
from vault.access.returned import Change, ToWrite, write_with_token
from vault.access.shared import read_as_officer, read_with_token

__all__ = [
    "ActingPerson",
    "Change",
    "ContactBy",
    "Disclosure",
    "Kept",
    "Once",
    "Postal",
    "Proof",
    "Round",
    "Stage",
    "ToAttach",
    "ToWrite",
    "attach_with_token",
    "confirm_hint",
    "confirm_identity",
    "contact_is_safe",
    "email_of",
    "export_own",
    "forget_kept_answers",
    "forget_noted_looks",
    "grants_to_read",
    "open_as_officer",
    "open_own",
    "open_with_token",
    "postal_of",
    "preview",
    "preview_for_delegate",
    "read_as_delegate",
    "read_as_officer",
    "read_in_emergency",
    "read_one_of_many",
    "read_own",
    "read_to_correct",
    "read_with_token",
    "report_with_token",
    "reveal",
    "stage_of_life",
    "write_with_token",
]
