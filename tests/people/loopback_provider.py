"""A real OpenID provider on loopback (oidc-provider-mock), in a thread; it can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
from werkzeug.serving import make_server

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses parts of its library that are on the way out
    import oidc_provider_mock

Json = dict[str, Any]


@dataclass
class LoopbackProvider:
    """Its address, its people, and what is changed on the way out."""

    issuer: str = ""
    #: The code challenge of each authorization request; a token is given only to whoever knows its origin.
    challenges: list[str] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    change_tokens: Callable[[Json], Json] | None = None
    change_discovery: Callable[[Json], Json] | None = None
    change_keys: Callable[[Json], Json] | None = None
    down: bool = False

    def person(self, subject: str, **claims: Any) -> None:
        """Somebody who can sign in there; `email_verified` unless told otherwise."""
        body = {"email": f"{subject}@example.com", "email_verified": True, "name": subject.title()} | claims
        httpx.put(f"{self.issuer}/users/{subject}", json=body).raise_for_status()

    def wrap(self, app: Callable[..., Any]) -> Callable[..., Any]:
        """PKCE, which the mock leaves out, and the changes."""

        def answer(environ: Json, start_response: Callable[..., Any]) -> Any:
            path = environ["PATH_INFO"]
            if self.down:
                start_response("503 Service Unavailable", [("content-type", "text/plain")])
                return [b"down"]
            if path == "/oauth2/authorize":
                query = parse_qs(environ["QUERY_STRING"])
                self.asked.append(query)
                if query.get("code_challenge_method") == ["S256"]:
                    self.challenges.append(query["code_challenge"][0])
            if path == "/oauth2/token":
                body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                environ["wsgi.input"] = io.BytesIO(body)
                verifier = parse_qs(body.decode()).get("code_verifier", [""])[0]
                digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
                if digest not in self.challenges and b"dispatch-doctor" not in body:
                    start_response("400 Bad Request", [("content-type", "application/json")])
                    return [b'{"error": "invalid_grant"}']
            change = {
                "/oauth2/token": self.change_tokens,
                "/.well-known/openid-configuration": self.change_discovery,
                "/jwks": self.change_keys,
            }.get(path)
            if change is None:
                return app(environ, start_response)
            held: list[Any] = []
            told = b"".join(app(environ, lambda status, headers, exc_info=None: held.append((status, headers))))
            changed = json.dumps(change(json.loads(told))).encode()
            status, headers = held[0]
            start_response(
                status,
                [(k, v) for k, v in headers if k.lower() != "content-length"] + [("content-length", str(len(changed)))],
            )
            return [changed]

        return answer


@contextmanager
def loopback_provider() -> Iterator[LoopbackProvider]:
    """Runs until the block is left."""
    made = LoopbackProvider()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = oidc_provider_mock.app(require_nonce=True)
    server = make_server("localhost", 0, made.wrap(app), threaded=True)  # type: ignore[arg-type]
    made.issuer = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def unsigned(token: str, **claims: Any) -> str:
    """The same ID token, without a signature and with other claims."""
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")) | claims
    return f"{_part({'alg': 'none'})}.{_part(payload)}."


def altered(token: str, **claims: Any) -> str:
    """The same ID token with other claims under the old signature."""
    head, body, signature = token.split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "==")) | claims
    return f"{head}.{_part(payload)}.{signature}"


def _part(value: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
