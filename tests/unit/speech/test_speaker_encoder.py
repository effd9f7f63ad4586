"""The speaker encoder without PyTorch: its weights are read and not run, its network does what an LSTM does."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from ivr.model.errors import SpeechError
from ivr.speech.speaker_encoder import SpeakerEncoder, _Layer, _mel_filters
from ivr.speech.speaker_evaluation import equal_error
from ivr.speech.speaker_weights import read_weights
from tests.fakes.checkpoint import MAGIC, encoder_state, write_checkpoint


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    state = encoder_state()
    write_checkpoint(tmp_path / "w.pt", state, others={"step": 7})
    found = read_weights(tmp_path / "w.pt", "model_state")
    assert found.keys() == state.keys()
    assert all(np.array_equal(found[name], array) for name, array in state.items())


def test_a_checkpoint_that_would_run_something_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'sprung'}",)

    with (tmp_path / "trap.pt").open("wb") as file:
        for whole in (MAGIC, 1001, {}, {"model_state": Trap()}, []):
            pickle.dump(whole, file, protocol=2)
    with pytest.raises(SpeechError, match="refused"):
        read_weights(tmp_path / "trap.pt", "model_state")
    assert not (tmp_path / "sprung").exists()


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    whole, broken = tmp_path / "w.pt", tmp_path / "broken.pt"
    write_checkpoint(whole, {"a": np.ones((3, 2), dtype=np.float32)})
    raw = whole.read_bytes()
    for damaged in (b"", b"PK\x03\x04", raw[:40], raw[:-3], raw[: raw.index(b"torch")] + b"\x80\x02N."):
        broken.write_bytes(damaged)
        with pytest.raises(SpeechError):
            read_weights(broken, "model_state")
    with pytest.raises(SpeechError):
        read_weights(whole, "another_part")
    with pytest.raises(SpeechError, match="lacks"):
        SpeakerEncoder(whole)


def test_a_layer_is_the_lstm_of_the_book() -> None:
    state = encoder_state()
    rng = np.random.default_rng(2)
    steps = rng.normal(size=(1, 4, 40)).astype(np.float32)
    found = _Layer(state, 0).run(steps)[0]
    hidden, cell = np.zeros(256), np.zeros(256)
    for at in range(4):
        gates = state["lstm.weight_ih_l0"] @ steps[0, at] + state["lstm.bias_ih_l0"]
        gates = gates + state["lstm.weight_hh_l0"] @ hidden + state["lstm.bias_hh_l0"]
        let_in, forget, new, out = gates[:256], gates[256:512], gates[512:768], gates[768:]
        cell = np.vectorize(sigmoid)(forget) * cell + np.vectorize(sigmoid)(let_in) * np.tanh(new)
        hidden = np.vectorize(sigmoid)(out) * np.tanh(cell)
        assert np.allclose(found[at], hidden, atol=1e-5)


def test_mel_bands_cover_the_spectrum_once() -> None:
    filters = _mel_filters()
    assert filters.shape == (40, 201) and (filters >= 0).all()
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) >= 0).all() and peaks[-1] > 180
    assert 0.9 < (filters[20:].sum(axis=1) * 40).mean() < 1.1  # Slaney: equal areas, in bands wider than a bin


def test_a_voice_is_a_vector_of_length_one_and_silence_is_none(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "w.pt", encoder_state())
    encoder = SpeakerEncoder(tmp_path / "w.pt")
    time = np.arange(16000) / 8000
    hum = (0.2 * np.sin(2 * np.pi * 150 * time) * (np.sin(2 * np.pi * 3 * time) > 0)).astype(np.float32)
    line = hum + np.random.default_rng(3).normal(0, 0.002, hum.size).astype(np.float32)
    found = encoder.sample(line)
    assert found is not None and abs(sum(number**2 for number in found.vector) - 1) < 1e-4
    assert 0.9 < found.seconds < 2 and 30 < found.snr_db < 45
    assert encoder.sample(np.zeros(0, dtype=np.float32)) is None
    assert encoder.sample(line[:2000]) is None


def test_equal_errors_are_found_between_the_scores() -> None:
    assert equal_error([0.9, 0.8], [0.2, 0.1]) == (0.0, pytest.approx(0.5))
    rate, threshold = equal_error([0.9, 0.3, 0.8, 0.7], [0.1, 0.2, 0.75, 0.4])
    assert rate == pytest.approx(0.25) and 0.4 < threshold < 0.75
