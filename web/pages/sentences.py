"""What the log's lines say to a resident: each event one whole sentence, which every language orders as it must.

``%(who)s`` is who did it. What a resident did themselves is another sentence: languages bend the verb.
"""

from typing import Final

from flask_babel import lazy_gettext
from markupsafe import Markup, escape

_TOLD: Final = {
    "record:opened": lazy_gettext("%(who)s looked at your data"),
    "record:viewed": lazy_gettext("%(who)s looked at your data"),
    "record:exported": lazy_gettext("%(who)s took a copy of your data"),
    "record:refused": lazy_gettext("%(who)s asked to look and was refused"),
    "record:written": lazy_gettext("%(who)s added to your record"),
    "record:resealed": lazy_gettext("%(who)s locked your record with a new key"),
    "record:disposed": lazy_gettext("%(who)s deleted something that is no longer kept"),
    "record:shown-again": lazy_gettext("%(who)s showed you something that was held back for a time"),
    "record:unseal-failed": lazy_gettext("%(who)s tried to open something that did not open"),
    "contact:used": lazy_gettext("%(who)s read where to write to you, to tell you that something waits"),
    "contact:checked": lazy_gettext("%(who)s checked how not to contact you"),
    "notice:chosen": lazy_gettext("%(who)s changed how we tell you things"),
    "notice:mailed": lazy_gettext("%(who)s sent you an e-mail that something waits"),
    "delegate:invited": lazy_gettext("%(who)s let somebody in to look for you"),
    "delegate:made": lazy_gettext("%(who)s accepted an invitation to look for you"),
    "delegate:frozen": lazy_gettext("%(who)s stopped somebody’s looks for now"),
    "delegate:unfrozen": lazy_gettext("%(who)s let somebody look again"),
    "delegate:ended": lazy_gettext("%(who)s ended that somebody looks for you"),
    "delegate:reviewed": lazy_gettext("%(who)s looked again at a parent’s access"),
    "disclosure:reported": lazy_gettext("%(who)s told us that it passed on some of your data"),
    "request:made": lazy_gettext("%(who)s asked to see some of your data"),
    "request:decided": lazy_gettext("%(who)s decided a request"),
    "request:cancelled": lazy_gettext("%(who)s took back what it asked for"),
    "request:expired": lazy_gettext("A request ended because it had no answer in time"),
    "request:refused": lazy_gettext("%(who)s asked for something it may not ask for"),
    "grant:made": lazy_gettext("%(who)s began sharing"),
    "grant:narrowed": lazy_gettext("%(who)s shared less"),
    "grant:renewed": lazy_gettext("%(who)s shared for longer"),
    "grant:withdrawn": lazy_gettext("%(who)s stopped sharing"),
    "grant:expired": lazy_gettext("Sharing ended on its last day"),
    "grant:used-up": lazy_gettext("Sharing ended because it was used up"),
    "grant:paused": lazy_gettext("%(who)s paused sharing"),
    "grant:resumed": lazy_gettext("%(who)s began sharing again"),
    "token:issued": lazy_gettext("%(who)s got a key to look for five minutes"),
    "token:refused": lazy_gettext("%(who)s was refused a key to look"),
    "token:revoked": lazy_gettext("%(who)s gave back its key to look"),
    "sign-in:made": lazy_gettext("%(who)s signed in"),
    "sign-in:ended": lazy_gettext("%(who)s signed out"),
    "sign-in:refused": lazy_gettext("%(who)s could not sign in"),
    "sign-in:proven": lazy_gettext("%(who)s proved again that it is you"),
    "identity:bound": lazy_gettext("%(who)s added another way to sign in"),
    "identity:unbound": lazy_gettext("%(who)s removed another way to sign in"),
    "recovery:made": lazy_gettext("%(who)s set up a way back into your account"),
    "recovery:used": lazy_gettext("%(who)s used a way back into your account"),
    "recovery:cancelled": lazy_gettext("%(who)s stopped a way back into your account"),
    "account:made": lazy_gettext("%(who)s made your account"),
    "account:closed": lazy_gettext("%(who)s closed your account"),
    "passkey:added": lazy_gettext("%(who)s added a passkey"),
    "passkey:removed": lazy_gettext("%(who)s removed a passkey"),
    "passkey:renamed": lazy_gettext("%(who)s gave a passkey a new name"),
    "letter:asked": lazy_gettext("%(who)s asked for a letter with a code to sign in, for you"),
    "link:made": lazy_gettext("%(who)s made a sign-in link for you"),
    "link:used": lazy_gettext("%(who)s used a sign-in link"),
    "audit:searched": lazy_gettext("%(who)s searched the log for lines about you"),
    "audit:exported": lazy_gettext("%(who)s took a copy of lines about you"),
    "case:opened": lazy_gettext("%(who)s told us something was wrong"),
    "case:read": lazy_gettext("%(who)s read what you told us"),
    "case:acknowledged": lazy_gettext("%(who)s took up what you told us"),
    "case:extended": lazy_gettext("%(who)s needs longer to answer what you told us"),
    "case:answered": lazy_gettext("%(who)s answered what you told us"),
    "case:withdrawn": lazy_gettext("%(who)s took back what you told us"),
    "age:checked": lazy_gettext("%(who)s checked whether you are old enough to decide more for yourself"),
    "ties:checked": lazy_gettext(
        "%(who)s checked that staff who looked at your data are not your neighbours or family"
    ),
    "emergency:stated": lazy_gettext("%(who)s said that there was an emergency, to open your data"),
    "emergency:closed": lazy_gettext("%(who)s closed your data again after an emergency"),
    "emergency:followed-up": lazy_gettext("%(who)s looked at whether an emergency was right"),
    "citizen:made": lazy_gettext("%(who)s began your record here"),
    "citizen:changed": lazy_gettext("%(who)s changed your record’s status"),
    "citizen:linked": lazy_gettext("%(who)s found which record is yours"),
    "key:made": lazy_gettext("%(who)s made a new key for your record"),
    "key:destroyed": lazy_gettext("%(who)s destroyed a key to your record for good"),
}
_YOU_DID: Final = {
    "record:opened": lazy_gettext("You looked at your data"),
    "record:viewed": lazy_gettext("You looked at your data"),
    "record:exported": lazy_gettext("You took a copy of your data"),
    "record:refused": lazy_gettext("You asked for something and were refused"),
    "record:written": lazy_gettext("You added to your record"),
    "record:unseal-failed": lazy_gettext("You tried to open something that did not open"),
    "notice:chosen": lazy_gettext("You changed how we tell you things"),
    "delegate:invited": lazy_gettext("You let somebody in to look for you"),
    "delegate:frozen": lazy_gettext("You stopped somebody’s looks for now"),
    "delegate:unfrozen": lazy_gettext("You let somebody look again"),
    "delegate:ended": lazy_gettext("You ended that somebody looks for you"),
    "request:decided": lazy_gettext("You decided a request"),
    "grant:made": lazy_gettext("You began sharing"),
    "grant:narrowed": lazy_gettext("You shared less"),
    "grant:renewed": lazy_gettext("You shared for longer"),
    "grant:withdrawn": lazy_gettext("You stopped sharing"),
    "grant:paused": lazy_gettext("You paused sharing"),
    "grant:resumed": lazy_gettext("You began sharing again"),
    "sign-in:made": lazy_gettext("You signed in"),
    "sign-in:ended": lazy_gettext("You signed out"),
    "sign-in:refused": lazy_gettext("You could not sign in"),
    "sign-in:proven": lazy_gettext("You proved again that it is you"),
    "identity:bound": lazy_gettext("You added another way to sign in"),
    "identity:unbound": lazy_gettext("You removed another way to sign in"),
    "recovery:made": lazy_gettext("You set up a way back into your account"),
    "recovery:used": lazy_gettext("You used a way back into your account"),
    "recovery:cancelled": lazy_gettext("You stopped a way back into your account"),
    "account:made": lazy_gettext("You made your account"),
    "account:closed": lazy_gettext("You closed your account"),
    "passkey:added": lazy_gettext("You added a passkey"),
    "passkey:removed": lazy_gettext("You removed a passkey"),
    "passkey:renamed": lazy_gettext("You gave a passkey a new name"),
    "link:used": lazy_gettext("You used a sign-in link"),
    "case:opened": lazy_gettext("You told us something was wrong"),
    "case:withdrawn": lazy_gettext("You took back what you told us"),
    "citizen:linked": lazy_gettext("You found which record is yours"),
}


def sentence(event: str, *, who: str, mine: bool) -> str:
    """What *event* is in a resident's words; *mine* where they did it themselves. An unknown one goes by its name."""
    return _words(event, mine=mine) % {"who": who}


def rich(event: str, *, who: str, mine: bool) -> Markup:
    """`sentence` as HTML, in which who did it stands out."""
    return escape(_words(event, mine=mine)) % {"who": Markup("<strong>{}</strong>").format(who)}


def _words(event: str, *, mine: bool) -> str:
    found = (_YOU_DID.get(event) if mine else None) or _TOLD.get(event)
    return str(found) if found else f"%(who)s: {event.replace(':', ' ')}"
