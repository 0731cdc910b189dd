"""The tokens at the beginning of a phrase: `phrase:8` `cadence:D5` `cadence:G3`, or `again:2`."""

from collections.abc import Callable, Iterable

from nabi.music import note_names, phrases
from nabi.music.song import Song

PHRASE, CADENCE, AGAIN = "phrase:", "cadence:", "again:"
# The most quarter notes that one token says of a phrase; a longer one takes several.
LONGEST_PHRASE = 32
# The most phrases back that one is said to come again from.
FURTHEST = 16


def written(song: Song) -> dict[int, list[str]]:
    """Maps the tick at which each phrase of a song begins to its tokens."""
    plans = zip(phrases.spans(song), phrases.returns(song), phrases.cadences(song).tolist(), strict=True)
    return {
        begin: [f"{AGAIN}{back}"] if 0 < back <= FURTHEST else _new(end - begin, cadence, song.ticks_per_quarter)
        for (begin, end), back, cadence in plans
    }


def ends(tokens: Iterable[str], ticks_of: Callable[[str], int], ticks_per_quarter: int) -> tuple[int, ...]:
    """Reads the ticks at which phrases end, ascending, up to the tokens' end.

    >>> ticks_of = {"s:1": 12}.get
    >>> ends("phrase:1 C4 s:1 again:1 C4 s:1 again:9 s:1".split(), lambda token: ticks_of(token, 0), 12)
    (12, 24)

    Args:
      tokens: of a song.
      ticks_of: tells by how many ticks a token moves the time.
      ticks_per_quarter: of the song.
    """
    lengths: list[int] = []
    found, now, said = set(), 0, 0
    for token in tokens:
        moved = ticks_of(token)
        if token.startswith(PHRASE):
            said += note_names.parse_duration(token.removeprefix(PHRASE), ticks_per_quarter)
        elif token.startswith(AGAIN):
            back = int(token.removeprefix(AGAIN))
            said += lengths[-back] if back <= len(lengths) else 0
        elif moved:
            lengths += [said] if said else []
            found |= {now + said} if said else set()
            now, said = now + moved, 0
    return tuple(end for end in sorted(found) if end <= now)


def required(ticks_per_quarter: int) -> tuple[str, ...]:
    """Returns every length of a phrase, every note of a cadence, and how far back a phrase may come from."""
    return (
        *(f"{PHRASE}{quarters}" for quarters in range(1, LONGEST_PHRASE + 1)),
        *(PHRASE + note_names.duration_name(rest, ticks_per_quarter) for rest in range(1, ticks_per_quarter)),
        *(f"{AGAIN}{back}" for back in range(1, FURTHEST + 1)),
        *(CADENCE + name for name in note_names.PITCH_NAMES),
    )


def most_tokens(song: Song) -> int:
    """Bounds the number of tokens that `written` gives."""
    longest = LONGEST_PHRASE * song.ticks_per_quarter
    return sum((end - begin) // longest + 4 for begin, end in phrases.spans(song))


def phrase_length(ticks: int, ticks_per_quarter: int) -> list[str]:
    """Writes the length of a phrase, the longest tokens first.

    >>> phrase_length(102, ticks_per_quarter=12)
    ['phrase:8', 'phrase:1/2']
    """
    quarters, rest = divmod(ticks, ticks_per_quarter)
    longest, more = divmod(quarters, LONGEST_PHRASE)
    whole = [f"{PHRASE}{LONGEST_PHRASE}"] * longest + [f"{PHRASE}{more}"] * (more > 0)
    return [*whole, PHRASE + note_names.duration_name(rest, ticks_per_quarter)] if rest else whole


def _new(ticks: int, cadence: list[int], ticks_per_quarter: int) -> list[str]:
    notes = [CADENCE + note_names.PITCH_NAMES[pitch] for pitch in cadence if pitch >= 0]
    return [*phrase_length(ticks, ticks_per_quarter), *notes]
