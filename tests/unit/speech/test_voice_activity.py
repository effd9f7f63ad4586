"""The ear of one call, with a network that fails in the ways networks do."""

from __future__ import annotations

import numpy as np

from ivr.speech.audio import Samples, to_pcm
from ivr.speech.levels import Levels
from ivr.speech.vad import AT_ONCE, CHUNK, VoiceActivity


class Network:
    """Stands for the ONNX session: answers what it is told, and shows the state it was given."""

    def __init__(self, probability: float) -> None:
        self.probability = probability
        self.states: list[float] = []

    def run(self, windows: Samples, h: Samples, c: Samples) -> tuple[list[float], Samples, Samples]:
        self.states.append(float(h.max()))
        return [self.probability] * len(windows), h + 1, c + 1


def tone(chunks: int, level: float = 0.2) -> Samples:
    at = np.arange(chunks * CHUNK) / 8000
    return (level * np.sin(2 * np.pi * 300 * at)).astype(np.float32)


def noise(chunks: int, level: float = 5e-4, seed: int = 1) -> Samples:
    return (np.random.default_rng(seed).standard_normal(chunks * CHUNK) * level).astype(np.float32)


def test_a_network_that_answers_nonsense_begins_anew_and_the_call_is_heard_on() -> None:
    network = Network(float("nan"))
    ear = VoiceActivity(network)  # type: ignore[arg-type]
    assert [sound.probability for sound in ear.feed(to_pcm(tone(3)))] == [0.0, 0.0, 0.0]
    assert network.states == [0.0, 0.0, 0.0], "every nonsense empties the state"
    network.probability = 0.9
    assert ear.feed(to_pcm(tone(1)))[0].probability == 0.9


def test_seconds_of_sound_without_a_trace_of_voice_empty_the_networks_state() -> None:
    network = Network(0.001)
    ear = VoiceActivity(network)  # type: ignore[arg-type]
    ear.feed(to_pcm(np.concatenate([noise(20), *[tone(30), noise(5)] * 5])))
    assert network.states.count(0.0) == 2, "once at the beginning and once after four seconds"


def test_silence_never_does() -> None:
    network = Network(0.001)
    VoiceActivity(network).feed(to_pcm(noise(400)))  # type: ignore[arg-type]
    assert network.states.count(0.0) == 1


def test_the_end_of_sound_inside_a_chunk_is_found_to_8_ms() -> None:
    levels = Levels()
    for at in range(10):
        levels.weigh(to_pcm(noise(1, seed=at)))
    levels.weigh(to_pcm(tone(1)))
    half = tone(1)
    half[100:] = noise(1, seed=20)[100:]
    weight = levels.weigh(to_pcm(half))
    assert (weight.tail, weight.stirs) == (128, True)
    quiet = levels.weigh(to_pcm(noise(1, seed=21)))
    assert (quiet.tail, quiet.stirs) == (CHUNK, False)


def test_on_a_noisy_line_energy_says_nothing() -> None:
    levels = Levels()
    for at in range(10):
        levels.weigh(to_pcm(noise(1, level=0.05, seed=at)))
    assert levels.weigh(to_pcm(tone(1) + noise(1, level=0.05))).tail == 0
    assert levels.weigh(to_pcm(noise(1, level=0.05, seed=30))).tail == 0


class Window(Network):
    """Notes what it was given, and how many rows at a time."""

    def __init__(self) -> None:
        super().__init__(0.001)
        self.rows: list[Samples] = []
        self.runs: list[int] = []

    def run(self, windows: Samples, h: Samples, c: Samples) -> tuple[list[float], Samples, Samples]:
        self.rows += list(windows)
        self.runs.append(len(windows))
        return super().run(windows, h, c)


def test_a_resting_ear_lets_the_network_hear_everything_in_order_and_before_it_counts() -> None:
    line = to_pcm(np.concatenate([noise(20), tone(3), noise(70, seed=2), tone(2)]))
    awake, resting = Window(), Window()
    VoiceActivity(awake).feed(line)  # type: ignore[arg-type]
    VoiceActivity(resting, resting=True).feed(line)  # type: ignore[arg-type]
    assert np.allclose(awake.rows, resting.rows, atol=1e-6)
    assert awake.runs == [1] * 95
    assert resting.runs == [*[1] * 8, 13, 1, 1, 24, 24, 23, 1], (
        "a tone is heard at once, and all of the silence before it"
    )


def test_what_nobody_waits_for_is_heard_by_the_network_before_the_next_turn() -> None:
    network = Window()
    ear = VoiceActivity(network, resting=True)  # type: ignore[arg-type]
    for _ in range(20):
        ear.feed(to_pcm(tone(1)), patience=AT_ONCE)
    assert network.runs == []
    ear.feed(to_pcm(tone(1)))
    assert network.runs == [21]


def test_loud_chunks_may_be_told_two_at_a_time_and_before_the_quiet_that_follows() -> None:
    network = Window()
    ear = VoiceActivity(network, resting=True)  # type: ignore[arg-type]
    ear.feed(to_pcm(np.concatenate([noise(10), tone(1)])))
    network.runs.clear()
    told = [len(ear.feed(to_pcm(tone(1)), patience=1)) for _ in range(5)]
    assert (told, network.runs) == ([0, 2, 0, 2, 0], [2, 2])
    last = ear.feed(to_pcm(noise(1)), patience=1)
    assert [sound.weight.stirs for sound in last] == [True, False]
    assert network.runs == [2, 2, 1]


def test_a_voice_that_rises_out_of_the_noise_of_the_line_is_no_rest() -> None:
    network = Window()
    ear = VoiceActivity(network, resting=True)  # type: ignore[arg-type]
    ear.feed(to_pcm(noise(30)))
    heard = len(network.rows)
    ear.feed(to_pcm(noise(1, level=9e-4)))  # 5 dB more
    assert len(network.rows) > heard


def test_a_line_that_is_never_quiet_has_no_rest() -> None:
    network = Window()
    VoiceActivity(network, resting=True).feed(to_pcm(noise(60, level=0.01)))  # type: ignore[arg-type]
    assert network.runs == [1] * 60
