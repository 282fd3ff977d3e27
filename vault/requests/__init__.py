"""Access requests: a service asks, the citizen decides; nobody learns from the answer whether a stranger is known.

Whoever uses requests imports this package; its parts are its own.
"""

from vault.requests.asking import ask
from vault.requests.cancelling import cancel
from vault.requests.deciding import decide
from vault.requests.drafting import LONGEST_WAIT, MOST_MESSAGE, Ask, Asked, Within, judged
from vault.requests.expiry import sweep
from vault.requests.hints import Hint
from vault.requests.polling import POLL_SECONDS, Polled, Progress, mark_redeemed, poll
from vault.requests.present import ask_present
from vault.requests.receipts import Notice, Receipt, Renewal, receipt
from vault.requests.renewing import renew
from vault.requests.views import Asker, RequestView, of_citizen, of_service, view, waiting
from vault.requests.waiting import WAITS, asks_again_from

__all__ = [
    "LONGEST_WAIT",
    "MOST_MESSAGE",
    "POLL_SECONDS",
    "WAITS",
    "Ask",
    "Asked",
    "Asker",
    "Hint",
    "Notice",
    "Polled",
    "Progress",
    "Receipt",
    "Renewal",
    "RequestView",
    "Within",
    "ask",
    "ask_present",
    "asks_again_from",
    "cancel",
    "decide",
    "judged",
    "mark_redeemed",
    "of_citizen",
    "of_service",
    "poll",
    "receipt",
    "renew",
    "sweep",
    "view",
    "waiting",
]
