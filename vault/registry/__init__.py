"""The registry's changes: who takes part, which services may ask for what, and who works for whom.

A change that gives something is proposed by one administrator and approved by another; stopping something takes one.
What is approved is what was proposed: where the thing changed meanwhile, the change must be proposed again. The
operator at the server may act alone, and the log says so.
"""

from vault.crypto.public_keys import thumbprint
from vault.registry.changes import Approved, approve, propose, reject, stop, take_back
from vault.registry.comparing import Part, parts
from vault.registry.history import Told, told
from vault.registry.judging import stands_as_proposed
from vault.registry.organisations import KINDS
from vault.registry.present import KeyView, ServiceSheet, sheet
from vault.registry.services import check_keys
from vault.registry.trying import send_test_event
from vault.registry.views import ChangeView, everything, find, of_subject, waiting

__all__ = [
    "KINDS",
    "Approved",
    "ChangeView",
    "KeyView",
    "Part",
    "ServiceSheet",
    "Told",
    "approve",
    "check_keys",
    "everything",
    "find",
    "of_subject",
    "parts",
    "propose",
    "reject",
    "send_test_event",
    "sheet",
    "stands_as_proposed",
    "stop",
    "take_back",
    "thumbprint",
    "told",
    "waiting",
]
