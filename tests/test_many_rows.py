"""Every list takes at most five statements, and as many with thousands of rows as with few.

`DISPATCH_TEST_ROWS=100000` counts with that many incidents (`make torture` does with 50,000 and 100,000).
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import httpx
import psycopg

from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import database_url
from tests.many_rows import grow_beside, grow_incidents
from tests.stage import staged
from tests.test_lists import statements

ROWS = int(os.environ.get("DISPATCH_TEST_ROWS", "3000"))
#: Rows of every other list.
BESIDE = min(ROWS // 3, 5000)
MOST = 5
#: Lists as a browser asks for them.
PAGES = [
    "/default/incidents",
    "/default/incidents?status=Active&sort=-severity",
    "/default/incidents?q=checkout",
    "/default/incidents?participant=bo@example.com&commander=ada@example.com&from=2020-01-01&sort=title",
    "/default/jump?q=checkout",
    "/default/settings/members",
    "/default/settings/audit",
    "/default/settings/deliveries",
]
#: Lists as a program asks for them; {name} is the incident with the long lists.
API = [
    "/incidents?size=100", "/incidents?q=checkout", "/incidents/{name}/participants", "/incidents/{name}/timeline",
    "/incidents/{name}/tasks", "/incidents/{name}/reports", "/incidents?tag=dns&participant=bo@example.com&sort=title", "/persons",
    "/projects/default/tags", "/projects/default/severities", "/projects/default/rotations",
]  # fmt: skip
#: With whose turn it is on each, and who is passed over.
TURNS = "/projects/default/rotations"
#: Pages made of many parts: more than a list, but no more for a long one.
MADE_OF_PARTS = [
    "/default", "/default/incidents/{name}", "/default/incidents/{name}/fragments/timeline",
    "/default/settings/projects/default/admins",
]  # fmt: skip


async def test_every_list_takes_as_few_statements_however_long_it_is(sample_database: str, cluster: Cluster) -> None:
    name = urlsplit(sample_database).path.removeprefix("/")
    counted: dict[str, list[int]] = {}
    told: dict[str, str] = {}
    # Without a worker nothing but the requests runs statements; and nothing may change between the counts.
    async with staged(sample_database, worker=False) as stage:
        browser = await stage.sign_in("ada@example.com")
        api = httpx.AsyncClient(
            base_url=f"{stage.base_url}/api/v1/default",
            timeout=60,
            headers={"authorization": f"Bearer {await stage.token()}"},
        )

        async def count() -> None:
            newest = (await api.get("/incidents?size=1")).json()["items"][0]["name"]
            asked = [(browser, path) for path in PAGES + MADE_OF_PARTS] + [(api, path) for path in API]
            for client, path in asked:
                with statements(stage.house.db) as seen:
                    answer = await client.get(path.format(name=newest))
                assert answer.status_code == 200, f"{path}: {answer.text[:500]}"
                counted.setdefault(path, []).append(len(seen))
                told[path] = "\n".join(" ".join(each.split())[:150] for each in seen)

        with psycopg.connect(database_url(cluster.superuser_url, name), autocommit=True) as connection:
            grow_incidents(connection, 120)
            grow_beside(connection, 40)
            await count()
            grow_incidents(connection, ROWS)
            grow_beside(connection, BESIDE)
        await count()
        await browser.aclose()
        await api.aclose()
    grows = [f"{path}: {few} then {many}\n{told[path]}" for path, (few, many) in counted.items() if many > few]
    assert grows == [], "\n\n".join(grows)
    too_many = [
        f"{path}: {many}\n{told[path]}"
        for path, (_, many) in counted.items()
        if many > MOST and path not in {*MADE_OF_PARTS, TURNS}
    ]
    assert too_many == [], "\n\n".join(too_many)
