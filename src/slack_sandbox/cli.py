"""`slack-sandbox`: the sandbox as a program."""

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="slack-sandbox", description="A strict local Slack.")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="serve the sandbox until interrupted")
    start.add_argument("--host", default="127.0.0.1", help="address to bind (default: this machine only)")
    start.add_argument("--port", type=int, default=8100)
    start.add_argument("--seed", type=int, default=None, help="the same seed gives the same ids and tokens")
    start.add_argument("--snapshot", metavar="FILE", default=None, help="load this state if it exists, and keep it there")
    start.add_argument("--rates", action=argparse.BooleanOptionalAction, default=False, help="apply Slack's rate limits")
    start.add_argument("--base-url", default=None, help="address apps and browsers reach it by (default: host and port)")
    options = parser.parse_args(arguments)
    return _start(options)


def _start(options: argparse.Namespace) -> int:
    import asyncio
    import ipaddress
    from pathlib import Path

    import uvicorn

    from .server import create_app

    try:
        local = options.host == "localhost" or ipaddress.ip_address(options.host).is_loopback
    except ValueError:
        local = False
    base_url = options.base_url or f"http://{_reachable(options.host)}:{options.port}"
    file = Path(options.snapshot) if options.snapshot else None
    app = create_app(base_url=base_url, seed=options.seed, rates=options.rates, snapshot_file=file)
    box = app.state.sandbox

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: object) -> None:
            # Open streams would keep the server from stopping.
            box.live.close()
            super().handle_exit(sig, frame)  # type: ignore[arg-type]

        async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
            await super().startup(sockets)  # type: ignore[arg-type]
            if self.started:
                _say(base_url, local=local, host=options.host, file=options.snapshot)

    config = uvicorn.Config(
        app, host=options.host, port=options.port, log_level="warning", access_log=False, timeout_graceful_shutdown=2
    )
    server = Server(config)
    try:
        asyncio.run(server.serve())
    except KeyboardInterrupt:
        return 0
    return 0 if server.started else 1


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _say(base_url: str, *, local: bool, host: str, file: str | None) -> None:
    print(f"Slack sandbox: {base_url}/  (Web API {base_url}/api/, test side {base_url}/sandbox/docs)")
    if local:
        print(f"Listening on {host}: only this machine can reach it.")
    else:
        print(f"Listening on {host}: anyone who reaches this machine can act as anybody in it.", file=sys.stderr)
    if file:
        print(f"State is kept in {file}.")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
