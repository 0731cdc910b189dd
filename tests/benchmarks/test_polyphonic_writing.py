from benchmarks.polyphonic_writing import Writing
from nabi.music.encodings import Steps, Voices

# Eighth notes: a bass that is held under a step and a silent frame, and a soprano that comes back after it.
PIECE = ((48, 60), (48, 62), (), (60,), ())


def test_steps_keep_every_frame():
    writing = Writing(Steps(step=6), 6)
    assert " ".join(writing.tokens(PIECE)) == "C3 C4 | C3 D4 | | C4 | |"
    assert writing.frames(writing.tokens(PIECE)) == PIECE


def test_voices_keep_the_frames_up_to_the_last_note():
    writing = Writing(Voices(), 6)
    tokens = writing.tokens(PIECE)
    assert " ".join(tokens[3:]) == "C4 C3 s:1/2 @1/2 D4 ~C3 s:1/2 @1 s:1/2 @3/2 C4 s:1/2"
    assert writing.frames(tokens) == PIECE[:-1]
