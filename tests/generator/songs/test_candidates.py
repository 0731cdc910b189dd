import math

import pytest

from generator.config import GenerateConfig
from generator.sampling.primer import Primers
from generator.sampling.song_state import SongIds
from generator.songs import candidates
from generator.songs.candidates import Choice
from nabi.music.encodings import PitchDuration
from nabi.music.vocabulary import END, START

# Songs of the tokens 4.., each a note.
NOTES = [f"{name}4:1" for name in ("C", "D", "Eb", "E", "G", "A", "Bb")]


def song(number: int, notes: int, nats: float, *, ended: bool = True, refused: tuple[str, ...] = ()) -> SongIds:
    return SongIds(number, (START,), (4,) * notes, ended, -nats, refused=refused)


def chosen(*songs: SongIds, refuses=None, **settings: object) -> int:
    choice = Choice(GenerateConfig(candidates=8, **settings), lambda sampled: len(sampled.tokens), refuses)
    return choice.likeliest(songs).song


def test_the_likeliest_has_the_fewest_nats_a_note_not_in_all():
    assert chosen(song(0, 4, 8.0), song(1, 20, 10.0), song(2, 2, 3.0)) == 1


def test_of_equally_likely_candidates_the_first_is_kept():
    assert chosen(song(0, 4, 8.0), song(1, 2, 4.0), song(2, 8, 16.0)) == 0


def test_a_candidate_that_ended_comes_before_likelier_ones_that_were_cut():
    assert chosen(song(0, 4, 1.0, ended=False), song(1, 4, 9.0), song(2, 4, 8.0)) == 2


def test_where_none_ended_the_likeliest_is_kept_and_is_still_cut():
    cut = [song(number, 4, nats, ended=False) for number, nats in enumerate((9.0, 7.0, 8.0))]
    kept = Choice(GenerateConfig(candidates=3), lambda sampled: len(sampled.tokens)).likeliest(cut)
    assert (kept.song, kept.ended) == (1, False)


def test_a_candidate_without_notes_is_the_last_choice():
    assert chosen(song(0, 0, 0.1), song(1, 1, 99.0)) == 1
    assert chosen(song(0, 0, 0.1), song(1, 0, 99.0)) == 0


def test_a_candidate_that_never_met_the_conditions_is_kept_only_if_none_did():
    def refuses(sampled: SongIds) -> str:
        return "key" if sampled.song < 2 else ""

    # After two refusals the third and last draw is kept, whatever it is.
    songs = [song(number, 4, nats, refused=("key",) * 2) for number, nats in enumerate((1.0, 2.0, 9.0))]
    assert chosen(*songs, refuses=refuses, max_draws=3) == 2
    assert chosen(*songs[:2], refuses=refuses, max_draws=3) == 0
    assert chosen(*songs[:2], song(2, 4, 9.0, ended=False, refused=("key",)), refuses=refuses, max_draws=3) == 2


def test_what_any_candidate_was_refused_for_is_told():
    songs = [song(0, 1, 2.0, refused=("cut", "key")), song(1, 1, 1.0), song(2, 1, 3.0, refused=("cut",))]
    kept = Choice(GenerateConfig(candidates=3), lambda sampled: len(sampled.tokens)).likeliest(songs)
    assert (kept.song, kept.refused) == (1, ("cut", "key", "cut"))


@pytest.mark.slow
class TestSampled:
    """Songs of an untrained model whose songs end soon, with three primers."""

    PRIMERS = ((START, 4), (START, 5), (START, 6))

    @pytest.fixture(scope="class")
    def samplers(self, tmp_path_factory):
        """A sampler of the likeliest of three, and one of plain songs, of which three in a row share a primer."""
        from generator.songs.song_sampler import SongSampler
        from nabi.networks import trained_model
        from tests.generator.models import write_model

        folder = tmp_path_factory.mktemp("tuneful")
        model = trained_model.load(write_model(folder, encoding=PitchDuration(), tokens=NOTES))
        config = GenerateConfig(max_tokens=12, candidates=3, explain=True)
        return (
            SongSampler(model, config, Primers(self.PRIMERS, seed=3), slots=4),
            SongSampler(model, GenerateConfig(max_tokens=12), Primers(self.PRIMERS, seed=3, variations=3), slots=4),
        )

    def test_the_kept_song_is_the_likeliest_of_those_sampled_alone_by_their_own_numbers(self, samplers):
        best_of_three, alone = samplers
        for kept in best_of_three.sample(range(6)):
            own = [alone.sample([number])[0] for number in candidates.numbers([kept.song], 3)]
            assert len({drawn.tokens for drawn in own}) > 1
            assert (kept.primer, kept.tokens, kept.log_likelihood) in [
                (drawn.primer, drawn.tokens, drawn.log_likelihood) for drawn in own
            ]
            allowed = [drawn for drawn in own if drawn.ended] or own
            nats = [candidates.nats_per_note(drawn.log_likelihood, len(drawn.tokens)) for drawn in allowed]
            assert candidates.nats_per_note(kept.log_likelihood, len(kept.tokens)) == min(nats)

    def test_it_depends_on_no_other_song(self, samplers):
        together = samplers[0].sample(range(7))
        assert [kept.song for kept in together] == list(range(7))
        assert samplers[0].sample([5, 2]) == [together[5], together[2]]

    def test_all_candidates_begin_with_the_primer_of_their_song(self, samplers):
        sampled = samplers[0].sample(range(9))
        assert [kept.primer for kept in sampled] == [Primers(self.PRIMERS, seed=3).of(song) for song in range(9)]
        assert len({kept.primer for kept in sampled}) > 1

    def test_the_kept_song_is_explained(self, samplers):
        (kept,) = samplers[0].sample([4])
        explained = [explanation.token for explanation in kept.explanations]
        assert explained == [*kept.tokens, *([END] if kept.ended else [])]
        nats = -sum(math.log(explanation.probability) for explanation in kept.explanations)
        assert nats == pytest.approx(-kept.log_likelihood, rel=1e-4)
