"""What identity.yml demands of flows: the level each request needs. The rest of that file is no matter of the dialog.

A flow takes the higher of its own `level:` and what is demanded here; a lower demand is a designer's mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ivr.dialog.source import Faults, did_you_mean, read
from ivr.dialog.steps import Flow
from ivr.model.identity import Level

FILE = "identity.yml"
LEVELS: Mapping[str, Level] = {**{level.name: level for level in Level if level < Level.HUMAN}, "human": Level.HUMAN}


def demanded(folder: Path, flows: Mapping[str, Flow], faults: Faults) -> dict[str, Flow]:
    """The flows with the levels they take. Values that are no level are found by whoever reads the whole file."""
    path = folder / FILE
    top = read(path, folder, faults) if path.exists() else None
    requests = top.get("requests") if top is not None and top.is_map() else None
    wanted: dict[str, Level] = {}
    if requests is None or not requests.is_map():
        return dict(flows)
    for name, node in requests.items():
        level = LEVELS.get(node.value) if isinstance(node.value, str) else None
        if name not in flows:
            requests.key(name).fault("unknown-flow", f"no flow {name!r}", did_you_mean(name, flows))
        elif level is not None and level < flows[name].level:
            own = flows[name].level
            what = f"{name} is to need {level.name} here and {own.name} in its flow; the higher one holds"
            node.fault("level-lower", what, f"Write {'human' if own is Level.HUMAN else own.name}, or lower the flow.")
        elif level is not None:
            wanted[name] = level
    return raised(flows, wanted)


def raised(flows: Mapping[str, Flow], wanted: Mapping[str, Level]) -> dict[str, Flow]:
    """The flows with at least these levels."""
    return {n: replace(flow, level=max(flow.level, wanted.get(n, Level.L0))) for n, flow in flows.items()}
