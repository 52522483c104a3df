"""Transactions, roles and the rules every table obeys.

`tx(org)` writes, `read(org)` reads, `system()` sees the global tables only. All three run as the role
`dispatch_app`, which owns nothing and cannot bypass row-level security; the organization is a
transaction-local setting, so a forgotten filter shows nothing instead of a stranger's rows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NewType, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from dispatch.kit import clock
from dispatch.kit.errors import SetupError

APP_ROLE = "dispatch_app"
OrgId = NewType("OrgId", int)

#: Tables outside tenancy, the whole list. They hold no title and no text (inbox bodies are encrypted).
GLOBAL_TABLES = frozenset(
    {
        "organization",
        "account",
        "account_organization",
        "password",
        "sign_in_attempt",
        "session",
        "one_time_link",
        "api_token",
        "slack_directory",
        "slack_channel",
        "slack_inbox",
        "slack_socket",
        "slack_rate",
        "clock_offset",
        "alembic_version",
    }
)


class Base(DeclarativeBase):
    """All tables. Relationships are not used: hidden queries cannot happen."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        int: BigInteger,
        OrgId: BigInteger,
    }


class Tenant:
    """Mixin: the organization is the first part of every key, and row-level security is forced."""

    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id"), primary_key=True, sort_order=-2)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True, sort_order=-1)


class Read(AsyncSession):
    """A session that only reads. `org_id` is the organization it is bound to, None for `system()`."""

    org_id: OrgId | None = None

    @property
    def org(self) -> OrgId:
        """The organization of this transaction; a programming error when there is none."""
        if self.org_id is None:
            raise RuntimeError("this transaction has no organization")
        return self.org_id


class Tx(Read):
    """A session inside one writing transaction. Nobody commits: leaving the block does."""


S = TypeVar("S", bound=Read)


async def connection_of(t: Read) -> psycopg.AsyncConnection[Any]:
    """The psycopg connection under the session, to enqueue jobs in the same transaction."""
    raw = await (await t.connection()).get_raw_connection()
    return cast("psycopg.AsyncConnection[Any]", raw.driver_connection)


def took_too_long(why: Exception) -> bool:
    """Whether the server is there and stopped a statement of ours (`statement_timeout`); otherwise it is away for a while."""
    return isinstance(getattr(why, "orig", why), psycopg.errors.QueryCanceled)


#: A session-level setting would leak to the next user of the connection: RESET ALL comes first. Transaction-local: all the rest.
_BEGIN = (
    "reset all; begin; select"
    f" set_config('role', '{APP_ROLE}', true), set_config('app.org_id', '{{org}}', true){{read_only}}"
)
_READ_ONLY = ", set_config('transaction_read_only', 'on', true)"


