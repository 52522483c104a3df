"""The same scenarios over Socket Mode: every test of the main job, and what is special about sockets."""

from __future__ import annotations

from tests.scenarios import test_report_incident as main_job
from tests.stage import over_sockets

pytestmark = over_sockets

globals().update({name: test for name, test in vars(main_job).items() if name.startswith("test_")})
