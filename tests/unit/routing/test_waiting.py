"""What a waiting caller may expect, and the words it is told in."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ivr.model.routing import Agent, AgentState, HandoffRequest
from ivr.routing.agents import AgentDirectory
from ivr.routing.expected_wait import WaitRange, wait_range
from ivr.routing.plan import Queue, RelaxationStep, RoutingPlan
from ivr.routing.waiting import WaitingCall
from ivr.routing.waiting_outlook import Outlook, outlook
from ivr.routing.waiting_pace import QueuePaces
from ivr.routing.waiting_terms import Tell, WaitingTerms
from ivr.routing.waiting_words import Announcement, Told, announcement, ranges, sentences_of

MINUTE_MS = 60_000
TERMS = WaitingTerms()


def agent(name: str, *queues: str, **skills: int) -> Agent:
    return Agent(agent_id=name, name=name, sip_uri="sip:a@h", skills={"lang:en": 5, **skills}, queues=queues)


def plan_of(*agents: Agent, steps: tuple[RelaxationStep, ...] = ()) -> RoutingPlan:
    return RoutingPlan(
        queues={q: Queue(name=q, title=q, required={}) for q in ("claims", "cars", "boats")},
        agents={a.agent_id: a for a in agents},
        weights={},
        steps=steps,
        ring_timeout_ms=15_000,
        wrap_up_ms=30_000,
        whisper_max_ms=8_000,
    )


def call(name: str, queue: str = "claims", arrived_ms: int = 0, priority: int = 0) -> WaitingCall:
    request = HandoffRequest(queue=queue, reason="asked")
    return WaitingCall(call_id=name, request=request, language="en", arrived_ms=arrived_ms, priority=priority)


class Floor:
    """Agents who take calls; whatever happens is told to the paces, as the dispatcher tells it."""

    def __init__(self, plan: RoutingPlan) -> None:
        self.now_ms = 0
        self.directory = AgentDirectory(plan)
        self.paces = QueuePaces(self.directory)
        self.directory.watch(lambda: self.paces.follow(self.now_ms))
        for agent_id in plan.agents:
            self.directory.login(agent_id, now_ms=0)
            self.directory.ready(agent_id, now_ms=0)

    def takes(self, agent_id: str, call_id: str, queue: str = "claims") -> None:
        self.directory.reserve(agent_id, now_ms=self.now_ms)
        self.paces.given(agent_id, call_id, queue)
        self.now_ms += 5_000  # the phone rings
        self.directory.answered(agent_id, now_ms=self.now_ms)

    def seen(self, own: WaitingCall, *others: WaitingCall, until_ms: int = 10**9) -> Outlook:
        line = (own, *others)
        return outlook(self.directory, self.paces, line, own, now_ms=self.now_ms, until_ms=until_ms)


def test_a_call_counts_from_being_taken_to_the_end_of_the_wrap_up() -> None:
    floor = Floor(plan_of(agent("ann", "claims"), agent("bob", "claims")))
    floor.takes("ann", "1")
    floor.now_ms += 200_000
    floor.directory.ended("ann", now_ms=floor.now_ms)
    floor.now_ms += 60_000  # the wrap-up ended by itself half a minute ago: nobody asked meanwhile
    assert floor.paces.expected_ms("claims", 2, 1, floor.now_ms) == 2 * 230_000
    assert floor.paces.expected_ms("cars", 1, 1, floor.now_ms) is None, "nobody took a call of that queue"


def test_a_phone_that_rang_in_vain_is_no_call_taken_and_a_call_moved_away_is_one() -> None:
    floor = Floor(plan_of(agent("ann", "claims")))
    floor.directory.reserve("ann", now_ms=0)
    floor.paces.given("ann", "1", "claims")
    floor.directory.no_answer("ann", now_ms=15_000)
    floor.now_ms = 20_000
    assert floor.paces.expected_ms("claims", 1, 1, floor.now_ms) is None
    floor.directory.ready("ann", now_ms=floor.now_ms)
    floor.takes("ann", "2")
    floor.directory.moved("ann", now_ms=floor.now_ms)
    floor.now_ms += 90_000
    floor.directory.ready("ann", now_ms=floor.now_ms)
    assert floor.paces.expected_ms("claims", 1, 1, floor.now_ms) == 90_000


def test_calls_that_have_just_begun_do_not_tell_how_long_calls_take() -> None:
    floor = Floor(plan_of(agent("ann", "claims")))
    floor.takes("ann", "1")
    floor.now_ms += 119_000
    assert floor.paces.expected_ms("claims", 1, 1, floor.now_ms) is None
    floor.now_ms += 1_000
    assert floor.paces.expected_ms("claims", 1, 1, floor.now_ms) == 120_000


def test_only_calls_that_compete_for_the_same_people_come_before() -> None:
    floor = Floor(plan_of(agent("ann", "claims", "cars"), agent("bob", "boats")))
    others = [call("a", arrived_ms=1), call("b", "cars", 2), call("c", "boats", 3), call("d", arrived_ms=9)]
    assert floor.seen(call("own", arrived_ms=5), *others).ahead == 2
    assert floor.seen(call("own", arrived_ms=5, priority=1), *others).ahead == 0
    urgent = replace(others[3], priority=2)
    assert floor.seen(call("own", arrived_ms=5), *others[:3], urgent).ahead == 3


def test_where_nobody_at_work_could_take_it_there_is_no_outlook() -> None:
    floor = Floor(plan_of(agent("ann", "claims")))
    assert floor.seen(call("own", "boats")) == Outlook()
    floor.directory.not_ready("ann", now_ms=1)
    assert floor.seen(call("own")) == Outlook()


def test_people_who_may_take_it_after_a_step_count_from_that_step_on() -> None:
    steps = (RelaxationStep(for_ms=60_000, need={"x": 5}, agent=""), RelaxationStep(for_ms=None, need={}, agent=""))
    helpers = [agent(f"h{n}", "claims") for n in range(9)]
    floor = Floor(plan_of(agent("ann", "claims", x=5), *helpers, steps=steps))
    floor.takes("ann", "1")
    floor.now_ms += 300_000
    own, before = call("own", arrived_ms=floor.now_ms), call("before", arrived_ms=floor.now_ms - 1)
    assert floor.seen(own, before).expected_ms == 2 * 300_000 // 10
    soon = floor.now_ms + 50_000
    assert floor.seen(own, before, until_ms=soon).expected_ms == 2 * 300_000, "the step comes too late for this call"
    alone = Floor(plan_of(*helpers, steps=steps))
    alone.takes("h0", "1")
    alone.now_ms += 120_000
    own = call("own", arrived_ms=alone.now_ms)
    assert alone.seen(own).expected_ms == 60_000, "not before anybody may take it"


# ---- words ----------------------------------------------------------------------------------------------------------


def say(
    seen: Outlook, told: Told | None = None, now_ms: int = 0, language: str = "en", terms: WaitingTerms = TERMS
) -> Announcement:
    found = announcement(terms, language, seen, told, now_ms)
    assert found is not None
    return found


def test_a_caller_hears_who_is_before_them_how_long_and_every_choice_there_is() -> None:
    first = say(Outlook(ahead=2, expected_ms=7 * MINUTE_MS))
    assert first.sentences == (
        "All my colleagues are busy at the moment.",
        "There are two callers before you.",
        "The wait is about five to ten minutes.",
        "To be called back instead, with your place kept, press one.",
        "To go back to the assistant, press two.",
        "Or simply stay on the line.",
    )
    again = say(Outlook(ahead=2, expected_ms=7 * MINUTE_MS), first.told, 30_000)
    assert again.sentences == ("Thank you for waiting.", *first.sentences[1:])
    assert not again.better


@pytest.mark.parametrize(("expected_s", "offered"), [(180, False), (181, True), (None, True)])
def test_a_callback_is_offered_where_the_wait_is_long_or_nobody_can_tell(expected_s: int | None, offered: bool) -> None:
    seen = Outlook(ahead=0, expected_ms=None if expected_s is None else expected_s * 1000)
    said = say(seen).sentences
    assert any("called back" in sentence for sentence in said) is offered
    assert any("The wait" in sentence for sentence in said) is (expected_s is not None)


@pytest.mark.parametrize(
    ("ahead", "russian"),
    [
        (0, "Ваш звонок следующий."),
        (1, "Перед вами в очереди один человек."),
        (2, "Перед вами в очереди два человека."),
        (5, "Перед вами в очереди пять человек."),
        (11, "Перед вами в очереди больше десяти человек."),
    ],
)
def test_russian_counts_people_in_the_right_form(ahead: int, russian: str) -> None:
    assert russian in say(Outlook(ahead=ahead), language="ru").sentences


def test_a_wait_that_grew_or_should_be_over_is_never_read_without_saying_so() -> None:
    draw, longer = random.Random(3), 0
    for _ in range(800):
        now_ms, told, first = 0, None, True
        for _ in range(6):
            now_ms += draw.randrange(20_000, 240_000)
            known = draw.random() < 0.8
            seen = Outlook(ahead=draw.randrange(4), expected_ms=draw.randrange(20 * MINUTE_MS) if known else None)
            found = say(seen, told, now_ms)
            grew = known and told is not None and told.wait is not None and _later(found.told.wait, told.wait)
            overdue = told is not None and told.by_ms is not None and now_ms >= told.by_ms
            said = "I am sorry, it takes longer than expected." in found.sentences
            assert said == (grew or overdue)
            overtaken = told is not None and told.ahead is not None and (seen.ahead or 0) > told.ahead
            assert ("More urgent calls have come in." in found.sentences) == overtaken
            assert not (found.better and (said or overtaken or first))
            assert found.told.by_ms is None or found.told.by_ms > now_ms
            told, first, longer = found.told, False, longer + said
    assert longer > 400


def _later(now: WaitRange | None, before: WaitRange) -> bool:
    assert now is not None
    return (now.high_min or 10**6) > (before.high_min or 10**6)


def test_a_shorter_wait_or_fewer_callers_is_good_news() -> None:
    first = say(Outlook(ahead=3, expected_ms=12 * MINUTE_MS))
    shorter = say(Outlook(ahead=3, expected_ms=4 * MINUTE_MS), first.told, 20_000)
    assert shorter.better and "It goes faster than expected." in shorter.sentences
    assert say(Outlook(ahead=2, expected_ms=12 * MINUTE_MS), first.told, 20_000).better
    assert not say(Outlook(ahead=3, expected_ms=11 * MINUTE_MS), first.told, 20_000).better


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_sentence_a_caller_can_hear_is_known_before_anybody_calls(language: str) -> None:
    known, draw = set(sentences_of(TERMS, language)), random.Random(7)
    assert not any(character.isdigit() for sentence in known for character in sentence)
    told: Told | None = None
    for second in range(0, 3 * 3600, 4):
        seen = Outlook(ahead=draw.randrange(14), expected_ms=second * 1000)
        found = say(seen, told, second * 1000, language)
        by_voice = announcement(TERMS, language, seen, told, second * 1000, by_voice=True)
        assert by_voice is not None and len(by_voice.sentences) == len(found.sentences) + (told is None)
        assert known >= {*found.sentences, *by_voice.sentences}
        told = found.told
    assert {wait_range(second * 1000) for second in range(0, 3 * 3600, 5)} == set(ranges())


def test_what_is_not_to_be_told_is_not_and_own_words_stand_for_the_thanks() -> None:
    terms = WaitingTerms(tell=frozenset({Tell.POSITION}), words={"en": "You matter to us.", "de": "Bitte warten."})
    seen = Outlook(ahead=1, expected_ms=60 * MINUTE_MS)
    first = say(seen, terms=terms)
    assert not any("wait is" in sentence for sentence in first.sentences)
    assert say(seen, first.told, terms=terms).sentences[0] == "You matter to us."
    assert say(seen, language="de", terms=terms).sentences == ("Bitte warten.",)
    assert announcement(TERMS, "de", seen, None, 0) is None
    assert list(sentences_of(terms, "de")) == ["Bitte warten."]


def test_an_agent_who_leaves_the_plan_with_a_call_ends_it() -> None:
    plan = plan_of(agent("ann", "claims"), agent("bob", "claims"))
    floor = Floor(plan)
    floor.takes("ann", "1")
    floor.now_ms += 100_000
    floor.directory.ended("ann", now_ms=floor.now_ms)
    assert floor.directory.presence("ann", floor.now_ms).state is AgentState.WRAP_UP
    floor.directory.replan(plan_of(agent("bob", "claims")))
    assert floor.paces.expected_ms("claims", 1, 1, floor.now_ms) == 100_000