class Database:
    """One pool per process.

    Args:
        url: libpq or SQLAlchemy URL of the application login.
        pool: connections kept; up to as many more under load.
        statement_timeout: milliseconds after which the server stops a statement.
    """

    def __init__(self, url: str, *, pool: int = 8, statement_timeout: int = 30_000) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool,
            max_overflow=pool,
            pool_timeout=10,
            # We begin ourselves, see `_begin`.
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            connect_args={
                "connect_timeout": 5,
                "options": f"-c statement_timeout={statement_timeout} -c idle_in_transaction_session_timeout=60000"
                # Many short statements at once: neither compiling nor splitting one pays.
                " -c jit=off -c max_parallel_workers_per_gather=0",
            },
        )
        # Each may have died while it waited.
        self._most_dead = 2 * pool
        self._read = async_sessionmaker(self.engine, class_=Read, expire_on_commit=False)
        self._write = async_sessionmaker(self.engine, class_=Tx, expire_on_commit=False)

    @asynccontextmanager
    async def tx(self, org: OrgId) -> AsyncIterator[Tx]:
        """One writing transaction inside one organization; commits on leaving, rolls back on an exception."""
        async with self._transaction(self._write, org) as t:
            yield t

    @asynccontextmanager
    async def read(self, org: OrgId) -> AsyncIterator[Read]:
        """One read-only transaction inside one organization."""
        async with self._transaction(self._read, org, read_only=True) as t:
            yield t

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Tx]:
        """A transaction over the global tables only; tenant tables show no row."""
        async with self._transaction(self._write, None) as t:
            yield t

    @asynccontextmanager
    async def _transaction(
        self, sessions: async_sessionmaker[S], org: OrgId | None, *, read_only: bool = False
    ) -> AsyncIterator[S]:
        t = await self._begin(sessions, _BEGIN.format(org=org or "", read_only=_READ_ONLY if read_only else ""))
        async with t:
            t.org_id = org
            try:
                yield t
            except BaseException:
                await t.rollback()
                raise
            await t.commit()

    async def _begin(self, sessions: async_sessionmaker[S], statements: str) -> S:
        """A session in a transaction that takes on its role and organization; one round trip for all of it.

        That the connection lives is known by the same: one that died while it waited in the pool is put aside, so
        that a restarted database costs nobody a failed request.
        """
        for left in reversed(range(self._most_dead + 1)):
            t = sessions()
            try:
                connection = await connection_of(t)
                # Beginning inside somebody's unfinished transaction would carry their writes, and their organization.
                if connection.info.transaction_status is not TransactionStatus.IDLE:
                    raise psycopg.InterfaceError("the pool gave out a connection inside a transaction")
                await connection.execute(statements, prepare=False)
            except (psycopg.OperationalError, psycopg.InterfaceError) as why:
                await t.invalidate()
                if not left:
                    raise OperationalError(statements, None, why) from why
            except BaseException:
                await t.close()
                raise
            else:
                return t
        raise AssertionError("the last try raised")

    async def close(self) -> None:
        await self.engine.dispose()

    async def sync_clock(self) -> None:
        """Take over the offset other processes use (demo and tests)."""
        async with self.system() as t:
            seconds = (await t.execute(text("select seconds from clock_offset"))).scalar()
        clock.move(timedelta(seconds=float(seconds or 0)))

    async def refuse_unsafe_role(self) -> None:
        """Stop the start when row-level security would not hold.

        Raises:
            SetupError: the login may not take on the application's role; or the effective role is a superuser,
                bypasses row-level security, or owns a table.
        """
        try:
            async with self.system():
                pass
        except (psycopg.ProgrammingError, psycopg.DataError) as why:
            raise SetupError(_may_not_become(self.url, why)) from None
        async with self.system() as t:
            row = (
                await t.execute(
                    text(
                        "select current_user as who, rolsuper, rolbypassrls,"
                        " (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                        "  where n.nspname = 'public' and c.relkind = 'r' and pg_has_role(current_user, c.relowner, 'USAGE')) as owned"
                        " from pg_roles where rolname = current_user"
                    )
                )
            ).one()
        if row.rolsuper or row.rolbypassrls or row.owned:
            raise SetupError(
                f'The database role "{row.who}" may not run Dispatch: it must not be a superuser, must not have '
                f"BYPASSRLS and must not own tables ({row.owned} owned), or organizations would not be kept apart. "
                f'Give the application its own login that may become "{APP_ROLE}", and put the owner into '
                "DISPATCH_DATABASE_OWNER_URL."
            )


def _may_not_become(url: str, why: psycopg.Error) -> str:
    login = make_url(url).username
    if isinstance(why, psycopg.errors.InsufficientPrivilege):
        return (
            f'The database login "{login}" in DISPATCH_DATABASE_URL may not become "{APP_ROLE}". Put the application\'s '
            f"own login there and the owner of the tables into DISPATCH_DATABASE_OWNER_URL, then run "
            "`dispatch database upgrade`, which allows the application's login what it needs."
        )
    if isinstance(why, psycopg.errors.InvalidParameterValue):
        return f'The database has no role "{APP_ROLE}" yet. Run `dispatch database init`.'
    return f"The database refused the first question: {why}"


def sqlalchemy_url(url: str) -> str:
    """Any PostgreSQL URL in the form SQLAlchemy and psycopg 3 take."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise SetupError("DISPATCH_DATABASE_URL must start with postgresql://")
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url(url: str) -> str:
    """The same URL for psycopg itself."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
