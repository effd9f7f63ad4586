"""Whatever a designer's file holds, the answer is a finding and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.document import Document
from ivr.model.errors import DesignError
from ivr.nlu.training_data import read_training_data

BROKEN = {
    "not utf-8": b"version: \xff\xfe 1",
    "a month 13": b"version: 2026-13-45",
    "a merge of nothing": b"a: {<<: 1}",
    "an open bracket": b"a: [1, 2",
    "a list at the top": b"- 1\n- 2",
    "nothing at all": b"",
    "lists without end": b"[" * 700,  # deeper than Python's stack, where the reader fails with a RecursionError
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_document_is_a_finding(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "offers.yml"
    path.write_bytes(content)
    with pytest.raises(DesignError) as found:
        Document(path)
    assert str(path) in str(found.value)


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken_training_data_is_a_finding(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "nlu.en.yml"
    path.write_bytes(content)
    with pytest.raises(DesignError):
        read_training_data(path)
