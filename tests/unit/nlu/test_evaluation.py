"""The measures of `ivr nlu evaluate`, against sums done by hand and against scikit-learn."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from ivr.cli import main
from ivr.model.errors import ConfigError
from ivr.nlu.evaluation import Row, auroc, calibration_error, drawn, evaluate, read_table, rejected_at, spoiled

TRAIN = """text\tintent
where is my claim\tstatus
what is the state of my claim\tstatus
is my claim "done"\tstatus
i want to pay\tpay
let me pay my bill\tpay
how do i pay\tpay
the weather is nice\toos
"""
TEST = """text\tintent
where is my claim now\tstatus
i would like to pay\tpay
seventeen purple elephants\toos
"""


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    train, test = tmp_path / "train.tsv", tmp_path / "test.tsv"
    train.write_text(TRAIN, encoding="utf-8")
    test.write_text(TEST, encoding="utf-8")
    return train, test


def test_one_object_with_every_measure_is_printed(
    tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train, test = map(str, tables)
    assert main(["nlu", "evaluate", "--train", train, "--test", test, "--engine", "tfidf", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["accuracy"], said["auroc"], said["rejected_at_10"]) == (1.0, 1.0, 1.0)
    assert (said["n"], said["n_train"], said["engine"]) == (3, 6, "tfidf")
    assert 0 < said["parse_p50_ms"] <= said["parse_p95_ms"]
    assert {"train_s", "retrain_s", "ece", "rejected", "false_rejects"} <= said.keys()


def test_without_rows_out_of_scope_their_measures_are_null(tables: tuple[Path, Path]) -> None:
    train, test = tables
    test.write_text(
        "text\tintent\nwhere is my claim\tstatus\nlet me pay\tpay\nhow do i pay\tstatus\n", encoding="utf-8"
    )
    report = evaluate(train, test, engine="tfidf")
    assert report["auroc"] is None and report["rejected_at_10"] is None
    assert report["accuracy"] == pytest.approx(2 / 3, abs=1e-3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "header"),
        (b"sentence\tlabel\nhello\thi\n", "header"),
        (b"text\tintent\n", "needs a text"),
        (b"text\tintent\nhello\n", ":2: a row needs"),
        (b"text\tintent\n\xff\xfe\thi\n", "UTF-8"),
        (b"text\tintent\nhello\thi\nhi\thi\n", "2 intents"),
        (b"text\tintent\r\nhello\thi\r\n\r\nbye now\r\n", ":4: a row needs"),
        (b"text\tintent\nhello\thi\n\t\xd0\xb4\xd0\xb0\n", ":3: a row needs"),
        (b"text\tintent\nhello\thi\ncaf\xe9\thi\n", ":3: not a UTF-8 table"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(
    tables: tuple[Path, Path], content: bytes, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    train, test = tables
    train.write_bytes(content)
    assert main(["nlu", "evaluate", "--train", str(train), "--test", str(test), "--engine", "tfidf"]) == 2
    assert says in capsys.readouterr().err


def test_a_missing_table_and_a_wrong_share_of_noise_are_refused(tables: tuple[Path, Path]) -> None:
    train, test = tables
    with pytest.raises(ConfigError, match="cannot be read"):
        evaluate(train, train.with_name("nowhere.tsv"))
    with pytest.raises(ConfigError, match="share of words"):
        evaluate(train, test, noise=15)


def test_quotation_marks_are_part_of_a_sentence(tables: tuple[Path, Path]) -> None:
    assert read_table(tables[0])[2].text == 'is my claim "done"'


def test_tables_are_read_as_spreadsheets_and_editors_write_them(tmp_path: Path) -> None:
    table = tmp_path / "odd.tsv"
    rows = (
        "\ufeffIntent \t note\t Text",
        "pay\t\t  let me\u00a0pay  ",
        "",
        'status\tx\t"is my claim ""done"""',
        "OOS\t\tsing me a song",
        'pay\t\t"pay" said my wife',
        " \t ",
    )
    table.write_bytes("\r\n".join(rows).encode())
    assert read_table(table) == [
        Row(text="let me pay", intent="pay"),
        Row(text='is my claim "done"', intent="status"),
        Row(text="sing me a song", intent="oos"),
        Row(text='"pay" said my wife', intent="pay"),
    ]


def test_the_draw_is_the_same_for_the_same_seed_whatever_else_the_table_holds() -> None:
    rows = [Row(text=f"{intent} {n}", intent=intent) for intent in ("a", "b") for n in range(30)]
    first = drawn(rows, 5, 1)
    assert len(first) == 10 and first == drawn(rows, 5, 1) != drawn(rows, 5, 2)
    assert drawn([*rows, Row(text="c", intent="c")], 5, 1)[:10] == first
    assert drawn(rows, 0, 1) == rows


def test_noise_touches_the_share_of_words_it_names() -> None:
    rows = [Row(text=" ".join(f"w{n}x{m}" for m in range(10)), intent="a") for n in range(200)]
    noisy = spoiled(rows, 0.15, 1)
    assert noisy == spoiled(rows, 0.15, 1) != spoiled(rows, 0.15, 2)
    kept = sum(
        word in after.text.split() for before, after in zip(rows, noisy, strict=True) for word in before.text.split()
    )
    assert kept / 2000 == pytest.approx(0.90, abs=0.02)  # two of three fates lose the word
    assert spoiled(rows, 0, 1) == rows


def test_auroc_agrees_with_scikit_learn_ties_included() -> None:
    from sklearn.metrics import roc_auc_score  # a second to load, wherever tests are collected

    draw = random.Random(1)
    inside = np.array([round(draw.betavariate(4, 2), 1) for _ in range(300)], dtype=np.float32)
    outside = np.array([round(draw.betavariate(2, 4), 1) for _ in range(100)], dtype=np.float32)
    truth = [1] * len(inside) + [0] * len(outside)
    assert auroc(inside, outside) == pytest.approx(roc_auc_score(truth, np.concatenate([inside, outside])))


def test_rejection_is_measured_where_a_tenth_of_the_rest_is_lost() -> None:
    inside = np.linspace(0, 1, 101, dtype=np.float32)
    assert rejected_at(0.10, inside, np.array([0.05, 0.5, 0.09, 0.9], dtype=np.float32)) == 0.5


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    confidences = np.array([0.95] * 10 + [0.55] * 10, dtype=np.float32)
    right = np.array([True] * 10 + [True] * 3 + [False] * 7)
    assert calibration_error(confidences, right) == pytest.approx((0.05 + 0.25) / 2, abs=1e-5)
