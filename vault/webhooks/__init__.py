"""Webhooks: a service is told what becomes of its grants, where it registered, without a word about anybody."""

from vault.hook_kinds import DeliveryFault, DeliveryState, HookEvent
from vault.webhooks.changing import Changed, about_data, about_erasure
from vault.webhooks.sending import Courier, Failed, Outgoing, deliver, due, sweep
from vault.webhooks.telling import send_test, tell
from vault.webhooks.views import DeliveryView, of_service, recently_given_up

__all__ = [
    "Changed",
    "Courier",
    "DeliveryFault",
    "DeliveryState",
    "DeliveryView",
    "Failed",
    "HookEvent",
    "Outgoing",
    "about_data",
    "about_erasure",
    "deliver",
    "due",
    "of_service",
    "recently_given_up",
    "send_test",
    "sweep",
    "tell",
]
