"""Passkeys (Web Authentication Level 3): making one, and signing in with one. Nobody types a name."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import request
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from vault import challenges, links
from vault import passkeys as kept
from vault.context import SYSTEM, Actor, Context
from vault.errors import NotFoundError, ReplayedError
from vault.passkeys import PasskeyView
from web.faults import MalformedRequestError, PasskeyRefusedError
from web.runtime import runtime
from web.schemas import strict_json

MAKING: Final = "passkey-make"
SIGNING_IN: Final = "passkey-sign-in"
PROVING: Final = "passkey-prove"


def sent() -> Mapping[str, Any]:
    """
    What the browser sent of a passkey: a JSON object, read as strictly as any other.

    Raises:
        RequestTooLargeError: It is longer than any passkey's answer.
        MalformedRequestError: It is no sound JSON object.
    """
    answer = strict_json.parse(request.get_data())
    if not isinstance(answer, dict):
        raise MalformedRequestError("what the browser sends of a passkey is a JSON object")
    return answer


def creation_options(account_id: UUID) -> Mapping[str, Any]:
    """What ``navigator.credentials.create`` needs to make a discoverable, user-verified passkey for an account."""
    config = runtime().config
    with runtime().vault.transaction(SYSTEM) as ctx:
        challenge = challenges.new(ctx, purpose=MAKING, account_id=account_id)
        held = kept.of_account(ctx, account_id=account_id)
    options = generate_registration_options(
        rp_id=config.host,
        rp_name=config.council,
        user_id=account_id.bytes,
        user_name=config.council,  # shown by the browser; a person's own name would be kept by its maker's cloud
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in held],
    )
    made: dict[str, Any] = json.loads(options_to_json(options))
    return made


def add(
    answer: Mapping[str, Any], *, expected: UUID, name: str, leave: str | None = None, actor: Actor = SYSTEM
) -> PasskeyView:
    """
    Keep the passkey that the browser made, called *name*.

    Args:
        answer: What the browser made.
        expected: The account it is for.
        name: What to call it until its owner says otherwise; may be empty.
        leave: The leave to make one, which is taken back; None where the owner is signed in and is *actor*.
        actor: Who adds it.

    Raises:
        PasskeyRefusedError: The answer does not verify, or answers another challenge than that of account *expected*.
        LinkUsedError: The leave was used already or has ended; no passkey is kept.
        ProofNeededError: The owner did not prove just now who they are.
    """
    config = runtime().config
    challenge = _challenge(answer)
    with runtime().vault.transaction(actor) as ctx:
        if _taken(ctx, challenge, MAKING) != expected:
            raise PasskeyRefusedError("this challenge was made for another account")
        try:
            made = verify_registration_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=config.host,
                expected_origin=config.issuer,
                require_user_verification=True,
            )
        except WebAuthnException as error:
            raise PasskeyRefusedError("the new passkey does not verify") from error
        if leave is not None:
            links.use(ctx, handle=leave)
        return kept.add(
            ctx,
            account_id=expected,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
        )


def sign_in_options() -> Mapping[str, Any]:
    """What ``navigator.credentials.get`` needs to offer the passkeys of this service."""
    with runtime().vault.transaction(SYSTEM) as ctx:
        challenge = challenges.new(ctx, purpose=SIGNING_IN)
    options = generate_authentication_options(
        rp_id=runtime().config.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    made: dict[str, Any] = json.loads(options_to_json(options))
    return made


def proof_options(account_id: UUID) -> Mapping[str, Any]:
    """What ``navigator.credentials.get`` needs to ask for one of an account's own passkeys."""
    with runtime().vault.transaction(SYSTEM) as ctx:
        challenge = challenges.new(ctx, purpose=PROVING, account_id=account_id)
        held = kept.of_account(ctx, account_id=account_id)
    options = generate_authentication_options(
        rp_id=runtime().config.host,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in held],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    made: dict[str, Any] = json.loads(options_to_json(options))
    return made


def prove(answer: Mapping[str, Any], *, expected: UUID) -> None:
    """
    Check that one of the passkeys of account *expected* signed the challenge that was made for it.

    Raises:
        PasskeyRefusedError: It is another account's passkey or challenge, or its signature does not verify.
    """
    if _checked(answer, PROVING, made_for=expected) != expected:
        raise PasskeyRefusedError("this passkey is not one of this account")


def check(answer: Mapping[str, Any]) -> UUID:
    """
    The account whose passkey signed the challenge.

    Raises:
        PasskeyRefusedError: The passkey is unknown or its signature does not verify.
    """
    return _checked(answer, SIGNING_IN, made_for=None)


def _checked(answer: Mapping[str, Any], purpose: str, *, made_for: UUID | None) -> UUID:
    config = runtime().config
    challenge = _challenge(answer)
    with runtime().vault.transaction(SYSTEM) as ctx:
        if _taken(ctx, challenge, purpose) != made_for:
            raise PasskeyRefusedError("this challenge was made for another account")
        try:
            passkey = kept.by_credential(ctx, credential_id=base64url_to_bytes(str(answer.get("rawId", ""))))
            signed = verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=config.host,
                expected_origin=config.issuer,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, NotFoundError, ValueError) as error:
            raise PasskeyRefusedError("this passkey is not known here, or does not verify") from error
        kept.used(ctx, passkey=passkey, sign_count=signed.new_sign_count)
    return passkey.account_id


def _challenge(answer: Mapping[str, Any]) -> bytes:
    """The challenge that the browser says it answers; whether it was ours is asked next."""
    try:
        return parse_client_data_json(base64url_to_bytes(answer["response"]["clientDataJSON"])).challenge
    except (KeyError, TypeError, ValueError, WebAuthnException) as error:
        raise PasskeyRefusedError("the answer is not one of a passkey") from error


def _taken(ctx: Context, challenge: bytes, purpose: str) -> UUID | None:
    try:
        return challenges.take(ctx, challenge=challenge, purpose=purpose)
    except ReplayedError as error:
        raise PasskeyRefusedError("this challenge was used already or has ended") from error
