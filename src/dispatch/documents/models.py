"""Built-in documents: Markdown with every revision kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, Tenant


class Document(Tenant, Base):
    """A document; its text is the latest revision. `key` is the step that made it: twice is once."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("org_id", "key"),)

    key: Mapped[str] = mapped_column(Text)
    #: The situation's name, whose visibility decides who may read it.
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class DocumentRevision(Tenant, Base):
    """A text somebody saved."""

    __tablename__ = "document_revision"
    __table_args__ = (UniqueConstraint("org_id", "document_id", "number"),)

    document_id: Mapped[int]
    number: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)
    author: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
