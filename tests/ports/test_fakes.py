"""The fakes keep the promises of their ports: a repeat with the same key finds the first, also after a time-out."""

from __future__ import annotations

import pytest

from dispatch.kit.errors import Unavailable
from dispatch.ports.conferences import Conferences, MemoryConferences
from dispatch.ports.contacts import Contact, Contacts, MemoryContacts
from dispatch.ports.conversations import Conversations, MemoryConversations
from dispatch.ports.documents import Documents, MemoryDocuments
from dispatch.ports.email import Email, Mailer, MemoryMailer
from dispatch.ports.paging import MemoryPaging, Page, Paging
from dispatch.ports.tickets import MemoryTickets, Tickets

# Checked by mypy: each fake is what its port says.
_conversations: Conversations = MemoryConversations()
_contacts: Contacts = MemoryContacts()
_tickets: Tickets = MemoryTickets()
_documents: Documents = MemoryDocuments()
_conferences: Conferences = MemoryConferences()
_paging: Paging = MemoryPaging()
_mailer: Mailer = MemoryMailer()


async def test_a_ticket_made_before_the_time_out_is_found_again() -> None:
    tickets = MemoryTickets()
    tickets.faults.after("create", Unavailable("time-out"))
    with pytest.raises(Unavailable):
        await tickets.create(key="k", name="INC-1", title="Database", url="https://dispatch.test/INC-1")
    made = await tickets.create(key="k", name="INC-1", title="Database", url="https://dispatch.test/INC-1")
    assert len(tickets.made) == 1 and made.external_id == "INC-1"
    await tickets.update("INC-1", title="Database", status="Closed")


async def test_documents_and_rooms_are_one_per_key() -> None:
    documents, conferences = MemoryDocuments(), MemoryConferences()
    for _ in range(2):
        await documents.create(key="k", name="INC-1", title="INC-1", body="# What happened")
        await conferences.create(key="k", name="INC-1", title="Database")
    assert len(documents.made) == len(conferences.made) == 1


async def test_a_page_and_a_mail_reach_their_person_once_per_key() -> None:
    paging, mailer = MemoryPaging(), MemoryMailer()
    page = Page(key="p", person="Ada", email="ada@acme.test", name="INC-1", title="Database", url="https://x.test")
    paging.faults.before("page", Unavailable("down"))
    with pytest.raises(Unavailable):
        await paging.page(page)
    assert not paging.pages
    for _ in range(2):
        await paging.page(page)
        await mailer.send(Email("m", ("ada@acme.test",), "INC-1", "It burns."))
    assert len(paging.pages) == len(mailer.sent) == 1


async def test_people_are_found_by_address_and_by_chat_id() -> None:
    ada = Contact("Ada Lovelace", "ada@acme.test", chat_user_id="U1")
    contacts = MemoryContacts(ada)
    assert await contacts.find("ADA@acme.test") == await contacts.by_chat_id("U1") == ada
    assert await contacts.find("bo@acme.test") is None


async def test_a_channel_made_before_the_time_out_can_be_adopted() -> None:
    chat = MemoryConversations()
    chat.faults.after("create_channel", Unavailable("time-out"))
    with pytest.raises(Unavailable):
        await chat.create_channel("inc-1", private=True)
    found = await chat.find_channel("inc-1", private=True)
    assert found is not None and found.creator == chat.bot_user_id
