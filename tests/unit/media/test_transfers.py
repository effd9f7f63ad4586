"""A REFER always ends."""

from __future__ import annotations

from ivr.media.transfers import Progress, Referral


def test_progress_then_the_end_and_nothing_after() -> None:
    referral = Referral(0, 25_000)
    assert referral.on_status(202, False) == Progress(code=202, final=False)
    assert referral.on_status(180, False) == Progress(code=180, final=False)
    assert referral.on_status(200, True) == Progress(code=200, final=True)
    assert referral.on_status(200, True) is None
    assert referral.on_time(99_000) is None
    assert referral.on_leg_ended() is None


def test_a_refused_refer_is_final_even_when_nobody_says_so() -> None:
    assert Referral(0, 25_000).on_status(603, False) == Progress(code=603, final=True)


def test_a_transferee_that_never_reports_is_given_up() -> None:
    referral = Referral(1000, 25_000)
    assert referral.on_time(25_999) is None
    assert referral.on_time(26_000) == Progress(code=408, final=True)


def test_a_leg_that_ends_first_ends_the_transfer_with_what_was_known() -> None:
    referral = Referral(0, 25_000)
    referral.on_status(180, False)
    assert referral.on_leg_ended() == Progress(code=180, final=True)
