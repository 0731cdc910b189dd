"""Sampling of songs by their numbers, the same in a worker of Beam and in a process of its own."""

import dataclasses
from collections.abc import Sequence

from generator.config import GenerateConfig
from generator.sampling import samplers
from generator.sampling.plan import SLOTS
from generator.sampling.primer import Primers
from generator.sampling.probabilities import Explainer
from generator.sampling.song_state import SongIds
from generator.songs import candidates, copied_bars, refusal
from nabi.networks.trained_model import TrainedModel


class SongSampler:
    """Samples songs of a model; song N does not depend on the others that are sampled with it.

    With `--candidates` it is the likeliest of several, which are sampled under numbers of their own.
    """

    def __init__(
        self,
        model: TrainedModel,
        config: GenerateConfig,
        primers: Primers,
        index: copied_bars.IndexFile | None = None,
        slots: int = SLOTS,
    ) -> None:
        """Prepares the loops, which are compiled at the first batch.

        Args:
          model: the model.
          config: settings of the songs.
          primers: beginnings of the songs, and what they keep.
          index: index of the training songs, by which copies are refused; None if the model has none.
          slots: rows of every batch.
        """
        self._model, self._primers, self._candidates = model, primers, config.candidates
        loaded = index.read() if config.max_copied_bars and index else None
        refuses = refusal.refusal(model, config, loaded)
        self._sampler = samplers.sampler_of(model, config, given=primers.given, refuses=refuses, slots=slots)
        self._choice = candidates.Choice(config, self._notes, refuses)
        self._explainer = None
        if config.explain:
            network = samplers.stepper_of(model), samplers.grammar_of(model, config)
            self._explainer = Explainer(*network, slots, config)

    def sample(self, songs: Sequence[int]) -> list[SongIds]:
        """Samples the songs of these numbers, and returns them in this order.

        Raises:
          ValueError: if the network's logits are not finite.
        """
        count = self._candidates
        numbers = candidates.numbers(songs, count)
        sampled = self._sampler.sample(numbers, [self._primers.of(number // count) for number in numbers])
        if count > 1:
            sampled = [
                self._choice.likeliest(sampled[first : first + count]) for first in range(0, len(sampled), count)
            ]
        if self._explainer:
            explanations = self._explainer.explain(sampled)
            sampled = [
                dataclasses.replace(song, explanations=own) for song, own in zip(sampled, explanations, strict=True)
            ]
        return [dataclasses.replace(song, song=song.song // count) for song in sampled]

    def _notes(self, song: SongIds) -> int:
        """Counts the sampled notes of a song, without those of its primer."""
        primer, tokens = (self._model.vocabulary.decode(ids) for ids in (song.primer, song.tokens))
        decode = self._model.encoding.decode
        return len(decode([*primer, *tokens]).pitches) - len(decode(primer).pitches)
