from __future__ import annotations

from penumbra.panels.wrapped import wrapped


def lines(sentence: str, width: float) -> list[str]:
    return wrapped(sentence, width, lambda text: sum(2 if ord(letter) > 0x2E80 else 1 for letter in text))


def test_words_stay_whole() -> None:
    assert lines("Nobody was found in the footage.", 12) == ["Nobody was", "found in the", "footage."]
    assert lines("short", 80) == ["short"]
    assert lines("", 80) == []


def test_a_word_that_fits_no_line_is_broken() -> None:
    found = lines("No file /tmp/a_very_long_name.mp4: check the path.", 12)
    assert max(map(len, found)) <= 12
    assert "".join(found).replace(" ", "") == "Nofile/tmp/a_very_long_name.mp4:checkthepath."


def test_text_without_spaces_breaks_between_letters_but_never_before_a_stop() -> None:
    sentence = "\u52d5\u304d\u306f\u63a8\u6e2c\u3067\u3059\u3002\u88ab\u5199\u4f53\u304c\u96a0\u308c\u3066"
    found = lines(sentence, 14)
    assert "".join(found) == sentence
    assert found[0].endswith("\u3059\u3002") or not found[1].startswith("\u3002")
    assert all(len(line) * 2 <= 16 for line in found)


def test_languages_mix() -> None:
    assert lines("demo\u306b28\u30d5\u30ec\u30fc\u30e0", 8) == ["demo\u306b28", "\u30d5\u30ec\u30fc\u30e0"]
