"""Twenty declarations at once with Slack's rate limits enforced, counted and timed in the sandbox's own call log."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from bench.measures import settle
from bench.place import ADA, BO, Place

COUNT = 20
LONGEST = 600.0
#: What people need, as against what is nice to have.
PEOPLE = {"conversations.create", "conversations.invite", "conversations.open"}


def twenty_at_once(place: Place) -> dict[str, Any]:
    """Reported over the API by 20 clients at the same moment; Slack is the strict sandbox with its tiers."""

    def declare(n: int) -> str:
        answer = httpx.post(
            f"http://127.0.0.1:{place.port}/api/v1/default/incidents",
            json={"title": f"Burst {n}", "description": "All at once.", "priority": "High", "reporter": "bo@example.com"},
            headers={"authorization": f"Bearer {place.token}", "idempotency-key": f"burst-{n}"}, timeout=60,
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return str(answer.json()["name"])

    began = time.time()
    with ThreadPoolExecutor(COUNT) as several:
        names = list(several.map(declare, range(COUNT)))
    settle(place, names, LONGEST)
    done = {
        row[0]: float(row[1]) - began
        for row in place.rows(
            "select s.name, extract(epoch from max(s.done_at)) from flow_step s"
            " join flow_run r on r.org_id = s.org_id and r.id = s.run_id"
            " join situation i on i.org_id = r.org_id and i.id = r.subject_id"
            " where i.name = any(%s) and r.flow = 'incident.set_up' group by 1",
            names,
        )
    }
    slack = httpx.Client(base_url=f"http://127.0.0.1:{place.slack_port}/sandbox", timeout=60)
    calls = slack.get("/calls").json()["calls"]
    refused = [c for c in calls if c["result"].get("error") == "ratelimited"]
    channels = slack.get("/channels").json()["channels"]
    mine = [c for c in channels if any((c["name"] or "").startswith(f"{n.lower()}-") for n in names)]
    staffed = [c for c in mine if {ADA, BO} <= set(c["members"])]
    states = place.rows(
        "select s.state, count(*) from flow_step s join flow_run r on r.org_id = s.org_id and r.id = s.run_id"
        " join situation i on i.org_id = r.org_id and i.id = r.subject_id where i.name = any(%s) group by 1",
        names,
    )
    return {
        "channels": len(mine), "with_people": len(staffed), "seconds_by_step": {k: round(v, 1) for k, v in done.items()},
        "people_and_welcome": max(done[name] for name in ("channel", "people", "welcome")), "all": max(done.values()),
        "ratelimited": len(refused), "ratelimited_people": sum(c["method"] in PEOPLE for c in refused),
        "ratelimited_methods": sorted({c["method"] for c in refused}), "calls": len(calls), "states": dict(states),
    }  # fmt: skip
