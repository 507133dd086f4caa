import unicodedata

from gateway.visible import visible


def test_what_turns_text_around_takes_no_space_or_controls_a_terminal_is_written_out():
    assert visible("exe\u202egnp\x00\n\x1b[2J") == r"exe\u202egnp\u0000\u000a\u001b[2J"
    assert visible("a\U000e0041b\u061cc") == r"a\U000e0041b\u061cc"


def test_every_control_and_every_character_for_the_direction_of_writing_is_seen():
    for number in range(0x110000):
        kind, direction = unicodedata.category(chr(number)), unicodedata.bidirectional(chr(number))
        if kind == "Cc" or direction in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}:
            assert visible(chr(number)) != chr(number), hex(number)


def test_names_in_any_language_stay_as_they_are():
    assert visible("İstanbul 東京 é café שלום مرحبا 👍") == "İstanbul 東京 é café שלום مرحبا 👍"
