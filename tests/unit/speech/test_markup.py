"""The SSML subset: read into pieces, wrong tags found, never spoken."""

import pytest

from ivr.model.markup import MarkupError, Pause, Words, escaped, parse, pieces, plain, written


def test_text_without_tags_is_one_piece() -> None:
    assert parse("AT&T, a < b, 5 > 3") == (Words(text="AT&T, a < b, 5 > 3"),)


def test_breaks_rates_and_interpretations_become_pieces() -> None:
    text = 'One <break time="300ms"/>two <prosody rate="slow">three <say-as interpret-as="digits">45</say-as></prosody>'
    assert parse(text) == (
        Words(text="One "),
        Pause(ms=300),
        Words(text="two "),
        Words(text="three ", pace=0.8),
        Words(text="45", pace=0.8, interpret="digits"),
    )


def test_times_and_rates_have_more_than_one_spelling() -> None:
    assert parse("<break time='1.5s'/>") == (Pause(ms=1500),)
    assert parse('<speak><prosody rate="90%">a</prosody></speak>') == (Words(text="a", pace=0.9),)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ("a <emphasis>b</emphasis>", "<emphasis>"),
        ("a <break/>", "needs time"),
        ('a <break time="9s"/>', "9s"),
        ('a <break time="soon"/>', "soon"),
        ("a <break time=300ms/>", "cannot be read"),
        ('a <break time="300ms"', "no tag"),
        ('<prosody rate="slow">b', "not closed"),
        ("b</prosody>", "closes nothing"),
        ('<prosody rate="slow"><say-as interpret-as="date">x</prosody></say-as>', "closes nothing"),
        ('<prosody pitch="high">b</prosody>', "pitch"),
        ('<prosody rate="500%">b</prosody>', "500%"),
        ('<say-as interpret-as="time">8</say-as>', "time"),
        ("<!-- note --> b", "no tag"),
    ],
)
def test_wrong_markup_is_said_to_be_wrong_and_its_tags_are_not_spoken(wrong: str, what: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse(wrong)
    assert what in caught.value.what and caught.value.fix
    assert "<" not in plain(wrong)
    assert all("<" not in piece.text and "=" not in piece.text for piece in pieces(wrong) if isinstance(piece, Words))


def test_plain_is_the_words_alone() -> None:
    assert plain('Your code: <break time="1s"/><prosody rate="slow">one</prosody>.') == "Your code: one ."
    assert plain("nothing to take away") == "nothing to take away"


def test_pieces_are_written_as_they_were_read() -> None:
    text = 'a <prosody rate="80%">b</prosody><break time="250ms"/> c'
    assert parse(written(parse(text))) == parse(text)


def test_a_value_cannot_smuggle_a_tag_in() -> None:
    value = 'Bob <break time="5s"/>'
    assert parse(f"Hello {escaped(value)}") == (Words(text=f"Hello {value}"),)
