"""The queue of prompts and its account."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from ivr.media.playback import SILENCE, Awaiting, Ended, Frames, PlaybackQueue, Started, WavCache, read_frames
from ivr.model.errors import MediaError

A, B, C = (bytes([n]) * 320 for n in (1, 2, 3))


def queue() -> PlaybackQueue:
    made = PlaybackQueue()
    made.paused = False
    return made


def there(*frames: bytes) -> Awaiting:
    """Frames nobody has to wait for."""
    return lambda _: frames


def wav(path: Path, samples: int, rate: int = 8000, channels: int = 1) -> str:
    with wave.open(str(path), "wb") as out:
        out.setparams((channels, 2, rate, 0, "NONE", ""))
        out.writeframes(b"\x01\x00" * samples * channels)
    return str(path)


def test_pieces_play_in_order_and_the_playback_ends_once() -> None:
    q = queue()
    q.add("p", there(A, B), last=False, loop=False)
    q.add("p", there(C), last=True, loop=False)
    assert [q.next_frame(20 * n) for n in range(5)] == [A, B, C, SILENCE, SILENCE]
    assert list(q.marks()) == [
        Started(playback="p", at_ms=0),
        Ended(playback="p", interrupted=False, played_ms=60, at_ms=60),
    ]
    assert not q.playing


def test_a_playback_without_its_last_piece_stays_open() -> None:
    q = queue()
    q.add("p", there(A), last=False, loop=False)
    q.next_frame(0)
    assert q.next_frame(20) == SILENCE
    assert list(q.marks()) == [Started(playback="p", at_ms=0)]
    q.add("p", there(), last=True, loop=False)
    q.next_frame(40)
    assert list(q.marks()) == [Ended(playback="p", interrupted=False, played_ms=20, at_ms=40)]


def test_stopping_reports_what_played_and_what_never_did() -> None:
    q = queue()
    q.add("one", there(A, B, C), last=True, loop=False)
    q.add("two", there(A), last=True, loop=False)
    q.next_frame(0)
    q.stop(30)
    q.stop(31)
    assert q.next_frame(40) == SILENCE
    assert list(q.marks()) == [
        Started(playback="one", at_ms=0),
        Ended(playback="one", interrupted=True, played_ms=20, at_ms=30),
        Ended(playback="two", interrupted=True, played_ms=0, at_ms=30),
    ]


def test_a_playback_that_ran_dry_before_the_stop_was_not_interrupted() -> None:
    q = queue()
    q.add("one", there(A), last=True, loop=False)
    q.next_frame(0)
    q.next_frame(20)
    q.stop(30)
    assert list(q.marks())[-1] == Ended(playback="one", interrupted=False, played_ms=20, at_ms=20)


def test_music_repeats_until_stopped() -> None:
    q = queue()
    q.add("music", there(A, B), last=True, loop=True)
    assert [q.next_frame(0) for _ in range(5)] == [A, B, A, B, A]
    q.stop(100)
    assert list(q.marks())[-1] == Ended(playback="music", interrupted=True, played_ms=100, at_ms=100)


def test_an_empty_loop_ends_instead_of_spinning() -> None:
    q = queue()
    q.add("nothing", there(), last=True, loop=True)
    assert q.next_frame(0) == SILENCE
    assert list(q.marks()) == [Ended(playback="nothing", interrupted=False, played_ms=0, at_ms=0)]


def test_what_is_on_its_way_is_silence_until_it_comes_and_what_is_behind_it_waits() -> None:
    q, came = queue(), list[Frames]()
    q.add("late", lambda _: came[0] if came else None, last=True, loop=False)
    q.add("behind", there(B), last=True, loop=False)
    assert [q.next_frame(n) for n in (0, 20)] == [SILENCE, SILENCE]
    assert not list(q.marks())
    q.hold()
    q.resume()
    came.append((A,))
    assert [q.next_frame(n) for n in (40, 60, 80)] == [A, B, SILENCE]
    assert [type(mark) for mark in q.marks()] == [Started, Ended, Started, Ended]


def test_a_paused_queue_keeps_its_place() -> None:
    q = queue()
    q.add("p", there(A, B), last=True, loop=False)
    q.next_frame(0)
    q.paused = True
    assert q.next_frame(20) == SILENCE
    q.paused = False
    assert q.next_frame(40) == B


def test_the_last_frame_of_a_file_is_filled_with_silence(tmp_path: Path) -> None:
    frames = read_frames(wav(tmp_path / "a.wav", 170))
    assert [len(frame) for frame in frames] == [320, 320]
    assert frames[1] == b"\x01\x00" * 10 + bytes(300)


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (8000, 2)])
def test_other_formats_are_refused_with_what_is_wanted(tmp_path: Path, rate: int, channels: int) -> None:
    with pytest.raises(MediaError, match="wanted 8000 Hz mono"):
        read_frames(wav(tmp_path / "a.wav", 10, rate, channels))


def test_the_cache_forgets_the_oldest_and_sees_a_changed_file(tmp_path: Path) -> None:
    cache = WavCache(max_bytes=2 * 320)
    one, two, three = (wav(tmp_path / f"{n}.wav", 160) for n in range(3))
    first = cache.frames(one)
    cache.frames(two)
    assert cache.frames(one) is first
    cache.frames(three)
    assert cache.frames(one) is first
    wav(Path(one), 320)
    assert len(cache.frames(one)) == 2


def test_a_missing_or_broken_file_is_a_media_error(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"not a wav")
    for name in ("none.wav", "x.wav"):
        with pytest.raises(MediaError):
            WavCache().frames(str(tmp_path / name))


def test_a_held_prompt_is_silent_and_goes_on_where_it_was() -> None:
    q = queue()
    loud = tuple(bytes([n, 60]) * 160 for n in range(4))
    q.add("p", there(*loud), last=True, loop=False)
    assert q.next_frame(0) == loud[0]
    q.hold()
    assert [q.next_frame(n) for n in (20, 40)] == [SILENCE, SILENCE]
    assert [type(mark) for mark in q.marks()] == [Started], "a held prompt is not over"
    q.resume()
    assert [q.next_frame(60 + n) for n in range(4)] == [*loud[1:], SILENCE]


def test_a_held_prompt_goes_on_from_the_gap_before_the_word_it_stopped_in() -> None:
    q = queue()
    word, gap = bytes([0, 60]) * 160, bytes([1, 0]) * 160
    q.add("p", there(word, word, gap, word, word, word), last=True, loop=False)
    for n in range(5):
        q.next_frame(20 * n)
    q.hold()
    q.resume()
    assert [q.next_frame(100 + 20 * n) for n in range(4)] == [gap, word, word, word]


def test_a_stop_empties_what_was_held_and_the_next_prompt_plays_at_once() -> None:
    q = queue()
    q.add("p", there(A, B), last=True, loop=False)
    q.next_frame(0)
    q.hold()
    q.stop(20)
    q.add("q", there(C), last=True, loop=False)
    assert q.next_frame(20) == C
    ended = [mark for mark in q.marks() if isinstance(mark, Ended)]
    assert ended[0] == Ended(playback="p", interrupted=True, played_ms=20, at_ms=20)
