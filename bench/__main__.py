"""`make bench`: measures Dispatch on this machine and writes docs/performance.md.

    python -m bench [--quick] [--only event,command,lists,...] [--out docs/performance.md]

Results are kept in bench/results.json, so that single measurements can be taken again.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import measures, performance_page
from bench.burst import twenty_at_once
from bench.machine import described
from bench.outage import outage
from bench.place import Place, place
from bench.report_forms import report_forms
from bench.together import two_and_two

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results.json"


def plan(quick: bool) -> dict[str, tuple[str, Callable[[Place], Any]]]:
    """Name -> (which Slack, measurement)."""
    seconds, runs = (5.0, 1) if quick else (60.0, 3)
    short = 5.0 if quick else 20.0
    return {
        "cold_start": ("fake", lambda p: measures.cold_start(p, 3 if quick else 5)),
        "command": ("fake", lambda p: measures.command_ack(p, seconds, runs)),
        "event": ("fake", lambda p: measures.event_ack(p, "join", seconds, runs)),
        "message": ("fake", lambda p: measures.event_ack(p, "message", seconds, runs)),
        "reaction": ("fake", lambda p: measures.event_ack(p, "reaction", seconds, runs)),
        "submit": ("fake", lambda p: measures.submit(p, 4 if quick else 10)),
        "forms": ("fake", lambda p: report_forms(p, 4 if quick else 20)),
        "outage": ("fake", lambda p: outage(p, 30.0 if quick else 600.0)),
        "footprint": ("fake", lambda p: measures.footprint(p, 10 if quick else 60)),
        "status": ("fake", lambda p: measures.status_change(p, seconds, runs)),
        "together": ("fake", lambda p: two_and_two(p, 2 * short)),
        "lists": ("fake", lambda p: measures.lists(p, short, runs)),
        "burst": ("sandbox", lambda p: twenty_at_once(p)),
    }


def main() -> None:
    """Measure what was asked for, one place per measurement, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 s once instead of 60 s three times")
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "performance.md")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name]
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, (slack, measure) in plan(options.quick).items():
        if wanted and name not in wanted:
            continue
        print(f"{name} …", flush=True)
        began = time.monotonic()
        load = os.getloadavg()[0]
        with place(slack=slack) as made:
            made.start()
            result = measure(made)
        known[name] = {
            "result": result, "quick": options.quick, "load_before": round(load, 1), "machine": described(),
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        }  # fmt: skip
        print(
            json.dumps(result, indent=1, default=str), f"{time.monotonic() - began:.0f} s, load {load:.1f}", flush=True
        )
        RESULTS.write_text(json.dumps(known, indent=1, default=str) + "\n")
    options.out.write_text(
        performance_page.page(known, missing=[name for name in plan(options.quick) if name not in known])
    )
    print(f"Wrote {options.out}")


if __name__ == "__main__":
    main()
