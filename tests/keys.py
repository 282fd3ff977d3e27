"""A device that keeps passkeys, as Chromium's virtual authenticator, and what a person does with it."""

from typing import Final
from uuid import UUID

from playwright.sync_api import CDPSession, Page

from vault import passkeys
from vault.context import SYSTEM, Vault

KEY: Final = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_key(page: Page) -> CDPSession:
    """Give the page a device that can keep passkeys."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    key = session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key["authenticatorId"], "isUserVerified": True})
    return session


def press(page: Page, name: str) -> None:
    """Press the button of this name."""
    page.get_by_role("button", name=name).click()


def give_passkey(vault: Vault, account_id: UUID) -> None:
    """Let an account have a passkey that nobody holds, so that it could be asked for one."""
    with vault.transaction(SYSTEM) as ctx:
        passkeys.add(ctx, account_id=account_id, credential_id=account_id.bytes, public_key=b"key", sign_count=0)
