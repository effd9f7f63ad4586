"""When a turn begins and ends, in virtual time: a script of sounds, a decoder with a fixed delay."""

import pytest

from ivr.model.errors import ImpossibleTransitionError
from ivr.model.hearing import Alternative, EndpointProfile, Expectation, ExpectationKind, Hypothesis, Phrase
from ivr.speech.endpointing import (
    MAX_TURN_MS,
    PAUSE_MS,
    TRANSITIONS,
    Decode,
    Ended,
    Endpointer,
    Hurry,
    Phase,
    Resumed,
    Sign,
    Started,
)
from ivr.speech.levels import Weight
from ivr.speech.vad import CHUNK, CHUNK_MS

DECODE_MS = 130
SIX = Expectation(kind=ExpectationKind.DIGITS, profile=EndpointProfile.LONG, min_length=6, max_length=6)
YES_NO = Expectation(
    kind=ExpectationKind.YES_NO, profile=EndpointProfile.SHORT, phrases=(Phrase(text="yes", value="yes"),)
)


def heard(text: str, value: str | None = None, margin: float | None = None) -> Hypothesis:
    return Hypothesis(text=text, confidence=0.9 if text else 0.0, engine="test", value=value, margin=margin)


class Script:
    """Plays (probability, ms) to an endpointer; a decode answers after DECODE_MS, by how much was voiced until then."""

    def __init__(self, expectation: Expectation, texts: dict[int, Hypothesis] | Hypothesis) -> None:
        self.endpointer = Endpointer(expectation)
        self.texts = texts
        self.now_ms = 0
        self.voiced_ms = 0
        self.actions: list[tuple[int, object]] = []
        self.pending: tuple[int, int, Hypothesis] | None = None

    def play(self, *sounds: tuple[float, int]) -> "Script":
        for probability, duration_ms in sounds:
            for _ in range(duration_ms // CHUNK_MS):
                if self.endpointer.phase is Phase.ENDED:
                    return self
                self._chunk(probability)
        return self

    def _chunk(self, probability: float) -> None:
        self.now_ms += CHUNK_MS
        self.voiced_ms += CHUNK_MS if probability >= 0.5 else 0
        self._note(self.endpointer.hear(probability, self.now_ms * CHUNK // CHUNK_MS))
        if self.pending is not None and self.now_ms >= self.pending[0]:
            _, until, hypothesis = self.pending
            self.pending = None
            self._note(self.endpointer.understand(hypothesis, until))

    def _note(self, actions: list) -> None:
        for action in actions:
            self.actions.append((self.now_ms, action))
            if isinstance(action, Decode):
                text = self.texts if isinstance(self.texts, Hypothesis) else self.texts[self.voiced_ms]
                self.pending = (self.now_ms + DECODE_MS, action.until, text)
            if isinstance(action, Resumed):
                self.pending = None

    def of(self, cls: type) -> list[tuple[int, object]]:
        return [(at, action) for at, action in self.actions if isinstance(action, cls)]

    @property
    def ended_after_ms(self) -> int:
        """Pause after which the turn ended."""
        ((at, action),) = self.of(Ended)
        return at - action.end // 8


VOICE, SILENCE = 0.95, 0.02


def test_speech_start_is_sure_within_a_tenth_of_a_second() -> None:
    script = Script(Expectation(), heard("hello there")).play((SILENCE, 320), (VOICE, 320))
    ((at, action),) = script.of(Started)
    assert isinstance(action, Started)
    assert at - 320 <= 96
    assert action.start == 320 * 8


def test_a_click_is_no_speech() -> None:
    script = Script(Expectation(), heard("")).play((SILENCE, 320), (VOICE, 32), (SILENCE, 640))
    assert script.actions == []


def test_weak_voice_needs_more_evidence() -> None:
    script = Script(Expectation(), heard("")).play((SILENCE, 320), (0.55, 64))
    assert script.of(Started) == []
    assert script.play((0.55, 32)).of(Started)


def test_a_plain_sentence_ends_within_400_ms_and_is_decoded_once() -> None:
    script = Script(Expectation(), heard("i lost my card")).play((VOICE, 1280), (SILENCE, 2048))
    assert script.ended_after_ms <= 400
    assert len(script.of(Decode)) == 1


def test_a_complete_answer_ends_sooner_than_a_sentence() -> None:
    answer = Script(YES_NO, heard("yes", "yes", 6.0)).play((VOICE, 320), (SILENCE, 2048))
    sentence = Script(YES_NO, heard("i have a question")).play((VOICE, 320), (SILENCE, 2048))
    assert answer.ended_after_ms <= 320 < sentence.ended_after_ms


def test_a_doubtful_match_waits_as_long_as_a_sentence() -> None:
    sure = Script(YES_NO, heard("yes", "yes", 6.0)).play((VOICE, 320), (SILENCE, 2048))
    doubtful = Script(YES_NO, heard("yes", "yes", 0.5)).play((VOICE, 320), (SILENCE, 2048))
    assert doubtful.ended_after_ms > sure.ended_after_ms


def test_a_pause_in_the_middle_of_a_number_does_not_end_it() -> None:
    texts = {960: heard("4 5 7", "457"), 1920: heard("4 5 7 8 9 1", "457891")}
    script = Script(SIX, texts).play((VOICE, 960), (SILENCE, 768), (VOICE, 960), (SILENCE, 2048))
    ((_, action),) = script.of(Ended)
    assert isinstance(action, Ended)
    assert action.hypothesis.value == "457891"
    assert script.ended_after_ms <= 320


def test_a_number_that_stays_short_ends_in_the_end() -> None:
    script = Script(SIX, heard("4 5 7", "457")).play((VOICE, 960), (SILENCE, 4096))
    assert 900 <= script.ended_after_ms <= 1100


def test_a_known_number_ends_at_once() -> None:
    known = Expectation(kind=ExpectationKind.DIGITS, profile=EndpointProfile.LONG, candidates=("4578",))
    script = Script(known, heard("4 5 7 8", "4578")).play((VOICE, 960), (SILENCE, 4096))
    assert script.ended_after_ms <= 320


@pytest.mark.parametrize("text", ["my number is", "i want to", "it is about the", "my card and"])
def test_a_sentence_that_hangs_in_the_air_is_waited_for(text: str) -> None:
    script = Script(Expectation(), heard(text)).play((VOICE, 960), (SILENCE, 4096))
    assert script.ended_after_ms >= 880


def test_a_new_one_is_no_dictated_number() -> None:
    plain = Script(Expectation(), heard("i need a new one")).play((VOICE, 960), (SILENCE, 4096))
    number = Script(Expectation(), heard("it's four five")).play((VOICE, 960), (SILENCE, 4096))
    assert plain.ended_after_ms < number.ended_after_ms


def test_speech_that_goes_on_makes_the_decode_stale() -> None:
    script = Script(Expectation(), heard("my policy")).play((VOICE, 640), (SILENCE, 192), (VOICE, 640))
    assert len(script.of(Resumed)) == 1
    assert script.endpointer.understand(heard("old"), 1) == []
    assert script.of(Ended) == []


def test_a_late_decode_is_hurried_and_ends_the_turn_when_it_comes() -> None:
    endpointer = Endpointer(Expectation())
    actions = []
    for i in range(60):
        actions += endpointer.hear(VOICE if i < 20 else SILENCE, (i + 1) * CHUNK)
    (decode,) = [a for a in actions if isinstance(a, Decode)]
    assert len([a for a in actions if isinstance(a, Hurry)]) == 1
    assert not [a for a in actions if isinstance(a, Ended)]
    assert isinstance(endpointer.understand(heard("hello"), decode.until)[0], Ended)


@pytest.mark.parametrize("profile", list(EndpointProfile))
def test_nobody_talks_for_ever(profile: EndpointProfile) -> None:
    script = Script(Expectation(profile=profile), heard("music")).play((VOICE, 60_000))
    (at, decode) = script.of(Decode)[-1]
    assert isinstance(decode, Decode) and decode.final
    assert MAX_TURN_MS[profile] <= at <= MAX_TURN_MS[profile] + 2 * CHUNK_MS
    assert isinstance(script.endpointer.understand(heard("music"), decode.until)[0], Ended)


def test_after_the_end_no_sound_is_possible() -> None:
    script = Script(Expectation(), heard("bye")).play((VOICE, 640), (SILENCE, 2048))
    with pytest.raises(ImpossibleTransitionError, match="endpointing"):
        script.endpointer.hear(VOICE, 10**6)


def test_every_phase_but_the_end_knows_voice_and_quiet() -> None:
    for phase in set(Phase) - {Phase.ENDED}:
        assert (phase, Sign.VOICE) in TRANSITIONS
        assert (phase, Sign.QUIET) in TRANSITIONS


def test_the_better_the_answer_the_shorter_the_pause() -> None:
    for profile in EndpointProfile:
        pauses = [ms for (p, _), ms in PAUSE_MS.items() if p is profile]
        assert pauses == sorted(pauses)
        assert pauses[0] <= 300 and pauses[-1] >= 800


MENU = Expectation(
    kind=ExpectationKind.CHOICE,
    profile=EndpointProfile.SHORT,
    phrases=(Phrase(text="claims", value="claims"), Phrase(text="payments", value="payments")),
)


def test_a_word_of_the_menu_that_nothing_follows_is_answered_at_once() -> None:
    script = Script(MENU, heard("claims", "claims", 6.0)).play((VOICE, 480), (SILENCE, 2048))
    assert script.ended_after_ms <= 224, "a pause of 160 ms and what the decode takes"


def test_a_yes_that_may_go_on_waits_for_its_second_half() -> None:
    list_of_two = Expectation(
        kind=ExpectationKind.CHOICE,
        profile=EndpointProfile.SHORT,
        phrases=(Phrase(text="my claim", value="one"), Phrase(text="my claim number", value="two")),
    )
    more = Script(list_of_two, heard("my claim", "one", 6.0)).play((VOICE, 480), (SILENCE, 2048))
    all_of_it = Script(list_of_two, heard("my claim number", "two", 6.0)).play((VOICE, 480), (SILENCE, 2048))
    assert all_of_it.ended_after_ms <= 224
    assert more.ended_after_ms >= 288


def test_six_digits_made_of_five_are_waited_for() -> None:
    looped = Hypothesis(
        text="0 0 5 8 9 9",
        value="005899",
        confidence=0.6,
        engine="test",
        alternatives=(Alternative(text="0 0 5 8 9", log_probability=-1.4),),
    )
    script = Script(SIX, looped).play((VOICE, 1920), (SILENCE, 4096))
    assert script.ended_after_ms >= 800


@pytest.mark.parametrize("text", ["um", "uh well", "э", "ну"])
def test_who_hesitates_is_waited_for(text: str) -> None:
    assert Script(Expectation(), heard(text)).play((VOICE, 320), (SILENCE, 4096)).ended_after_ms >= 900


@pytest.mark.parametrize(
    "text",
    ["я хочу узнать про", "мой номер", "это насчёт моей карты и", "my policy number", "i would like", "it's the"],
)
def test_no_sentence_ends_with_these(text: str) -> None:
    assert Script(Expectation(), heard(text)).play((VOICE, 960), (SILENCE, 4096)).ended_after_ms >= 900


@pytest.mark.parametrize(
    "text",
    ["i want to report an accident", "хочу узнать остаток по карте", "can i speak to somebody please"],
)
def test_a_clause_that_is_over_ends_sooner_than_a_fragment(text: str) -> None:
    assert Script(Expectation(), heard(text)).play((VOICE, 960), (SILENCE, 4096)).ended_after_ms <= 320
    assert Script(Expectation(), heard("policy")).play((VOICE, 960), (SILENCE, 4096)).ended_after_ms > 320


def test_a_question_may_end_with_its_preposition() -> None:
    assert Script(Expectation(), heard("what folder is it in")).play((VOICE, 960), (SILENCE, 4096)).ended_after_ms < 400


def test_the_pause_counts_from_the_last_sound_and_not_from_where_the_network_noticed() -> None:
    endpointer = Endpointer(Expectation())
    for at in range(1, 21):
        endpointer.hear(VOICE, at * CHUNK)
    endpointer.hear(VOICE, 21 * CHUNK, Weight(tail=192, stirs=True))
    endpointer.hear(0.8, 22 * CHUNK, Weight(tail=CHUNK, stirs=False))
    assert endpointer.phase is Phase.PAUSING
    assert endpointer.end == 20 * CHUNK + 64


def test_a_sound_in_the_pause_holds_the_end_up_but_a_breath_not_for_long() -> None:
    def ended_at(stirs_from: int, stirs_until: int) -> int:
        endpointer = Endpointer(MENU)
        for at in range(1, 21):
            endpointer.hear(VOICE, at * CHUNK)
        for at in range(21, 60):
            stirs = stirs_from <= at < stirs_until
            for action in endpointer.hear(SILENCE, at * CHUNK, Weight(tail=0 if stirs else CHUNK, stirs=stirs)):
                if isinstance(action, Decode):
                    until = action.until
            if at == 24:
                endpointer.understand(heard("claims", "claims", 6.0), until)
            if endpointer.phase is Phase.ENDED:
                return (at - 20) * CHUNK_MS
        raise AssertionError("the turn never ended")

    calm, breath = ended_at(99, 99), ended_at(22, 60)
    assert calm == 128
    assert calm < breath <= 288


def test_six_digits_in_half_a_second_were_made_up() -> None:
    real = Script(SIX, heard("4 7 4 7 4 4", "474744")).play((VOICE, 1920), (SILENCE, 4096))
    made_up = Script(SIX, heard("4 7 4 7 4 4", "474744")).play((VOICE, 640), (SILENCE, 4096))
    assert real.ended_after_ms <= 320
    assert made_up.ended_after_ms >= 800


def test_a_word_in_place_of_digits_is_a_digit_misread_unless_it_is_a_command() -> None:
    misread = Script(SIX, heard("paid")).play((VOICE, 640), (SILENCE, 4096))
    command = Script(SIX, heard("operator")).play((VOICE, 640), (SILENCE, 4096))
    assert command.ended_after_ms <= 640
    assert misread.ended_after_ms >= 1000
