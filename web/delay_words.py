"""Delays in words: how one stands, and what a resident reads of the law that it rests on."""

from typing import Final

from flask import Flask
from flask_babel import lazy_gettext

from vault.delays import LAWS
from vault.kinds import DelayState

TAGS: Final = {
    DelayState.WAITING: (lazy_gettext("Waiting"), "govuk-tag--blue"),
    DelayState.RUNNING: (lazy_gettext("Shown later"), "govuk-tag--yellow"),
    DelayState.REJECTED: (lazy_gettext("Turned down"), "govuk-tag--red"),
    DelayState.TAKEN_BACK: (lazy_gettext("Taken back"), "govuk-tag--grey"),
    DelayState.LIFTED: (lazy_gettext("Shown early"), "govuk-tag--green"),
    DelayState.OPENED: (lazy_gettext("Shown on its day"), "govuk-tag--green"),
}
WORDS: Final = {
    "crime": lazy_gettext("Showing it sooner could have got in the way of finding a crime."),
    "tipping-off": lazy_gettext("The law forbids to tell that somebody’s money is being looked into."),
    "legal-claims": lazy_gettext("Showing it sooner could have got in the way of a court case."),
    "protecting-the-public": lazy_gettext("Showing it sooner could have got in the way of keeping people safe."),
    "serious-harm": lazy_gettext("Showing it sooner could have badly harmed somebody’s health."),
    "child-abuse": lazy_gettext("Showing it sooner could have put a child at risk."),
}
"""Why a line was shown late, by the name of the law."""


def init_app(app: Flask) -> None:
    """Let templates say how a delay stands, and by which law."""
    app.jinja_env.globals.update(delay_tags=TAGS, law_words=WORDS, law_citations=LAWS)
