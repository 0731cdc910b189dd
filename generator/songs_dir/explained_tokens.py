"""The columns that `--explain` writes of each sampled token."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nabi.analysis.repeated_passages import repeated
from nabi.music import bars
from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary

if TYPE_CHECKING:
    # At run time this import would load TensorFlow into the launcher, which does not need it.
    from generator.sampling.song_state import SongIds, TokenExplanation

# Fewer tokens agree by chance, and repeat themselves at once where a note is held.
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
      For each its `probability` under the model, its `rank`, 1 is the likeliest, the likeliest `others`, and, where the
      song came on after at least 8 `tokens` that agree with an earlier passage, `repeats`: the `bar` of its like there,
      from 1, and how well they agree: each that agrees counts 1, and one that differs halves the count. In a song that
      was followed (teacher forcing) the tokens before are those of that song.
    """
    names = vocabulary.tokens
    read = [*sampled.primer, *(sampled.fed or (each.token for each in sampled.explanations))]
    tokens = [names[id_] for id_ in read]
    music = [token if id_ >= vocabulary.special else "" for id_, token in zip(read, tokens, strict=True)]
    before = [0, *itertools.accumulate(encoding.ticks(token) if token else 0 for token in music)]
    runs, sources = repeated(tokens, [token != "" and encoding.kind(token, before="start") == "bar" for token in music])
    rows = []
    for at, explanation in enumerate(sampled.explanations, len(sampled.primer)):
        row = _chances(explanation, names)
        run, source = int(runs[at]), int(sources[at])
        if run >= FEWEST and at - source > FEWEST and tokens[source] == row["token"]:
            row["repeats"] = {"bar": bars.number(song, before[source]), "tokens": run}
        rows.append(row)
    return rows


def _chances(explanation: "TokenExplanation", names: Sequence[str]) -> dict[str, Any]:
    return {
        "token": names[explanation.token],
        "probability": round(explanation.probability, 5),
        "rank": explanation.rank,
        "others": {names[other]: round(chance, 5) for other, chance in explanation.others},
    }
