"""The transfer table is walked over every order of events: the caller is never lost and nothing is left undefined."""

from __future__ import annotations

import pytest

from ivr.call.transfer_states import LATE, TRANSITIONS, TransferEvent, TransferState, transition
from ivr.model.errors import ImpossibleTransitionError

S, E = TransferState, TransferEvent


def reachable() -> dict[TransferState, set[tuple[TransferEvent, ...]]]:
    """State -> the event orders (up to 7 long) that lead there."""
    found: dict[TransferState, set[tuple[TransferEvent, ...]]] = {S.INFORMING: {()}}
    frontier = [(S.INFORMING, ())]
    for _ in range(7):
        following = []
        for state, path in frontier:
            for event in E:
                if (state, event) in TRANSITIONS:
                    after, longer = TRANSITIONS[state, event], (*path, event)
                    if after is not state:
                        found.setdefault(after, set()).add(longer)
                        following.append((after, longer))
        frontier = following
    return found


def test_every_state_can_be_reached() -> None:
    assert set(reachable()) == set(S)


def test_the_bridge_is_reached_only_when_the_agent_accepted_after_answering() -> None:
    paths = reachable()[S.BRIDGED]
    assert paths
    for path in paths:
        assert path[-1] is E.ACCEPTED
        assert E.ANSWERED in path


def test_the_phone_never_rings_before_the_agent_was_informed() -> None:
    for state in (S.DIALING, S.RINGING, S.WHISPERING):
        for path in reachable()[state]:
            assert path[0] is E.INFORMED


def test_nobody_is_believed_to_be_moved_who_was_not_asked_to() -> None:
    for path in reachable()[S.MOVED]:
        assert path[-1] is E.MOVED
        assert E.INFORMED in path


def test_a_refer_that_comes_to_nothing_leads_to_the_agents_phone() -> None:
    assert transition(S.MOVING, E.UNMOVED) is S.DIALING
    assert transition(S.RINGING, E.UNMOVED) is S.RINGING


def test_a_caller_who_leaves_ends_the_attempt_in_every_state() -> None:
    for state in S:
        assert transition(state, E.CALLER_GONE) is (S.MOVED if state is S.MOVED else S.OVER)


@pytest.mark.parametrize("state", [S.MOVING, S.DIALING, S.RINGING, S.WHISPERING, S.DECIDING])
def test_an_agent_who_leaves_before_the_bridge_gives_the_caller_back(state: TransferState) -> None:
    assert transition(state, E.AGENT_GONE) is S.FAILED


def test_every_pair_of_state_and_event_is_a_transition_or_known_to_be_late_or_refused() -> None:
    refused = set()
    for state in S:
        for event in E:
            if (state, event) in TRANSITIONS or (state, event) in LATE:
                transition(state, event)
                continue
            refused.add((state, event))
            with pytest.raises(ImpossibleTransitionError, match=state.value):
                transition(state, event)
    assert (S.INFORMING, E.ACCEPTED) in refused, "nobody can accept before the phone was dialled"
    assert (S.RINGING, E.ACCEPTED) in refused
