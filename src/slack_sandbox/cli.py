"""`slack-sandbox`: the sandbox as a program."""

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="slack-sandbox", description="A strict local Slack.")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="serve the sandbox until interrupted")
    start.add_argument("--host", default="127.0.0.1", help="address to bind (default: this machine only)")
    start.add_argument("--port", type=int, default=8100, help="0 takes a free one")
    start.add_argument("--seed", type=int, default=None, help="the same seed gives the same ids and tokens")
    start.add_argument(
        "--snapshot", metavar="FILE", default=None, help="load this state if it exists, and keep it there"
    )
    start.add_argument(
        "--calls", metavar="FILE", default=None, help="write every Web API call there, a line of JSON each"
    )
    start.add_argument(
        "--rates", action=argparse.BooleanOptionalAction, default=False, help="apply Slack's rate limits"
    )
    start.add_argument(
        "--base-url", default=None, help="address apps and browsers reach it by (default: host and port)"
    )
    return _start(parser.parse_args(arguments))


def _start(options: argparse.Namespace) -> int:
    import asyncio
    from pathlib import Path

    from .errors import Impossible
    from .listening import listen
    from .serving import serve

    try:
        listener = listen(options.host, options.port)
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)
        return 1
    base_url = options.base_url or f"http://{_reachable(options.host)}:{listener.getsockname()[1]}"
    file = Path(options.snapshot) if options.snapshot else None
    try:
        asyncio.run(
            serve(
                listener,
                base_url=base_url,
                seed=options.seed,
                rates=options.rates,
                snapshot_file=file,
                calls_file=Path(options.calls) if options.calls else None,
                hosts=_hosts(options.host, base_url),
                ready=lambda: _say(base_url, options.host, options.snapshot),
            )
        )
    except Impossible as error:
        print(f"Cannot use {options.snapshot}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Cannot write the calls to {options.calls}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _is_local(host: str) -> bool:
    import ipaddress

    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hosts(host: str, base_url: str) -> tuple[str, ...]:
    """Names a loopback sandbox answers to; one that others reach on purpose answers to any."""
    from urllib.parse import urlsplit

    if not _is_local(host) or ":" in host:
        return ()
    return (host, "127.0.0.1", "localhost", urlsplit(base_url).hostname or host)


def _say(base_url: str, host: str, file: str | None) -> None:
    print(f"Slack sandbox: {base_url}/  (Web API {base_url}/api/, test side {base_url}/sandbox/docs)")
    if _is_local(host):
        print(f"Listening on {host}: only this machine can reach it.")
    else:
        print(f"Listening on {host}: anyone who reaches this machine can act as anybody in it.", file=sys.stderr)
    if file:
        print(f"State is kept in {file}.")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
