"""What `--explain` writes of each sampled token: its chances, and whether the song said it before."""

import itertools
from typing import TYPE_CHECKING, Any

from nabi.analysis.repeats import repeated
from nabi.music import bars
from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary

if TYPE_CHECKING:
    # At run time this import would load TensorFlow into the launcher, which does not need it.
    from generator.sampling.song_state import SongIds

# Tokens before one that must have stood earlier in the song; fewer agree by chance.
FEWEST = 8


def explained_tokens(
    sampled: "SongIds", song: Song, vocabulary: Vocabulary, encoding: Encoding
) -> list[dict[str, Any]]:
    """Describes each sampled token, `<end>` included.

    Args:
      sampled: a song with explanations.
      song: the same, for the length of its bars.
      vocabulary: vocabulary of the model.
      encoding: encoding of the model.

    Returns:
      For each its `probability` under the model, its `rank`, 1 is the likeliest, the likeliest `others`, and, where it
      and at least 8 tokens before it stood earlier in the song, `repeats`: the `bar`, from 1, and how many `tokens`.
    """
    names = vocabulary.tokens
    ids = [*sampled.primer, *(each.token for each in sampled.explanations)]
    tokens = [names[id_] for id_ in ids]
    music = [token if id_ >= vocabulary.special else "" for id_, token in zip(ids, tokens, strict=True)]
    ticks = [encoding.ticks(token) if token else 0 for token in music]
    before = [0, *itertools.accumulate(ticks)]
    is_bar = [bool(token) and encoding.kind(token, before="start") == "bar" for token in music]
    runs, sources = repeated(tokens, is_bar)
    told = []
    for at, explanation in enumerate(sampled.explanations, len(sampled.primer)):
        row: dict[str, Any] = {
            "token": tokens[at],
            "probability": round(explanation.probability, 5),
            "rank": explanation.rank,
            "others": {names[other]: round(chance, 5) for other, chance in explanation.others},
        }
        source = int(sources[at])
        if runs[at] >= FEWEST and tokens[source] == tokens[at]:
            row["repeats"] = {"bar": int(before[source] // bars.bar_ticks(song)) + 1, "tokens": int(runs[at])}
        told.append(row)
    return told
