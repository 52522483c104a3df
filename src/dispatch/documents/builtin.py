"""The built-in document system behind the documents port."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.documents.models import Document, DocumentRevision
from dispatch.kit import clock
from dispatch.kit.db import Database, OrgId
from dispatch.ports.answers import Check, Resource


@dataclass(frozen=True)
class BuiltinDocuments:
    """Documents of one organization in our own database."""

    db: Database
    org: OrgId
    org_slug: str
    base_url: str
    provider: str = "dispatch"

    async def create(self, *, key: str, name: str, title: str, body: str) -> Resource:
        """Make the document, or find the one this key made before."""
        now = clock.now()
        async with self.db.tx(self.org) as t:
            made = (
                await t.execute(
                    upsert(Document)
                    .values(org_id=self.org, key=key, name=name, title=title, created_at=now)
                    .on_conflict_do_nothing()
                    .returning(Document.id)
                )
            ).scalar_one_or_none()
            if made is None:
                made = (
                    await t.execute(select(Document.id).where(Document.org_id == self.org, Document.key == key))
                ).scalar_one()
            else:
                await t.execute(
                    insert(DocumentRevision).values(
                        org_id=self.org, document_id=made, number=1, body=body, author=None, created_at=now
                    )
                )
        return Resource(f"{self.base_url}/{self.org_slug}/documents/{made}", external_id=str(made), title=title)

    async def check(self) -> list[Check]:
        """Nothing to reach: it is our own database."""
        return [Check("Built-in documents", True, "Kept in Dispatch's own database.")]
