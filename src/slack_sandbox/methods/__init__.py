"""The Web API's methods, one file per family; every file in this folder is found."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from ..call import Call

Json = dict[str, Any]
Method = Callable[[Call], Json]
REGISTRY: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    def register(function: Method) -> Method:
        REGISTRY[name] = function
        return function

    return register


def load() -> dict[str, Method]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return REGISTRY
