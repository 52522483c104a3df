"""Whatever a program sends by the description, or against it, is never answered with 500, and as described."""

from __future__ import annotations

import asyncio
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.stage import Stage

#: About so many over all operations; `make torture` sets 100,000.
EXAMPLES = int(os.environ.get("DISPATCH_TEST_EXAMPLES", "2000"))


@pytest.mark.timeout(1200 + EXAMPLES)
async def test_any_request_is_answered_as_described(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    token = await stage.token("admin")
    await asyncio.to_thread(send_all, stage.base_url, token, name)


def send_all(base_url: str, token: str, name: str) -> None:
    """In a thread of its own: the library waits for its answers, the loop has to give them."""
    schema = schemathesis.openapi.from_url(f"{base_url}/api/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 60
    sent = 0
    for operation in operations:

        @settings(
            max_examples=max(10, EXAMPLES // len(operations)), deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        )  # fmt: skip
        def check(case: schemathesis.Case) -> None:
            nonlocal sent
            sent += 1
            # Half of them reach something that exists; the others are as wild as they come.
            if sent % 2 and "org" in case.path_parameters:
                case.path_parameters = {**case.path_parameters, "org": "default"} | (
                    {"name": name} if "name" in case.path_parameters else {}
                )
            answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=60)
            case.validate_response(
                answer, checks=(not_a_server_error, content_type_conformance, response_schema_conformance)
            )

        given(case=operation.as_strategy())(check)()
    assert sent >= EXAMPLES // 2
