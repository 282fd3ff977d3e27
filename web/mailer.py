"""Handing a mail to the council's mail server (RFC 5321): one line that names nobody and nothing, in both languages.

The connection is always TLS with a checked certificate, save to this very machine.
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from vault.outgoing import Mailer, MailFailedError
from web.config import LOCAL_HOSTS, Config

TIMEOUT_SECONDS: Final = 20
_PORTS: Final = {"smtps": 465, "smtp": 587}  # RFC 8314, section 3.3; RFC 6409

SUBJECT: Final = "Something waits for you – Mae rhywbeth yn aros amdanoch"
BODY: Final = """\
Something waits for you in your data vault.
Mae rhywbeth yn aros amdanoch yn eich cell ddata.

{issuer}/sign-in
"""


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """A mail server, as the settings name it."""

    url: str
    sender: str
    issuer: str
    password_file: str = field(default="", repr=False)

    def send(self, address: str) -> None:
        """
        Send the one line to *address*.

        Raises:
            MailFailedError: The server did not answer in time, is not who it says, or did not take the mail.
        """
        try:
            with self._connected() as server:
                server.send_message(self._message(address))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # The server's own words may repeat the address, so they go nowhere.
            raise MailFailedError(f"the mail server did not take the mail ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        given = urlsplit(self.url)
        host, port = given.hostname or "", given.port or _PORTS[given.scheme]
        context = ssl.create_default_context()
        if given.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        try:
            if given.scheme == "smtp" and host not in LOCAL_HOSTS:
                server.starttls(context=context)
            if given.username:
                server.login(given.username, Path(self.password_file).read_text(encoding="utf-8").strip())
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, address: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, address, SUBJECT
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=self.sender.partition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office answers it
        message.set_content(BODY.format(issuer=self.issuer))
        return message


def mailer_of(config: Config) -> Mailer | None:
    """The mail server that *config* names, or nothing where no e-mail is to be sent."""
    if not config.smtp:
        return None
    return SmtpMailer(config.smtp, config.mail_from, config.issuer, config.smtp_password)
