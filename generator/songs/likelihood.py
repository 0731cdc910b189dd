"""Log-likelihood of any song under a model."""

import numpy as np

from generator.config import GenerateConfig
from generator.sampling import samplers
from generator.sampling.probabilities import Explainer
from generator.sampling.song_state import SongIds
from nabi.music.song import Song
from nabi.music.vocabulary import START, UNKNOWN
from nabi.networks.trained_model import TrainedModel


class Likelihood:
    """Scores songs with a model; the loop is compiled at the first song."""

    def __init__(self, model: TrainedModel) -> None:
        """Prepares the scoring by a model, one song at a time."""
        self._model = model
        config = GenerateConfig()
        self._explainer = Explainer(samplers.stepper_of(model), samplers.grammar_of(model, config), 1, config)

    def of(self, song: Song) -> float:
        """Sums the log probabilities of a song's tokens and its end, in nats, under the model and its grammar.

        For a model trained without song marks the end does not count, nor does the first token, unless it was trained
        with `--blank_first`.

        Raises:
          ValueError: if the song has no notes, is on another grid, or has a token that the model does not know.
        """
        probabilities = [token.probability for token in self._explainer.explain([self._ids(song)])[0]]
        # Tokens that the grammar forbids have probability 0.
        with np.errstate(divide="ignore"):
            return float(np.log(probabilities).sum())

    def _ids(self, song: Song) -> SongIds:
        vocabulary, encoding = self._model.vocabulary, self._model.encoding
        tokens = encoding.spell(encoding.encode(song), vocabulary.ids)
        ids = vocabulary.encode(tokens).tolist()
        if UNKNOWN in ids:
            raise ValueError(f"the model does not know the token {tokens[ids.index(UNKNOWN)]!r} of the song")
        if not ids:
            raise ValueError("the song has no notes")
        if self._model.config["dataset"]["song_marks"]:
            return SongIds(0, (START,), tuple(ids), ended=True, log_likelihood=0.0)
        if not self._model.config["train"].get("blank_first", False):
            first, *ids = ids
        else:
            first = START
        return SongIds(0, (first,), tuple(ids), ended=False, log_likelihood=0.0)
