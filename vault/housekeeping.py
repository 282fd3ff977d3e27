"""What a running vault does by itself, once a minute: write down what has ended, forget it, and give a sign of life.

Every server process does it; rows are locked, so nothing is written down twice.
"""

from sqlalchemy import delete

from vault import (
    birthdays,
    delays,
    deliveries,
    documents,
    grants,
    notices,
    pings,
    refusals,
    requests,
    tokens,
    visits,
    watching,
    webhooks,
)
from vault.access import forget_kept_answers, forget_noted_looks
from vault.clock import microseconds
from vault.context import SYSTEM, Context, Vault
from vault.models import Binding, Challenge, LetterCode, LetterOrder, Link, SignIn
from vault.runtime import prepare
from vault.trail import catch_up, forget_leavers_searches

IDLE_MICROSECONDS = 60_000_000
"""A writer of the log that was silent for a minute says that it is still there, so that a tail cut off is noticed."""


def keep_house(vault: Vault) -> None:
    """Make this month's keys, keep birthdays, end what is over, forget what is spent, sum up refusals, beat, watch."""
    prepare(vault)
    refusals.hand_over(vault, vault.sums)
    refusals.settle(vault)
    catch_up(vault)
    birthdays.keep(vault)
    deliveries.take_due(vault)
    with vault.transaction(SYSTEM) as ctx:
        delays.open_due(ctx)
        grants.sweep(ctx)
        requests.sweep(ctx)
        tokens.sweep(ctx)
        visits.sweep(ctx)
        pings.sweep(ctx)
        webhooks.sweep(ctx)
        notices.sweep(ctx)
        documents.sweep(ctx)
        deliveries.sweep(ctx)
        forget_leavers_searches(ctx)
        _forget(ctx)
    _beat(vault)
    watching.scan(vault)  # last: what it finds wrong with its own rows stops nothing else


def _forget(ctx: Context) -> None:
    """Links, codes, challenges and sign-ins that have ended open nothing; their making and end stand in the log."""
    ctx.session.execute(delete(Link).where(Link.expires_at < ctx.now))
    ctx.session.execute(delete(LetterCode).where(LetterCode.expires_at < ctx.now))
    ctx.session.execute(delete(LetterOrder).where(LetterOrder.expires_at < ctx.now))
    ctx.session.execute(delete(Binding).where(Binding.expires_at < ctx.now))
    ctx.session.execute(delete(Challenge).where(Challenge.expires_at < ctx.now))
    ctx.session.execute(delete(SignIn).where(SignIn.ends_at < ctx.now))
    forget_noted_looks(ctx)
    forget_kept_answers(ctx)


def _beat(vault: Vault) -> None:
    with vault.transaction(SYSTEM) as ctx:
        ending = ctx.session.info["on_end"]
        for writer in vault.writers.beat(ctx.session, time_us=microseconds(ctx.now), idle_us=IDLE_MICROSECONDS):
            ending.append(lambda outcome, writer=writer: vault.writers.release(writer, outcome))
