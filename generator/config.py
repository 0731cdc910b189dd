"""Every setting of a job that makes songs: one frozen object, from flags and a recipe alike, told in each row."""

import dataclasses
from collections.abc import Mapping

from nabi.music import bars
from nabi.music.scales import SCALES, Key
from nabi.music.windows import SPLITS
from nabi.reading import midi_meta
from nabi.workspace import directories
from nabi.workspace.config import Config, setting

TITLE = "songs (also keys of a recipe's [[generate]])"

MAX_SONGS = 1_000_000
# Settings that a page tells of whether they were changed or not.
_ALWAYS_TOLD = ("seed", "max_tokens", "temperature", "top_p", "tempo")
FROM_START = "start"


@dataclasses.dataclass(frozen=True)
class GenerateConfig(Config):
    """How songs are made; each key is a flag of the same name and a key of a recipe's `[[generate]]`."""

    BY_HAND = ("model", "output", "recipe", "overwrite")

    # How many, how long.
    num_songs: int = setting(12, "songs", low=1, high=MAX_SONGS)
    seed: int = setting(0, "another seed, other songs", low=0, high=2**64 - 1)
    max_tokens: int = setting(512, "tokens sampled a song at most, the primer's not counted", low=1, high=100_000)
    max_bars: int = setting(
        0, "no note begins so many bars of --meter after the beginning; 0: no limit", low=0, high=10_000
    )
    max_seconds: float = setting(
        0.0, "no note begins so many seconds after the beginning; 0: no limit", low=0, high=86_400
    )

    # Which token comes next.
    temperature: float = setting(
        1.0, "logits are divided by it: below 1 is safer, above 1 is wilder", low=0.001, high=100
    )
    rhythm_temperature: float = setting(
        0.0, "the same for durations, shifts and rests; 0: as --temperature", low=0, high=100
    )
    top_k: int = setting(0, "choose among the k likeliest tokens; 0: all", low=0, high=1e9)
    top_p: float = setting(
        0.95, "choose among the likeliest that reach this probability together; 1: all", low=0.0001, high=1
    )
    min_p: float = setting(0.0, "choose among those at least so likely, times the likeliest; 0: all", low=0, high=0.99)
    greedy: bool = setting(False, "always the likeliest token")
    beams: int = setting(
        0, "keep so many likeliest songs side by side and take the best (beam search); 0: off", high=32
    )
    repetition_penalty: float = setting(
        1.0, "makes notes and chords of the last tokens less likely; 1: does nothing", low=1, high=100
    )
    repetition_window: int = setting(32, "how many last tokens that are", low=1, high=1024)
    max_repeats: int = setting(
        8,
        "a phrase that comes more often in a row is a loop: the song goes back, and on another way; 0: never "
        "(nor with --greedy or --beams, which know one way, or --one_step)",
        high=1000,
    )
    one_step: bool = setting(
        False,
        "follow a song that --primer names: the first --primer_tokens of it are given, the others are fed whatever is "
        "chosen (teacher forcing), and songs are made of what the model chose in each place",
    )
    auto_sampling: bool = setting(
        False, "choose --temperature and --top_p so that songs come closest to the validation songs; needs --data"
    )

    # What songs are made of.
    key: str = setting(
        "",
        "such as 'D minor', Ebm or h-moll: songs of its mode are moved into it, others are made again; with --scale, a "
        "primer or a range no note is outside of it, and songs that are not heard in it are made again",
    )
    scale: str = setting("", f"other notes on the key's tonic: {', '.join(SCALES)}")
    lowest: int = setting(0, "lowest MIDI number (60 is middle C)", high=127)
    highest: int = setting(127, "highest MIDI number", high=127)
    density: float = setting(0.0, "notes a quarter note that songs are led to; 0: as the model likes", high=100)

    # How songs begin.
    primer: str = setting(
        FROM_START,
        "start, a MIDI file to go on from, train, validation or test (beginnings of their songs), or tokens in quotes",
    )
    primer_source: str = setting(
        "",
        "of --primer train, validation or test the song whose source, in the dataset's ledger, ends with this or whose "
        "file name has it: every song begins as it does",
    )
    primer_tokens: int = setting(
        0, "tokens of the primer at most; 0: 32, or a window if trained on windows", high=10_000
    )
    primer_bars: int = setting(0, "bars of the primer at most, instead of --primer_tokens; 0: no limit", high=1000)
    data: str = setting(
        "",
        f"for a primer from a split, {directories.DATASET.accepted}; none: the dataset that the model was trained on",
    )
    primer_transpose: bool = setting(True, "move a MIDI file into the keys that the model knows, if need be")
    variations: int = setting(1, "songs in a row that share a primer", low=1, high=MAX_SONGS)
    explain: bool = setting(False, "say each token's probability and rank, and the three likeliest others, in its row")
    # Which songs are kept.
    ended: bool = setting(False, "only songs that came to their end; one that is cut is made again")
    max_copied_bars: float = setting(
        0.0, "a song that copies more bars in a row from a training song is made again; 0: never", high=10_000
    )
    max_draws: int = setting(
        20,
        "times that a song is made at most, where it is cut, copied or not in --key; the last is kept",
        low=1,
        high=1000,
    )

    # How songs sound.
    tempo: float = setting(120.0, "quarter notes a minute", low=10, high=1000)
    meter: str = setting("4/4", "time signature")
    program: int = setting(0, "General MIDI instrument (0 is a piano)", high=127)
    velocity: int = setting(0, "how hard every note is struck; 0: harder on the beats of --meter", high=127)
    audio: str = setting("mp3", "files of sound; wav is 8 times as large", choices=("mp3", "wav"))
    no_audio: bool = setting(False, "write no sound")

    def __post_init__(self) -> None:
        super().__post_init__()
        midi_meta.time_signature_bytes(self.meter)
        # Raises where it is none.
        _ = self.in_key
        for wrong, message in self._contradictions():
            if wrong:
                raise ValueError(message)

    def _contradictions(self) -> tuple[tuple[bool, str], ...]:
        certain = self.greedy or self.beams > 0
        return (
            (
                self.one_step and (self.primer == FROM_START or not self.primer_tokens),
                "--one_step follows a song: say which with --primer, and with --primer_tokens how much of it is given",
            ),
            (
                self.one_step and bool(self.beams or self.max_copied_bars or self.auto_sampling),
                "--one_step chooses token by token after those of a song: without --beams, --max_copied_bars and "
                "--auto_sampling",
            ),
            (self.lowest > self.highest, f"--lowest {self.lowest} must not be above --highest {self.highest}"),
            (
                certain and self.ended,
                "--ended makes songs again, which come out the same with --greedy or --beams",
            ),
            (self.one_step and self.ended, "--ended: with --one_step a song ends where the one that it follows does"),
            (
                bool(self.primer_source) and self.primer not in SPLITS,
                f"--primer_source {self.primer_source} chooses a song of a split: say of which with --primer, one of "
                f"{', '.join(SPLITS)}",
            ),
            (
                self.primer == FROM_START and (self.primer_bars > 0 or self.primer_tokens > 0),
                "--primer_bars and --primer_tokens cut a primer: say which with --primer",
            ),
            (
                self.primer_bars > 0 and self.primer_tokens > 0,
                "--primer_bars and --primer_tokens are two lengths of one primer: choose one",
            ),
            (bool(self.scale) and not self.key, f"--scale {self.scale} needs a tonic: --key C, for example"),
            (self.greedy and self.beams > 0, "--greedy and --beams are two ways to the likeliest song: choose one"),
            (
                certain and self.max_copied_bars > 0,
                "--max_copied_bars makes songs again, which come out the same with --greedy or --beams",
            ),
            (
                certain and self.auto_sampling,
                "--auto_sampling chooses among random songs: without --greedy and --beams",
            ),
            (
                self.beams > 0 and self.repetition_penalty > 1,
                "--beams looks for the likeliest song, which --repetition_penalty would change: choose one",
            ),
            (
                self.beams > 0 and self.density > 0,
                "--beams looks for the likeliest song, which --density would change: choose one",
            ),
        )

    def max_ticks(self, ticks_per_quarter: int) -> int:
        """No note begins so many ticks after the beginning, or later; 0: no limit."""
        of_bars = self.max_bars * bars.quarters(self.meter) * ticks_per_quarter
        of_seconds = self.max_seconds * self.tempo / 60 * ticks_per_quarter
        limits = [limit for limit in (of_bars, of_seconds) if limit]
        return max(1, round(min(limits))) if limits else 0

    @property
    def filters(self) -> bool:
        """Whether some tokens may not be drawn."""
        return bool(self.top_k or self.top_p < 1 or self.min_p)

    @property
    def pitch_classes(self) -> frozenset[int]:
        """Those that songs are made of, 0..11, C is 0."""
        return self.in_key.classes if self.in_key and not self.moves else frozenset(range(12))

    @property
    def moves(self) -> bool:
        """Whether songs are made in any key, of all notes that there are, and then moved into the one asked for.

        A primer is given where it lies, and a scale other than major and minor or a range is kept note by note.
        """
        whole = self.primer == FROM_START and not self.scale and (self.lowest, self.highest) == (0, 127)
        return whole and self.in_key is not None and self.in_key.scale in ("major", "minor")

    @property
    def in_key(self) -> Key | None:
        """The key that songs are to stay in; None: any."""
        if not self.key:
            return None
        if not self.scale:
            return Key.parse(self.key)
        if self.scale not in SCALES:
            raise ValueError(f"--scale {self.scale} must be one of {', '.join(SCALES)}")
        if not Key.is_tonic(self.key):
            raise ValueError(
                f"--key {self.key!r} has a scale already: with --scale say the tonic alone, such as --key D"
            )
        return Key.parse(f"{self.key} {self.scale}")


def notable(settings: Mapping[str, object]) -> dict[str, object]:
    """Those of some settings that a person would ask for: the usual ones, and what is not at its default."""
    defaults = GenerateConfig().as_dict()
    return {name: value for name, value in settings.items() if name in _ALWAYS_TOLD or value != defaults.get(name)}
