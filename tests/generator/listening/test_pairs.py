from generator.listening import pairs
from generator.listening.sources import NamedSong
from generator.songs_dir import audio
from tests.generator.listening.test_excerpts import scale


def named(prefix, songs):
    return [NamedSong(f"{prefix}{at}", song) for at, song in enumerate(songs)]


def test_both_excerpts_begin_in_one_bar_at_the_tempo_of_the_real_song_and_no_song_comes_twice():
    real = named("real", [scale(8, tempo=60.0), scale(2), scale(8), scale(8, tempo=90.0)])
    made = named("made", [scale(3), scale(9), scale(9), scale(9)])
    found = pairs.match(iter(real), made, count=3, seconds=10, seed=1)
    assert [(match.real.name, match.made.name, match.tempo) for match in found] == [
        ("real0", "made0", 60.0),
        ("real2", "made1", 120.0),
        ("real3", "made2", 90.0),
    ]
    assert found[0].bar == 0
    assert pairs.match(iter(real), made, count=9, seconds=60, seed=1) == []


def test_the_seed_draws_the_bar():
    songs = named("real", [scale(40)]), named("made", [scale(40)])
    assert len({pairs.match(*songs, count=1, seconds=10, seed=seed)[0].bar for seed in range(8)}) > 3


def test_the_model_is_on_either_side_as_the_seed_draws_it(monkeypatch):
    # Ten seconds long, so that all begin in the first bar.
    songs = named("real", [scale(5)] * 3), named("made", [scale(5, pitch=72)] * 3)
    matches = pairs.match(*songs, count=3, seconds=9, seed=1)
    monkeypatch.setattr(audio, "encode", lambda samples, kind: samples.tobytes())
    rendered = {seed: list(pairs.render(matches, seconds=9, seed=seed, program=0)) for seed in range(4)}
    sides = [pair.model for own in rendered.values() for pair in own]
    assert set(sides) == {"A", "B"}
    sounds = {pair.sounds["AB".index(pair.model)] for own in rendered.values() for pair in own}
    # The model's songs are one song here, an octave above the real ones.
    assert len(sounds) == 1
