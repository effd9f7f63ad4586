from pathlib import Path

import pytest

from ivr.model.errors import DesignError, Fault
from ivr.nlu.training_data import MAX_FILE_BYTES, TrainingData, read_training_data

GOOD = """version: "3.1"
nlu:
# what callers say
- intent: claim_status
  examples: |
    - where is my claim [CL-204518](claim_number)
    - any news on my [vehicle](line:car) claim

    # a comment
    - what about [my flat]{"entity": "line", "value": "flat"}
- intent: affirm
  examples:
  - text: |
      yes
  - yeah
- synonym: car
  examples: |
    - automobile
- lookup: line
  examples: |
    - car
    - flat
- regex: claim_number
  examples: |
    - \\b[A-Z]{2}-?\\d{6}\\b
"""


def read(tmp_path: Path, text: str | bytes) -> TrainingData:
    path = tmp_path / "nlu.en.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_training_data(path)


def faults(tmp_path: Path, text: str | bytes) -> tuple[Fault, ...]:
    with pytest.raises(DesignError) as caught:
        read(tmp_path, text)
    return caught.value.faults


def test_examples_come_without_marks_and_with_their_lines(tmp_path: Path) -> None:
    data = read(tmp_path, GOOD)
    assert [(e.line, e.intent, e.text) for e in data.examples] == [
        (6, "claim_status", "where is my claim CL-204518"),
        (7, "claim_status", "any news on my vehicle claim"),
        (10, "claim_status", "what about my flat"),
        (13, "affirm", "yes"),
        (15, "affirm", "yeah"),
    ]


def test_all_three_ways_of_marking_an_entity_are_read(tmp_path: Path) -> None:
    marked = [(e.text, a) for e in read(tmp_path, GOOD).examples for a in e.entities]
    assert [(a.entity, a.value, text[a.start : a.end]) for text, a in marked] == [
        ("claim_number", "CL-204518", "CL-204518"),
        ("line", "car", "vehicle"),
        ("line", "flat", "my flat"),
    ]


def test_synonyms_lookups_and_regexes_are_read(tmp_path: Path) -> None:
    data = read(tmp_path, GOOD)
    assert data.synonyms == {"automobile": "car"}
    assert data.lookups == {"line": ("car", "flat")}
    assert data.regexes == {"claim_number": (r"\b[A-Z]{2}-?\d{6}\b",)}


def test_every_mistake_is_reported_with_its_line(tmp_path: Path) -> None:
    text = """version: "3.1"
nlu:
- intent: one
  examples: |
    - fine
    missing dash
    - bad [mark]{entity: x}
- intnet: two
- regex: broken
  examples: |
    - (unclosed
- lookup: empty
"""
    assert [(f.line, f.code) for f in faults(tmp_path, text)] == [
        (6, "nlu.dash"),
        (7, "nlu.annotation"),
        (8, "nlu.section"),
        (11, "nlu.regex"),
        (12, "nlu.no-examples"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("nlu:\n- intent: a\n  examples: |\n    - x\n   - y\n", 5, "nlu.yaml"),
        ("version: '3.1'\nnlu: many\n", 2, "nlu.no-nlu"),
        ("- just a list\n", 1, "nlu.no-nlu"),
        ("", 1, "nlu.no-nlu"),
        ("version: '3.1'\nversion: '3.1'\nnlu: []\n", 2, "nlu.yaml"),
        (b"version: '3.1'\nnlu:\n- intent: caf\xe9\n", 3, "nlu.encoding"),
        (b"nlu: \x00\n", 0, "nlu.yaml"),
        (b"#" * (MAX_FILE_BYTES + 1), 0, "nlu.too-big"),
        ("nlu:\n- intent: a\n  examples: |\n    - only one intent\n", 0, "nlu.intents"),
        ("nlu:\n- intent: 5\n  examples: |\n    - x\n", 2, "nlu.name"),
        ("nlu:\n- intent: a\n  examples: 5\n", 3, "nlu.no-examples"),
        ("nlu:\n- intent: a\n  examples:\n  - [x]\n", 4, "nlu.example"),
    ],
)
def test_bad_input_gets_a_finding_and_never_a_traceback(
    tmp_path: Path, text: str | bytes, line: int, code: str
) -> None:
    found = faults(tmp_path, text)
    assert (found[0].line, found[0].code) == (line, code)
    assert found[0].fix


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="cannot be read"):
        read_training_data(tmp_path / "nowhere.yml")


def test_few_examples_and_phrases_in_two_intents_are_warnings(tmp_path: Path) -> None:
    text = """version: "3.1"
nlu:
- intent: a
  examples: |
    - hello
- intent: b
  examples: |
    - Hello
"""
    assert [(f.line, f.code, f.severity) for f in read(tmp_path, text).warnings] == [
        (5, "nlu.few", "warning"),
        (8, "nlu.few", "warning"),
        (8, "nlu.twice", "warning"),
    ]


def test_the_shipped_file_has_no_findings() -> None:
    data = read_training_data(Path(__file__).parents[3] / "dialogs/insurance/nlu.en.yml")
    assert data.warnings == ()
    counts = {name: sum(e.intent == name for e in data.examples) for name in data.intents}
    assert set(counts) == {
        *("claim_status", "new_claim", "payment", "change_address", "operator", "repeat"),
        *("help", "goodbye", "no_offers", "affirm", "deny", "thanks"),
        *("policy_copy", "change_contact", "switch_language", "complaint"),
        *("wrong_postcode", "wrong_street", "wrong_house", "wrong_flat"),
        *("dont_know", "wont_say", "no_code", "passphrase"),
    }
    assert min(counts.values()) >= 12
