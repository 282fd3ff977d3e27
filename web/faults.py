"""What can go wrong in the web layer itself: one class for each outcome. `web.errors` maps them to answers."""

from collections.abc import Mapping


class WebError(Exception):
    """Root of the tree; never raised itself."""

    code = "web_error"
    headers: Mapping[str, str] = {}
    """Of the answer, beside those that all answers have."""


class SettingError(WebError):
    """A setting is missing or malformed, so nothing starts; the message says what is right."""

    code = "setting_wrong"


class SignInNeededError(WebError):
    """This page is for people who are signed in."""

    code = "sign_in_needed"


class WrongRoleError(WebError):
    """This page is for people with another role."""

    code = "wrong_role"


class PasskeyRefusedError(WebError):
    """The passkey's answer does not verify; nothing was changed and nobody was signed in."""

    code = "passkey_refused"


class ProviderRefusedError(WebError):
    """What an identity provider said does not hold, or is not enough; nobody was signed in."""

    code = "provider_refused"


class ProviderFailedError(WebError):
    """An identity provider does not answer, or not with what it should; nobody was signed in."""

    code = "provider_failed"


class MalformedRequestError(WebError):
    """The request breaks a stated bound of form; the message names the part, never its value."""

    code = "malformed_request"


class RequestTooLargeError(MalformedRequestError):
    """The request is larger than the endpoint takes."""

    code = "request_too_large"


class WrongMediaTypeError(MalformedRequestError):
    """The body is not of the media type the endpoint takes."""

    code = "wrong_media_type"


class PreconditionNeededError(WebError):
    """The request does not say which version it was made on (RFC 6585, section 3)."""

    code = "precondition_needed"


class TooFastError(WebError):
    """A service calls more often than it may, in all or about one person; *headers* say how long to wait."""

    code = "too_fast"

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        """Say what was too often."""
        super().__init__(message)
        self.headers = headers or {}


class ClientUnprovenError(WebError):
    """The service did not prove who it is, or is suspended."""

    code = "invalid_client"
    headers: Mapping[str, str] = {"WWW-Authenticate": "private_key_jwt"}


class OverloadedError(WebError):
    """As much is being answered as can be; nothing was begun."""

    code = "overloaded"


class TokenMissingError(WebError):
    """No access token was shown, or not in the one way that is taken (RFC 9449, section 7.1)."""

    code = "token_missing"


class ProofInvalidError(WebError):
    """The DPoP proof is missing or breaks RFC 9449, section 4.3."""

    code = "invalid_dpop_proof"


class NonceNeededError(WebError):
    """The DPoP proof carries no nonce of this server, or an old one (RFC 9449, sections 8 and 9)."""

    code = "use_dpop_nonce"


class TypesettingFailedError(WebError):
    """The PDF could not be made; nothing was lost, and another kind of file works."""

    code = "typesetting_failed"
