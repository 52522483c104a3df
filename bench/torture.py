"""Declares incidents while workers are killed at random moments, then counts in the sandbox what is lost or doubled.

Run it as a module, from the top of the project: `python -m bench.torture`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from bench.machine import described
from tests.process.stack import ADA, BO, Stack, running_stack

ROOT = Path(__file__).parents[1]

COMMAND = "/dispatch-report-incident"
#: Seconds until every step has to have ended, with so many more for each incident above 200.
LONGEST, LONGEST_EACH = 600.0, 3.0
WORKERS = 2
#: With more incidents than this, workers are killed four times less often by default: with thousands of steps waiting, restarts
#: would take most of the machine, and the run more than an hour.
MANY = 500
SKIPPED = """select name, reason, count(*) from flow_step where state = 'skipped' and name like 'page%%' group by 1, 2 order by 1, 2"""


def report_in_slack(stack: Stack, general: str, title: str, *, by: str) -> str:
    """Type the command, fill the form, press Report; the incident's name."""
    with httpx.Client(base_url=f"{stack.slack_url}/sandbox", timeout=30) as slack:
        said = {"channel": general, "command": COMMAND, "text": ""}
        slack.post(f"/users/{by}/commands", json=said).raise_for_status()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            shown = slack.get(f"/users/{by}/view")
            view = shown.json()
            if shown.status_code == 200 and any(block["type"] == "input" for block in view["blocks"]):
                break
            time.sleep(0.05)
        values = {"Title": title, "Description": "Declared by the torture.", "Priority": "High"}
        until = time.monotonic() + 60
        while True:
            sent = slack.post(f"/users/{by}/views/{view['id']}/submit", json={"values": values})
            answer = sent.json()
            if sent.status_code == 409:
                # Slack did not wait for the answer, but the report was written: the form has become the receipt meanwhile.
                shown = slack.get(f"/users/{by}/view").json()
                assert shown["id"] == view["id"] and not shown.get("submit"), {"answer": answer, "shown": shown}
                return str(shown["title"]["text"])
            # A busy machine misses Slack's three seconds; the form then says "Try again?", and a person does.
            if "_" not in (sent.raise_for_status().json()["errors"] or {}) or time.monotonic() > until:
                break
        assert answer["outcome"] == "updated", {"outcome": answer["outcome"], "errors": answer["errors"]}
        return str(answer["view"]["title"]["text"])


def declare(stack: Stack, count: int) -> list[str]:
    """Every fifth through Slack, one after the other as one person does; the others over the API."""
    general = stack.general
    slack = [n for n in range(count) if n % 5 == 0]
    with ThreadPoolExecutor(4) as several:
        over_api = several.map(
            lambda n: stack.declare(f"Torture {n}", key=f"torture-{n}"), [n for n in range(count) if n % 5]
        )
        in_slack = [report_in_slack(stack, general, f"Torture {n}", by=BO) for n in slack]
        return [*over_api, *in_slack]


def keep_killing(stack: Stack, chance: random.Random, stop: threading.Event, killed: list[float], calm: float) -> None:
    """SIGKILL one worker every 0.3 to 2 s, times `calm`."""
    while not stop.wait(chance.uniform(0.3, 2.0) * calm):
        if stack.kill_worker(chance.randrange(WORKERS)):
            killed.append(time.monotonic())


def main() -> int:
    """0 when nothing is lost or doubled and no step failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="of the moments of the kills")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "torture.md")
    parser.add_argument(
        "--calm",
        type=float,
        default=None,
        help=f"1, or 4 above {MANY} incidents, unless given: kill so many times slower: on a busy machine a worker dies before it has begun, and nothing is tested",
    )
    options = parser.parse_args()
    calm = options.calm or (4.0 if options.incidents > MANY else 1.0)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    with running_stack() as stack:
        stop, killed = threading.Event(), list[float]()
        counting = [sys.executable, "-m", "bench.count_from_sandbox", stack.slack_url, str(stack.calls)]
        stack.start_workers(WORKERS)
        pace = (stack, random.Random(seed), stop, killed, calm)
        killing = threading.Thread(target=keep_killing, args=pace, daemon=True)
        began = time.monotonic()
        killing.start()
        late = ""
        try:
            names = declare(stack, options.incidents)
            print(f"seed {seed}: {len(names)} incidents declared in {time.monotonic() - began:.1f} s", flush=True)
            longest = LONGEST + LONGEST_EACH * max(0, options.incidents - 200)
            stack.settle(max(1.0, longest - (time.monotonic() - began)))
        except AssertionError as why:
            late = str(why)
        finally:
            stop.set()
            killing.join(5)
        took = time.monotonic() - began
        print(f"{len(killed)} workers killed, {took:.1f} s{'; NOT all steps ended' if late else ''}", flush=True)
        if late:
            print(late, (stack.folder / "web.log").read_text()[-6000:], sep="\n")
            return 1
        most = stack.rows("select max(attempts), sum(attempts), count(*) from flow_step")[0]
        print(f"{most[2]} steps, {most[1]} attempts, at most {most[0]} of one step")
        unhappy = stack.unhappy()
        for row in unhappy:
            print("step", *row)
        skipped = [f"{row[2]} × {row[0]} was skipped: {row[1]}" for row in stack.rows(SKIPPED)]
        print(*skipped, sep="\n")
        expected = stack.folder / "expected.json"
        incidents = [{"name": name, "reporter": BO, "commander": ADA} for name in names]
        expected.write_text(json.dumps({"bot": stack.bot, "incidents": incidents}))
        verdict = "no step failed" if not unhappy else f"{len(unhappy)} steps did not end well"
        done = subprocess.run(
            [*counting, str(expected)], check=False, timeout=900, cwd=ROOT, capture_output=True, text=True
        )
        print(done.stdout, done.stderr, sep="", end="")
        write(
            options.out,
            f"{len(names)} incidents, seed {seed}: {len(killed)} workers killed in {took:.0f} s, one every {0.3 * calm:g} to {2 * calm:g} s. {most[2]} steps took {most[1]} attempts, at most "
            f"{most[0]} of one step; {verdict}.",
            "\n".join([done.stdout.strip(), "", *skipped]),
        )
        return 1 if done.returncode or unhappy else 0


def write(file: Path, summary: str, counted: str) -> None:
    """The page about it."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes")
    load = os.getloadavg()[0]
    file.write_text(
        f"""# Torture: nothing lost, nothing doubled

Made by `make torture N=1000` (`bench/torture.py`). Incidents are declared, a fifth of them through Slack's forms and the others over
the API, while one of two workers is killed with SIGKILL again and again. When every step has ended, the deliveries are
counted in the strict sandbox alone, from its channels, messages and its log of calls, by a program that knows nothing of Dispatch.

**Latest run**, {now} (UTC), {described()}, load average {load:.1f}:
{summary}

```
{counted.strip()}
```

`expected` is what the incidents should have left in Slack, `seen` what is there.
"""
    )


if __name__ == "__main__":
    sys.exit(main())
