import pytest

from songs.scales import SCALES, Key


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


@pytest.mark.parametrize("name", ["", "H minor", "minor", "C minory", "C##"])
def test_what_is_no_key_is_refused(name):
    with pytest.raises(ValueError, match=r"tonic|scale"):
        Key.parse(name)


def test_scales_begin_on_their_tonic_and_ascend():
    for steps in SCALES.values():
        assert steps[0] == 0
        assert list(steps) == sorted(set(steps))
        assert steps[-1] < 12
