"""Flows: the order of steps that talk to other systems, one job each, with a journal that survives `kill -9`.

A flow is declared as the runbook it is::

    set_up = flow("incident.set_up", version=1)(
        step("channel", make_channel, title="Create the channel", delivery="once"),
        step("people", invite, title="Bring in the people", after="channel"),
    )
    on(Opened, set_up)
"""

from dispatch.kit.flows.declare import Deciding, Flow, Skip, Step, all_flows, flow, flow_named, step
from dispatch.kit.flows.journal import FlowRun, FlowStep, retry, steps_of
from dispatch.kit.flows.runner import Lost, Runner, StepContext

__all__ = [
    "Deciding",
    "Flow",
    "FlowRun",
    "FlowStep",
    "Lost",
    "Runner",
    "Skip",
    "Step",
    "StepContext",
    "all_flows",
    "flow",
    "flow_named",
    "retry",
    "step",
    "steps_of",
]
