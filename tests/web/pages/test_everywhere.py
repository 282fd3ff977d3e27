"""Every page of every role, by its links and by its forms left empty: none fails, and none is left out of the walk."""

import re
from collections.abc import Iterator
from typing import Final

from tests.portal_world import Portal, token_in
from web.auth import PROVES_ITSELF

STARTS: Final = {
    None: ("/", "/sign-in", "/sign-in/lost", "/sign-in/code", "/sign-in/letter", "/signed-out", "/no-such-page"),
    "edith": ("/home",),
    "carer": ("/officer",),
    "social-worker": ("/officer",),
    "auditor": ("/audit",),
    "administrator": ("/admin", "/admin/purposes/new"),
    "susan": ("/for",),
}
NOT_WALKED: Final = re.compile(r"/(static|language|log|demo)(/|$)|.*/(sign-out|everywhere)$")
_ID: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\?.*")
_LINK: Final = re.compile(r'href="(/[^"#]*)')
_FORM: Final = re.compile(r'<form method="post"(?: action="([^"]*)")?')

ELSEWHERE: Final = {
    "asked": "sent",
    "asking": "check fields person task until why",
    "auditor": "before_forget before_rename run",
    "cases": "done show take_back",
    "casework": "answer before correct done longer read",
    "changes": "ask_to_reject",
    "contacting": "ask_take_back done",
    "deciding_delays": "ask_to_lift ask_to_reject show",
    "decision": "check day done fields until",
    "delays": "ask ask_to_lift ask_to_reject show",
    "delegate": "view",
    "desk": "asked person waiting",
    "emergency": "look reveal show",
    "emergency_review": "show",
    "findings": "assign close closed explain show",
    "identity": "back enrol start",
    "joining": "ask",
    "language": "choose",
    "looking": "look reveal",
    "matching": "who",
    "papers": "before",
    "proving": "start through",
    "record": "reveal",
    "registering": "choose client_id keys words",
    "said": "done evidence",
    "security": "add_provider name recovering remove remove_identity",
    "services": "ask_to_resume ask_to_retire",
    "share_changes": "check_less check_longer day less less_done longer longer_done",
    "sharing": "stopped",
    "sign_in": "add link",
    "signed_in": "everywhere",
    "spoken": "done evidence fields letter",
    "staff": "ask_who",
    "static": "",
    "undoing": "ask done restored",
    "visit": "authorize leave start",
    "visiting": "back decide",
    "writing": "change done",
}
"""Pages to which no link leads where the demo begins: steps after an answer, ways in, what the demo has none of."""


def walked(portal: Portal, slug: str | None) -> Iterator[tuple[str, str, int]]:
    """Method, address and status of each kind of page that *slug* comes to, and then of each form there, left empty."""
    client, waiting, seen, forms = portal.client(slug), list(STARTS[slug]), set[str](), dict[str, tuple[str, str]]()
    while waiting:
        path = waiting.pop(0).replace("&amp;", "&")
        if _ID.sub("*", path) in seen or NOT_WALKED.match(path):
            continue
        seen.add(_ID.sub("*", path))
        answer = client.get(path)
        yield "GET", path, answer.status_code
        if answer.mimetype == "text/html":
            waiting += _LINK.findall(answer.text)
            for action in _FORM.findall(answer.text):
                forms.setdefault(_ID.sub("*", action or path), (action or path, token_in(answer)))
    for address, token in forms.values():  # last, as some of them sign out
        if not NOT_WALKED.match(address):
            yield "POST", address, client.post(address, data={"csrf_token": token}).status_code


def test_no_page_and_no_empty_form_of_any_role_fails_and_what_the_walk_leaves_out_is_this(portal: Portal) -> None:
    portal.sequence()
    found = [each for slug in STARTS for each in walked(portal, slug)]
    assert [each for each in found if each[2] >= 500] == []
    urls = portal.app.url_map.bind("localhost")
    reached = {urls.match(path.partition("?")[0], method=method)[0] for method, path, status in found if status < 400}
    pages = {rule.endpoint for rule in portal.app.url_map.iter_rules() if rule.methods and "GET" in rule.methods}
    missed = {each for each in pages - reached if each.partition(".")[0] not in PROVES_ITSELF}
    expected = {f"{family}.{name}".rstrip(".") for family, names in ELSEWHERE.items() for name in names.split(" ")}
    assert missed == expected
