"""The portal: pages for people, one module a page family.

A view parses, calls one vault service and shows a page; a form is answered with a redirect. Every page works without
JavaScript, passkeys aside.
"""

from flask import Flask

from web.pages import (
    about,
    activity,
    administrator,
    asked,
    asking,
    auditor,
    cases,
    casework,
    changes,
    citizen,
    coming_back,
    contacting,
    decision,
    delegate,
    desk,
    developers,
    download,
    emergency,
    emergency_review,
    family,
    identity,
    joining,
    language,
    looking,
    matching,
    menu,
    mistakes,
    notices,
    officer,
    proving,
    purposes,
    record,
    registering,
    requests,
    said,
    security,
    service_addresses,
    services,
    share_changes,
    sharing,
    sign_in,
    signed_in,
    spoken,
    staff,
    staff_acts,
    start,
    undoing,
    visiting,
    writing,
)

FAMILIES = (
    start,
    sign_in,
    coming_back,
    identity,
    matching,
    proving,
    security,
    signed_in,
    about,
    developers,
    language,
    citizen,
    notices,
    contacting,
    family,
    joining,
    delegate,
    record,
    download,
    requests,
    decision,
    visiting,
    sharing,
    share_changes,
    activity,
    cases,
    officer,
    looking,
    writing,
    undoing,
    casework,
    asking,
    asked,
    spoken,
    said,
    desk,
    emergency,
    emergency_review,
    auditor,
    administrator,
    services,
    service_addresses,
    registering,
    purposes,
    staff,
    staff_acts,
    changes,
)


def init_app(app: Flask) -> None:
    """Register every page family on *app*, and the page for errors."""
    app.url_map.converters["leaf"] = activity.LeafConverter
    for each in FAMILIES:
        for blueprint in each.BLUEPRINTS:
            app.register_blueprint(blueprint)
    menu.init_app(app)
    mistakes.init_app(app)
