"""The words that we add to pocketsphinx's dictionary are words it lacks, in sounds it knows."""

from simpatient.ports.sphinx import ENGLISH, _package

GENERAL = _package() / "model" / "en-us" / "cmudict-en-us.dict"


def entries(file):
    return [(word, sounds) for word, *sounds in map(str.split, file.read_text("utf-8").splitlines())]


def test_words_are_new_sorted_and_in_known_sounds():
    general, own = entries(GENERAL), entries(ENGLISH / "words.dict")
    words = [word for word, _ in own]

    assert words == sorted(set(words))
    assert not set(words) & {word for word, _ in general}
    assert {sound for _, sounds in own for sound in sounds} <= {sound for _, sounds in general for sound in sounds}
    assert all(sounds for _, sounds in own)


def test_what_a_clinic_speaks_of_is_known():
    words = {word for file in (GENERAL, ENGLISH / "words.dict") for word, _ in entries(file)}

    assert words >= {"ocd", "sertraline", "lithium", "ketamine", "gp", "vaping", "suicidal", "overdose", "asthma"}
