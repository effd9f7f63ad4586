"""A rehearsal as JUnit XML, the format every build server reads. Source of the format: the Ant JUnit schema."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from ivr.design.rehearsal import Rehearsal, Rehearsed


def write(rehearsal: Rehearsal, path: Path) -> None:
    """Write one test suite per file of conversations. Raises OSError."""
    results = rehearsal.results
    root = ElementTree.Element("testsuites", _counted(rehearsal.assistant.name, results))
    for file in dict.fromkeys(result.told.file for result in results):
        own = tuple(result for result in results if result.told.file == file)
        suite = ElementTree.SubElement(root, "testsuite", _counted(file, own))
        for result in own:
            attributes = {
                "name": result.told.name,
                "classname": f"{rehearsal.assistant.name}.{Path(file).stem}",
                "file": file,
                "line": str(result.told.number),
                "time": f"{result.took_s:.3f}",
            }
            case = ElementTree.SubElement(suite, "testcase", attributes)
            if not result.passed:
                failure = ElementTree.SubElement(case, "failure", {"message": _clean(result.report.problems[0])})
                failure.text = _clean("\n".join((*result.report.problems, "", *result.report.transcript)))
            said = ElementTree.SubElement(case, "system-out")
            said.text = _clean("\n".join(result.report.transcript))
    ElementTree.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _counted(name: str, results: tuple[Rehearsed, ...]) -> dict[str, str]:
    return {
        "name": name,
        "tests": str(len(results)),
        "failures": str(sum(not result.passed for result in results)),
        "errors": "0",
        "time": f"{sum(result.took_s for result in results):.3f}",
    }


def _clean(text: str) -> str:
    """Without the characters XML cannot hold."""
    return "".join(c for c in text if c in "\n\t" or ord(c) >= 32)
