"""Requests to the apps' own servers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp


@dataclass(frozen=True)
class Answer:
    """`failure` is Slack's retry reason when there was no answer at all."""

    status: int = 0
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    failure: str | None = None


class Outside:
    """aiohttp is imported with the first request: it would take a third of the program's start."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    def _session(self) -> "aiohttp.ClientSession":
        import aiohttp  # noqa: PLC0415

        if self._http is None or self._http.closed:
            connector = aiohttp.TCPConnector(limit=0)
            self._http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._http

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, limit: float) -> Answer:
        import aiohttp  # noqa: PLC0415

        timeout = aiohttp.ClientTimeout(total=limit)
        try:
            async with self._session().post(
                url, data=body, headers=headers, max_redirects=2, timeout=timeout
            ) as answer:
                text = await answer.text(errors="replace")
        except TimeoutError:
            return Answer(failure="http_timeout")
        except aiohttp.TooManyRedirects:
            return Answer(failure="too_many_redirects")
        except aiohttp.ClientSSLError:
            return Answer(failure="ssl_error")
        except (aiohttp.ClientError, OSError, ValueError):
            return Answer(failure="connection_failed")
        return Answer(answer.status, text, tuple((key.lower(), value) for key, value in answer.headers.items()))

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


def warm_up() -> None:
    """Pays for the import before a person's three seconds run."""
    import aiohttp  # noqa: F401, PLC0415
