"""The closed lists of webhooks: what a service is told, and what became of it. Stored and sent: never renamed."""

import enum


class HookEvent(enum.StrEnum):
    """What a service is told of; those about a grant are named as the log names them."""

    GRANT_MADE = "grant:made"
    GRANT_NARROWED = "grant:narrowed"
    GRANT_RENEWED = "grant:renewed"
    GRANT_WITHDRAWN = "grant:withdrawn"
    GRANT_PAUSED = "grant:paused"
    GRANT_RESUMED = "grant:resumed"
    GRANT_EXPIRED = "grant:expired"
    GRANT_USED_UP = "grant:used-up"
    GRANT_EXPIRING = "grant:expiring"
    """It ends in a week, unless it is renewed."""
    DATA_CHANGED = "data:changed"
    """Something that the grant opens was added, changed or taken away."""
    DATA_ERASED = "data:erased"
    """The record is gone for good: copies are to be erased as agreed (UK GDPR Art. 19)."""
    TEST = "test:sent"
    """Nothing happened: an administrator tries whether word arrives."""


class DeliveryState(enum.StrEnum):
    """Where one event on its way to a service stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


class DeliveryFault(enum.StrEnum):
    """Why the last try to tell a service failed."""

    NO_ANSWER = "no-answer"
    NO_NAME = "no-name"
    """The name in its address leads nowhere."""
    TOO_SLOW = "too-slow"
    TOO_LONG = "too-long"
    """It answered with more than is taken."""
    CERTIFICATE = "certificate"
    """The connection cannot be trusted."""
    ADDRESS_REFUSED = "address-refused"
    """Its address is in a network that is not public."""
    STATUS = "status"
    """It answered, but with no success."""
    GONE = "gone"
    """It answered 410: it wants no word there any more."""
    SUSPENDED = "suspended"
    NO_ADDRESS = "no-address"
    """It is told nowhere any more."""
