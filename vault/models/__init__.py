"""The vault's tables, as typed models: columns and named constraints, no rules, no HTTP, no words for people.

Every table about a citizen's data has ``citizen_id`` leading its primary key, so that data can be spread by citizen.
"""

from vault.kinds import (
    AccountStatus,
    CaseKind,
    CaseState,
    ChangeKind,
    ChangeState,
    Channel,
    CitizenStatus,
    Decider,
    GrantState,
    KeyState,
    LinkKind,
    RecordStatus,
    RequestState,
    Role,
    ServiceStatus,
    TokenKind,
)
from vault.models.base import Authenticated, Base, Covered, UtcDateTime
from vault.models.keys import CategoryKey, CitizenKey, HouseKey
from vault.models.people import Authority, BlindIndex, Citizen, HeldBack, Reference
from vault.models.records import ImportRun, Record, RecordVersion, Seal, UnmatchedItem
from vault.models.registry import (
    Organisation,
    Purpose,
    PurposeVersion,
    RegistryChange,
    Service,
    ServiceDetail,
    ServicePurpose,
    VaultFact,
)
from vault.models.sharing import AccessRequest, Case, Grant, SpentProof, Token
from vault.models.sign_in import Account, Challenge, Identity, Link, Passkey, SignIn
from vault.models.watching import LogLine, RefusalSum

__all__ = [
    "AccessRequest",
    "Account",
    "AccountStatus",
    "Authenticated",
    "Authority",
    "Base",
    "BlindIndex",
    "Case",
    "CaseKind",
    "CaseState",
    "CategoryKey",
    "Challenge",
    "ChangeKind",
    "ChangeState",
    "Channel",
    "Citizen",
    "CitizenKey",
    "CitizenStatus",
    "Covered",
    "Decider",
    "Grant",
    "GrantState",
    "HeldBack",
    "HouseKey",
    "Identity",
    "ImportRun",
    "KeyState",
    "Link",
    "LinkKind",
    "LogLine",
    "Organisation",
    "Passkey",
    "Purpose",
    "PurposeVersion",
    "Record",
    "RecordStatus",
    "RecordVersion",
    "Reference",
    "RefusalSum",
    "RegistryChange",
    "RequestState",
    "Role",
    "Seal",
    "Service",
    "ServiceDetail",
    "ServicePurpose",
    "ServiceStatus",
    "SignIn",
    "SpentProof",
    "Token",
    "TokenKind",
    "UnmatchedItem",
    "UtcDateTime",
    "VaultFact",
]
