"""Many incidents at once, as the tests make them."""

from __future__ import annotations

import psycopg
from bench.place import Place
from tests.many_rows import grow_incidents

from dispatch.kit.embedded.testing import database_url


def grow_to(place: Place, incidents: int) -> None:
    """Until the sample organization has so many."""
    have = place.rows("select count(*) from situation where org_id = 1")[0][0]
    if have >= incidents:
        return
    with psycopg.connect(database_url(place.cluster.superuser_url, "dispatch"), autocommit=True) as connection:
        grow_incidents(connection, incidents - have)
        connection.execute("vacuum analyze")
