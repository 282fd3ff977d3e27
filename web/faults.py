"""What can go wrong in the web layer itself: one class for each outcome. `web.errors` maps them to answers."""


class WebError(Exception):
    """Root of the tree; never raised itself."""

    code = "web_error"


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
