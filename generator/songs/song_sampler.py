"""A model and settings -> songs in ids, by their numbers: what a worker of Beam does, and what one process does."""

import dataclasses
from collections.abc import Sequence

from generator.config import GenerateConfig
from generator.sampling import samplers
from generator.sampling.plan import SLOTS
from generator.sampling.primer import Primers
from generator.sampling.probabilities import Explainer
from generator.sampling.song_state import SongIds
from generator.songs import copied_bars, refusal
from nabi.networks.trained_model import TrainedModel


class SongSampler:
    """Samples the songs of a model; song N is the same whichever others are sampled with it."""

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
          model: whose songs.
          config: how they are made.
          primers: what they begin with.
          index: of the training songs, by which copies are refused; None where there is none.
          slots: rows of every batch.
        """
        self._primers = primers
        known = index.read() if config.max_copied_bars and index else None
        refuses = refusal.refusal(model, config, known)
        self._sampler = samplers.sampler_of(model, config, refuses=refuses, slots=slots)
        self._explainer = None
        if config.explain:
            network = samplers.stepper_of(model), samplers.grammar_of(model, config)
            self._explainer = Explainer(*network, slots)

    def sample(self, songs: Sequence[int]) -> list[SongIds]:
        """Samples songs, in the order of their numbers as they are given.

        Raises:
          ValueError: if the network gives no number.
        """
        sampled = self._sampler.sample(songs, [self._primers.of(song) for song in songs])
        if not self._explainer:
            return sampled
        explanations = self._explainer.explain(sampled)
        return [dataclasses.replace(song, explanations=own) for song, own in zip(sampled, explanations, strict=True)]
