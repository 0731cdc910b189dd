import pathlib

import numpy as np
import pytest

from benchmarks import polyphonic_sets as sets
from nabi.music.encodings import read_steps, write_steps

PAPER = pathlib.Path(__file__).parents[2] / "../shared/paper"


def roll(*frames: tuple[int, ...]) -> np.ndarray:
    """Frames of MIDI numbers as the files have them."""
    cells = np.zeros((len(frames), 88), np.uint8)
    for row, pitches in enumerate(frames):
        cells[row, [pitch - 21 for pitch in pitches]] = 1
    return cells


def test_a_piece_keeps_every_frame_of_its_roll():
    cells = np.zeros((4, 88), np.uint8)
    cells[1, [87, 0, 39]] = 1
    cells[2, 39] = 1
    assert sets.piece_of(cells) == ((), (21, 60, 108), (60,), ())


@pytest.mark.parametrize("cells", [np.zeros((4, 87)), np.zeros(88), np.full((1, 88), 2)])
def test_what_is_no_piano_roll_is_refused(cells):
    with pytest.raises(ValueError, match=r"\[frames, 88\] of 0 and 1"):
        sets.piece_of(cells)


def test_transpositions_stay_on_the_piano():
    assert sets.transpositions(((23, 60), (107,)), range(-6, 7)) == [-2, -1, 0, 1]
    assert sets.transpositions(((60,),), (3, -2)) == [-2, 0, 3]
    assert sets.transpositions(((21, 108), ()), range(-6, 7)) == [0]
    # Silence is the same in every key.
    assert sets.transpositions(((),), range(-6, 7)) == [0]


def test_transposing_moves_every_note_of_every_frame():
    assert sets.transpose(((60, 64), (), (61,)), -2) == ((58, 62), (), (59,))


def test_statistics():
    # Three transpositions of the first piece, two of the second: 5 tokens thrice and 3 twice.
    found = sets.statistics([((60, 64), (60,), ()), ((108,), (), ())][:1], (-1, 1))
    assert (found.pieces, found.frames, found.notes, found.tokens, found.augmented_tokens) == (1, 3, 3, 6, 18)
    found = sets.statistics([((60, 64), (60,)), ((108,), (), ())], (-1, 1))
    assert (found.pieces, found.frames, found.notes, found.tokens, found.augmented_tokens) == (2, 5, 4, 9, 23)
    assert (found.silent_ends, found.silent_end_frames) == (1, 2)
    assert sets.statistics([((), ())]).silent_end_frames == 2


def test_only_the_training_split_counts_other_keys():
    counted = sets.statistics_of({"train": [((60,),)], "test": [((60,),)]}, (-1, 1))
    assert [counted[split].augmented_tokens for split in ("train", "test")] == [6, 2]


def test_a_file_gives_its_three_splits(tmp_path):
    scipy_io = pytest.importorskip("scipy.io")
    cells = {name: np.empty((1, 2), object) for name in sets.CELLS.values()}
    for number, name in enumerate(cells):
        cells[name][0, 0] = roll((60 + number,), ())
        cells[name][0, 1] = roll((), (21, 108), (21,))
    scipy_io.savemat(tmp_path / "x.mat", cells)
    second = ((), (21, 108), (21,))
    assert sets.read(tmp_path / "x.mat") == {
        "train": [((60,), ()), second],
        "validation": [((61,), ()), second],
        "test": [((62,), ()), second],
    }


def test_a_file_that_is_none_is_named(tmp_path):
    pytest.importorskip("scipy")
    (tmp_path / "x.mat").write_bytes(b"nothing")
    for name in ("x.mat", "y.mat"):
        with pytest.raises(ValueError, match=f"{name} is no .mat file with traindata, validdata, testdata"):
            sets.read(tmp_path / name)


@pytest.mark.skipif(not PAPER.is_dir(), reason="the paper's files are not here")
@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("JSB_Chorales", (13807, 4602, 4725)),
        ("Nottingham", (176561, 45513, 44463)),
        ("MuseData", (245202, 82755, 64339)),
        ("Piano_midi", (75911, 8540, 19036)),
    ],
)
def test_the_papers_frames_survive_in_tokens(name, frames):
    pytest.importorskip("scipy")
    pieces = sets.read(PAPER / f"{name}.mat")
    assert tuple(sum(map(len, pieces[split])) for split in ("train", "validation", "test")) == frames
    for piece in pieces["validation"]:
        assert read_steps(write_steps(piece)) == list(map(list, piece))
