"""The names and the DDL of the job tables: what a migration installs and what the application role may do."""

from __future__ import annotations

from importlib.resources import files

from pgqueuer.domain.settings import DBSettings
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

SCHEMA = "jobs"

# Frozen: a migration must do the same for ever, whichever pgqueuer is installed when it runs.
_FROZEN = "install_1_6.sql"

# Both tables turn over all their rows many times a day; PostgreSQL's default (a fifth dead) comes too late for them.
_TUNING = f"""
ALTER TABLE {SCHEMA}.pgqueuer SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
ALTER TABLE {SCHEMA}.pgqueuer_log SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000);
"""


class _Names(DBSettings):
    """pgqueuer's object names, out of reach of the environment.

    pgqueuer would also read bare variables such as CHANNEL, TRIGGER or FUNCTION, which other programs set.
    """

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


# Handed to every pgqueuer object we make, so PGQUEUER_SCHEMA need not be set and search_path is never consulted.
NAMES: DBSettings = _Names(db_schema=SCHEMA)
QUEUE = NAMES.qualified.queue_table
LOG = NAMES.qualified.queue_table_log
STATUS = NAMES.qualified.queue_status_type


def install_sql() -> str:
    """Statements (several, no parameters) that create schema `jobs`; run them as the database's owner, once."""
    return files(__package__).joinpath(_FROZEN).read_text(encoding="utf-8") + _TUNING


def grants(role: str) -> str:
    """Statements that let `role` enqueue and work jobs: reading and writing rows, no DDL, no TRUNCATE."""
    quoted = '"' + role.replace('"', '""') + '"'
    return (
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted};\n"
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {quoted};\n"
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {quoted};\n"
    )
