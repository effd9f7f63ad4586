"""ivr asr evaluate: the command itself, on real recordings, with the figures it promises."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.cli import main
from tests.audio.phone_line import pcm, quiet, read, spoken_digits

KEYS = {"wer", "exact", "rejected", "p50_ms", "p95_ms", "n"}


def save(path: Path, audio: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(audio)


def manifest(folder: Path, rows: dict[str, str]) -> str:
    lines = ["file\ttext", *(f"{name}\t{text}" for name, text in rows.items())]
    (folder / "rows.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder / "rows.tsv")


def evaluate(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, float]:
    assert main(["asr", "evaluate", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == KEYS
    return found


@pytest.mark.models
def test_numbers_of_known_length_are_heard_exactly(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fsdd = shared_data / "speech" / "fsdd"
    rows = {}
    texts = {"457891": "4 5 7 8 9 1", "203665": "203665", "118240": "one one eight two four oh"}
    for (number, text), speaker in zip(texts.items(), ("george", "lucas", "jackson"), strict=True):
        save(tmp_path / f"{number}.wav", pcm(0.6 * spoken_digits(fsdd, number, speaker, gap_s=0.2)))
        rows[f"{number}.wav"] = text
    save(tmp_path / "nothing.wav", pcm(quiet(1.0)))
    found = evaluate(capsys, manifest(tmp_path, {**rows, "nothing.wav": "1"}), "--lang", "en", "--expect", "digits:6")
    assert (found["n"], found["exact"], found["rejected"]) == (4, 0.75, 0.25)
    assert 0 < found["p50_ms"] <= found["p95_ms"]


@pytest.mark.models
def test_single_digits_are_found_in_a_list(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fsdd = shared_data / "speech" / "fsdd"
    words = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
    (tmp_path / "ten.txt").write_text("".join(f"{word}\t{i}\n" for i, word in enumerate(words)))
    rows = {}
    for i in range(10):
        for speaker in ("george", "jackson", "lucas"):
            save(
                tmp_path / f"{i}{speaker}.wav",
                (np.clip(read(fsdd / f"{i}_{speaker}_9.wav"), -1, 1) * 32767).astype("<i2").tobytes(),
            )
            rows[f"{i}{speaker}.wav"] = str(i) if speaker == "george" else words[i]
    table = manifest(tmp_path, rows)
    assert evaluate(capsys, table, "--expect", f"choice:{tmp_path / 'ten.txt'}")["exact"] >= 0.9
    assert evaluate(capsys, table, "--expect", "digits:1")["exact"] >= 0.9


@pytest.mark.parametrize(
    ("text", "words", "why"),
    [
        ("name\twhat\na.wav\tx\n", (), "file<TAB>text"),
        ("file\ttext\nmissing.wav\tx\n", (), "no file"),
        ("file\ttext\n", (), "no recordings"),
        ("file\ttext\na.wav\tx\n", ("--expect", "digits:many"), "want open"),
        ("file\ttext\na.wav\tx\n", ("--expect", "choice:/nowhere"), "cannot be read"),
    ],
)
def test_a_mistake_in_the_table_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: tuple[str, ...], why: str
) -> None:
    (tmp_path / "rows.tsv").write_text(text)
    save(tmp_path / "a.wav", pcm(quiet(0.1)))
    assert main(["asr", "evaluate", str(tmp_path / "rows.tsv"), *words]) == 2
    assert why in capsys.readouterr().err
