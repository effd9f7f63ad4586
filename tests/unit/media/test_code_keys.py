"""A context's code is told from what ordinary callers press, who never wait for a key of theirs."""

from __future__ import annotations

import pytest

from ivr.media.code_keys import GAP_MS, CodeKeys, Sorted


def pressed(keys: str, *, by_ms: int = 5000, every_ms: int = 130, from_ms: int = 1000) -> list[Sorted]:
    """What comes of each key, and at last of the silence after them."""
    codes = CodeKeys()
    codes.expect(by_ms)
    found = [codes.press(key, from_ms + at * every_ms) for at, key in enumerate(keys)]
    return [*found, codes.on_time(from_ms + (len(keys) - 1) * every_ms + GAP_MS)]


def went_on(found: list[Sorted]) -> str:
    return "".join(each.keys for each in found)


def codes(found: list[Sorted]) -> list[str]:
    return [each.code for each in found if each.code]


@pytest.mark.parametrize("keys", ["*12345678#", "*12345678"])
@pytest.mark.parametrize("every_ms", [80, 130, 1400])
def test_a_code_is_taken_out_of_the_keys_at_machine_speed_and_by_hand(keys: str, every_ms: int) -> None:
    found = pressed(keys, every_ms=every_ms)
    assert (codes(found), went_on(found)) == (["12345678"], "")


@pytest.mark.parametrize("keys", ["1", "12345678#", "#", "0*12345678#", "A*12345678#"])
def test_whoever_presses_something_else_first_waits_for_no_key(keys: str) -> None:
    found = pressed(keys)
    assert [each.keys for each in found] == [*keys, ""]


@pytest.mark.parametrize("keys", ["*", "*1", "*1234567#", "*123456789#", "**12345678#", "*1234*5678#", "*1234D678#"])
def test_what_is_no_code_goes_on_whole_and_in_order(keys: str) -> None:
    found = pressed(keys)
    assert (codes(found), went_on(found)) == ([], keys)


def test_the_star_of_a_caller_who_wants_to_hear_it_again_goes_on_after_a_moment_and_later_at_once() -> None:
    keys = CodeKeys()
    keys.expect(5000)
    assert keys.press("*", 1000) == keys.on_time(999 + GAP_MS) == Sorted()
    assert keys.on_time(1000 + GAP_MS) == Sorted(keys="*")
    assert keys.press("*", 3000) == Sorted(keys="*")


def test_a_code_counts_only_where_one_is_expected_and_early() -> None:
    assert codes(pressed("*12345678#", by_ms=0)) == codes(pressed("*12345678#", by_ms=999)) == []
    assert codes(pressed("*12345678#", by_ms=1000)) == ["12345678"]
    assert codes(pressed("*12345678#*12345678#")) == ["12345678"], "once in a call"
