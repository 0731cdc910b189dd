import pytest

from nabi.music.scales import SCALES, Key


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("C", {0, 2, 4, 5, 7, 9, 11}),
        ("d minor", {2, 4, 5, 7, 9, 10, 0, 1}),
        ("Eb major", {3, 5, 7, 8, 10, 0, 2}),
        ("F# harmonic minor", {6, 8, 9, 11, 1, 2, 5}),
        ("bb minor-pentatonic", {10, 1, 3, 5, 8}),
        ("Cb", {11, 1, 3, 4, 6, 8, 10}),
    ],
)
def test_a_key_has_its_notes(name, classes):
    assert Key.parse(name).classes == classes


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("D minor", ["Dm", "dm", "D min", "d-moll", "D_minor", "  d   Minor "]),
        ("D major", ["D", "DM", "Dmaj", "D-Dur", "d major", "d dur"]),
        ("D dorian", ["D dorian", "d dorisch"]),
        ("B minor", ["h-moll", "H minor", "B minor", "Bm", "bm"]),
        ("Bb minor", ["b-moll", "bmoll", "B flat minor", "Bbm", "b♭ minor", "hes moll"]),
        ("Bb major", ["B-Dur", "Bb", "B flat", "Bflat major"]),
        ("Eb major", ["Es-Dur", "Es", "E-flat major", "Eb"]),
        ("Ab major", ["As-Dur", "As", "Aes dur"]),
        ("F# minor", ["F sharp minor", "f# moll", "fis-moll", "F♯m", "F-sharp-minor", "ges moll"]),
        ("C# minor", ["cis-moll", "Dbm"]),
        ("A harmonic-minor", ["A harmonic minor", "a harmonisch moll"]),
        ("E natural-minor", ["E aeolian", "e äolisch"]),
    ],
)
def test_a_key_is_understood_in_english_and_german(key, names):
    assert {name: str(Key.parse(name)) for name in names} == dict.fromkeys(names, key)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "does not begin with a tonic"),
        ("minor", "does not begin with a tonic: a letter A..G, and # or b"),
        ("mi mineur", "does not begin with a tonic"),
        ("C minory", "did you mean 'C minor'"),
        ("es majr", "did you mean 'Eb major'"),
        ("C##", "no known scale"),
        ("C7", "no known scale: use one of major, minor"),
        ("d", "'d' may be D major or D minor: write one of them out"),
        ("cis", "'cis' may be Db major or C# minor"),
    ],
)
def test_what_is_no_key_is_refused_with_what_is(name, message):
    with pytest.raises(ValueError, match=message):
        Key.parse(name)


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_stands_behind_its_tonic(scale):
    for name in (f"D {scale}", f"d {scale.replace('-', ' ')}"):
        assert Key.parse(name) == Key(2, scale)


def test_scales_begin_on_their_tonic_and_ascend():
    for steps in SCALES.values():
        assert steps[0] == 0
        assert list(steps) == sorted(set(steps))
        assert steps[-1] < 12
