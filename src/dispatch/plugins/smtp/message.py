"""An e-mail as mail servers take it."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from dispatch.ports.email import Email


def compose(email: Email, *, sender: str, sender_name: str, at: datetime) -> EmailMessage:
    """The message with a Message-ID made of its key, so that a repeat is recognized as the same one."""
    message = EmailMessage()
    local, _, domain = sender.partition("@")
    message["From"] = Address(_line(sender_name), local, domain)
    message["To"] = ", ".join(email.to)
    message["Subject"] = _line(email.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(email.key, domain)
    if email.reply_to:
        message["Reply-To"] = email.reply_to
    if email.reference:
        message["In-Reply-To"] = message["References"] = message_id(email.reference, domain)
    # Keeps out-of-office replies away (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(email.text)
    if email.html:
        message.add_alternative(email.html, subtype="html")
    return message


def message_id(key: str, domain: str) -> str:
    """The key itself where it can be one, else its digest."""
    plain = key if re.fullmatch(r"[A-Za-z0-9._+-]{1,120}", key) else hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"<{plain}@{domain}>"


def _line(text: str) -> str:
    """One line: a header must not smuggle in another."""
    return " ".join(text.split())
