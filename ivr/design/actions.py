"""Python actions of services.yml that nobody installed: looked up by name, never imported, for importing runs code.

Owns the looking. How they are called is ivr.call.python_actions. Which actions a Rasa action server has, it alone
knows.
"""

from __future__ import annotations

import ast
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from ivr.call.python_actions import GROUP
from ivr.dialog.assistant import Assistant
from ivr.dialog.source import Faults, did_you_mean, read

MISSING_PACKAGE = "Install its package into the environment of ivr."


def check(folder: Path, assistant: Assistant, faults: Faults) -> None:
    """Add a finding for every Python action that is not there; a warning, for the calls may run on another machine."""
    named = {service.name: service.python for service in assistant.services.values() if service.python}
    file = read(folder / "services.yml", folder, Faults()) if named else None
    services = file.get("services") if file else None
    for name, python in named.items():
        service = services.get(name) if services else None
        fix = _mending(python)
        if fix and service:
            what = f"service {name!r}: there is no Python action {python!r} here"
            faults.add(service.get("python") or service, "no-action", what, fix, "warning")


def _mending(name: str) -> str:
    """What would help, "" when the action is there."""
    module, _, function = name.partition(":")
    if not function:
        points = [point.name for point in entry_points(group=GROUP)]
        return "" if name in points else f"{MISSING_PACKAGE} {did_you_mean(name, points)}".strip()
    source = _source(module)
    if source is None:
        return MISSING_PACKAGE
    functions = _functions(source)
    return "" if functions is None or function in functions else did_you_mean(function, functions)


def _source(module: str) -> Path | None:
    """Where the module stands, None when there is none."""
    first, *inner = module.split(".")
    spec = find_spec(first)
    for part in inner:
        spec = PathFinder.find_spec(part, spec.submodule_search_locations or []) if spec else None
    return Path(spec.origin) if spec is not None and spec.origin else None


def _functions(source: Path) -> set[str] | None:
    """Names at the top of a module, None when that cannot be told without running it."""
    if source.suffix != ".py":
        return None
    tree = ast.parse(source.read_bytes())
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
            if "*" in names:
                return None
    return names
