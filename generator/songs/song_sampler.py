"""Sampling of songs by their numbers, the same in a worker of Beam and in a process of its own."""

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
    """Samples songs of a model; song N does not depend on the others that are sampled with it."""

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
          primers: beginnings of the songs, and the line that they keep.
          index: index of the training songs, by which copies are refused; None if the model has none.
          slots: rows of every batch.
        """
        self._primers = primers
        loaded = index.read() if config.max_copied_bars and index else None
        refuses = refusal.refusal(model, config, loaded)
        self._sampler = samplers.sampler_of(model, config, melody=primers.melody, refuses=refuses, slots=slots)
        self._explainer = None
        if config.explain:
            network = samplers.stepper_of(model), samplers.grammar_of(model, config)
            self._explainer = Explainer(*network, slots)

    def sample(self, songs: Sequence[int]) -> list[SongIds]:
        """Samples the songs of these numbers, and returns them in this order.

        Raises:
          ValueError: if the network's logits are not finite.
        """
        sampled = self._sampler.sample(songs, [self._primers.of(song) for song in songs])
        if not self._explainer:
            return sampled
        explanations = self._explainer.explain(sampled)
        return [dataclasses.replace(song, explanations=own) for song, own in zip(sampled, explanations, strict=True)]
