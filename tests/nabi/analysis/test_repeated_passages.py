import pathlib

from nabi.analysis.repeated_passages import FURTHEST, repeated


def test_the_latest_of_equal_runs_is_the_source():
    runs, sources = repeated(["A", "B", "C", "A", "B", "D", "A", "B"])
    assert runs.tolist() == [0, 0, 0, 0, 1, 2, 1, 2]
    # After the last A the run of C A B at distance 3 was halved by D, so that both earlier A B agree in one token.
    assert sources.tolist() == [-1, -1, -1, -1, 1, 2, 3, 4]


def test_another_token_halves_a_run_and_one_that_does_not_count_leaves_it():
    song = ["A", "B", "C", "D", "E", "A", "B", "C", "X", "E"]
    assert repeated(song)[0].tolist() == [0, 0, 0, 0, 0, 0, 1, 2, 3, 1]
    song = ["1", "A", "B", "2", "C", "D", "3", "A", "B", "4", "C"]
    assert repeated(song)[0].tolist()[8:] == [1, 2, 1]
    assert repeated(song, [token.isdigit() for token in song])[0].tolist()[8:] == [1, 2, 2]


def test_a_song_of_no_token_or_one_repeats_nothing():
    assert [column.tolist() for column in repeated([])] == [[], []]
    assert [column.tolist() for column in repeated(["A"])] == [[0], [-1]]


def test_what_is_too_far_back_is_forgotten():
    song = [*"ABCDE", *"ABC"]
    assert repeated(song, furthest=5)[1].tolist()[-2:] == [1, 2]
    assert repeated(song, furthest=4)[1].tolist()[-2:] == [-1, -1]


def test_it_goes_back_as_far_as_a_networks_memory():
    source = (pathlib.Path(__file__).parents[3] / "nabi/networks/song_memory.py").read_text(encoding="utf-8")
    assert f"\nTOKENS = {FURTHEST}\n" in source
