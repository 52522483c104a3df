"""`dispatch server slack ORG PROJECT` as its own process: it serves, it ends in order, and it says what is missing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from tests.scenarios.test_requests_from_slack import configure
from tests.stage import BO, COMMAND, CY, Stage, connected, over_sockets

pytestmark = [pytest.mark.process, over_sockets]


async def started(stage: Stage, *arguments: str, **more: str) -> asyncio.subprocess.Process:
    settings = stage.house.settings
    env = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")} | {
        "DISPATCH_ENV": "test",
        "DISPATCH_DATABASE_URL": stage.house.db.url,
        "DISPATCH_SECRET_KEY": settings.secret_key,
        "DISPATCH_BASE_URL": settings.base_url,
        "DISPATCH_SLACK_API_URL": settings.slack_api_url,
        **more,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dispatch.cli.run", "server", "slack", *arguments, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def ended(stage: Stage, *arguments: str) -> tuple[int | None, str]:
    process = await started(stage, *arguments)
    _, error = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, error.decode()


async def holders(stage: Stage) -> list[Any]:
    async with stage.house.db.system() as t:
        rows = await t.execute(text("select holder from slack_socket where connections > 0 and named"))
        return list(rows.scalars())


@pytest.mark.seed("dispatch server slack")
async def test_it_serves_until_it_is_told_to_stop(stage: Stage) -> None:
    process = await started(stage, "default", "payments")

    async def serves() -> bool:
        assert process.returncode is None
        return len(await holders(stage)) == 1

    await stage.eventually(serves, timeout=60)
    await connected(stage.slack, stage.app["app_id"])
    answer = await stage.slack.command(BO, stage.general, COMMAND)
    assert answer["ack"]["error"] is None
    await stage.form(BO)
    await told_to_stop_at_work(stage, process)
    assert await holders(stage) == []


async def told_to_stop_at_work(stage: Stage, process: asyncio.subprocess.Process) -> None:
    """It ends what it has begun: the form still opens, though Slack takes its time."""
    await stage.slack.faults({"target": "views.open", "kind": "latency", "seconds": 1.5})
    before = len(await opened(stage))
    typed = asyncio.create_task(stage.slack.command(CY, stage.general, COMMAND))

    async def under_way() -> bool:
        return (await stage.slack.deliveries())["sending"] > 0 or typed.done()

    await stage.eventually(under_way)
    process.send_signal(signal.SIGTERM)
    answer = await typed
    assert answer["ack"]["error"] is None
    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert len(await opened(stage)) == before + 1


async def opened(stage: Stage) -> list[Any]:
    return [each for each in await stage.slack.calls() if each["method"] == "views.open" and each["result"]["ok"]]


class Proxy:
    """A tunnel (CONNECT) to one server, whatever host was asked for; it notes which. The TLS ends here, since the local Slack
    speaks none."""

    def __init__(self, target: str, tls: ssl.SSLContext) -> None:
        self.host, self.port, self.tls = urlsplit(target).hostname, urlsplit(target).port, tls
        self.asked: list[tuple[str, str]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, host, _ = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)
        assert method == b"CONNECT"
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.start_tls(self.tls)
        there, back = await asyncio.open_connection(self.host, self.port)
        await asyncio.gather(self._pass(reader, back, host=host.decode()), self._pass(there, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, host: str = "") -> None:
        try:
            while data := await reader.read(65536):
                if host and (found := re.match(rb"[A-Z]+ ([^ ?]+)\S* HTTP/1.1\r\n", data)):
                    self.asked.append((host, found[1].decode()))
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # One side hung up: so does the other.
        finally:
            writer.close()


def certified(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """(a server's context for this host, the file that makes a client trust it)"""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, secret = folder / "trusted.pem", folder / "key.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, secret)
    return context, trusted


async def test_calls_and_socket_go_through_the_proxy_of_the_environment(stage: Stage, tmp_path: Path) -> None:
    """Slack is a name that only the proxy knows."""
    tls, trusted = certified(tmp_path, "slack.test")
    proxy = Proxy(stage.box.base_url, tls)
    stage.box.base_url = "https://slack.test"
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        process = await started(
            stage, "default", "payments", SSL_CERT_FILE=str(trusted),
            DISPATCH_SLACK_API_URL="https://slack.test/api/", HTTPS_PROXY=address, NO_PROXY="127.0.0.1",
        )  # fmt: skip

        async def serves() -> bool:
            assert process.returncode is None
            return len(await holders(stage)) == 1

        await stage.eventually(serves, timeout=60)
        await connected(stage.slack, stage.app["app_id"])
        answer = await stage.slack.command(BO, stage.general, COMMAND)
        assert answer["ack"]["error"] is None
        await stage.form(BO)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert {host for host, _ in proxy.asked} == {"slack.test:443"}
    assert {"/api/apps.connections.open", "/link/", "/api/views.open"} <= {path for _, path in proxy.asked}


async def test_what_is_missing_is_said_in_one_sentence(stage: Stage) -> None:
    for arguments, sentence in (
        (("nowhere", "default"), 'There is no organization "nowhere". There are: default.'),
        (("default", "nowhere"), 'There is no project "nowhere" here.'),
    ):
        code, said = await ended(stage, *arguments)
        assert code == 1 and sentence in said and "Traceback" not in said
    await configure(stage, {"socket_mode_app_token": "xapp-1-A0WRONG-1-wrong"})
    code, said = await ended(stage, "default", "default")
    assert code == 1 and "Socket Mode App Token" in said and "Traceback" not in said, said
    await configure(stage, {"socket_mode_app_token": ""})
    code, said = await ended(stage, "default", "default")
    assert code == 1 and "has no Socket Mode App Token" in said
    await configure(stage, {}, enabled=False)
    code, said = await ended(stage, "default", "default")
    assert code == 1 and "is not enabled" in said
