"""The settings of `generator.generate`: one frozen object, from flags and a recipe alike, written in each row."""

import dataclasses

from generator.contradictions import contradictions
from generator.flag_values import BASS, FORMATS, FROM_START, MIDI, SOPRANO, TEACHER_FORCED
from nabi.music import bars, part_choice
from nabi.music.band import Instrument
from nabi.music.part_choice import DRUMS, PartChoice
from nabi.music.scales import SCALES, Key
from nabi.reading import midi_meta
from nabi.workspace import directories
from nabi.workspace.config import Config, setting
from nabi.workspace.setting_kinds import Several, some_of

TITLE = "songs (also keys of a recipe's [[generate]])"

MAX_SONGS = 1_000_000
MOST_CANDIDATES = 100
BEAMS = 8
# Another try gives another song in this mode alone.
_DRAWN = {"decoding": ("sample",)}
_NOT_BEAM = {"decoding": ("sample", "greedy", TEACHER_FORCED)}


@dataclasses.dataclass(frozen=True)
class GenerateConfig(Config):
    """Settings of sampled songs; each key is a flag of the same name and a key of a recipe's `[[generate]]`."""

    BY_HAND = ("model", "output", "recipe", "overwrite")

    # How many, how long.
    num_songs: int = setting(12, "number of songs", low=1, high=MAX_SONGS)
    seed: int = setting(0, "random seed: another seed, other songs", low=0, high=2**64 - 1)
    max_tokens: int = setting(
        512,
        "most tokens sampled for a song, the primer's not counted; of no effect with --harmonize and --accompany",
        low=1,
        high=100_000,
    )
    max_bars: int = setting(
        0, "length limit: notes begin within this many bars of --meter; 0: no limit", low=0, high=10_000
    )
    max_seconds: float = setting(
        0.0, "length limit: notes begin within this many seconds; 0: no limit", low=0, high=86_400
    )

    # Which token comes next.
    decoding: str = setting(
        "sample",
        "sample draws each token; greedy takes the likeliest; beam searches for the likeliest song; teacher_forced "
        "feeds the song that --primer names, whatever is drawn: the new song is its first --primer_tokens and what is "
        "drawn in each place after them (with --top_k 1 the likeliest)",
        choices=("sample", "greedy", "beam", TEACHER_FORCED),
    )
    temperature: float = setting(1.0, "divides the logits: below 1 is safer, above 1 is wilder", low=0.001, high=100)
    rhythm_temperature: float = setting(
        0.0,
        "temperature of the choice among durations, shifts, rests and all else that strikes no note and plans no "
        "phrase; 0: --temperature",
        low=0,
        high=100,
    )
    phrase_temperature: float = setting(
        0.0,
        "temperature of the choice among lengths, cadences and returns of phrases, where tokens say them; 0: "
        "--temperature",
        low=0,
        high=100,
    )
    top_k: int = setting(0, "draw among the k likeliest tokens; 0: all", low=0, high=1e9)
    top_p: float = setting(
        0.95, "draw among the likeliest tokens that together reach this probability; 1: all", low=0.0001, high=1
    )
    min_p: float = setting(
        0.0, "draw among tokens at least this share as likely as the likeliest; 0: all", low=0, high=0.99
    )
    beams: int | None = setting(
        None, "songs kept side by side", low=1, high=32, unset=str(BEAMS), needs={"decoding": ("beam",)}
    )
    repetition_penalty: float = setting(
        1.0, "makes notes and chords of the last tokens less likely; 1: off", low=1, high=100, needs=_NOT_BEAM
    )
    repetition_window: int = setting(32, "last tokens that --repetition_penalty looks at", low=1, high=1024)
    memory: float = setting(
        1.0,
        "share of the tokens at which a model trained with --memory is told what followed earlier in the song, in its "
        "opening and in a phrase that comes back; with 0 songs come back to nothing",
        low=0,
        high=1,
        needs=_NOT_BEAM,
    )
    max_repeats: int = setting(
        8,
        "a phrase repeated more often than this in a row is a loop: the song goes back and takes another way; 0: off; "
        "of no effect but with --decoding sample",
        high=1000,
    )
    auto_sampling: bool = setting(
        False,
        "choose the --temperature and --top_p whose songs come closest to the validation songs; needs --data",
        needs=_DRAWN,
    )

    # What songs are made of.
    key: str = setting(
        "",
        "tonic and scale, such as 'D minor', 'D dorian', Ebm or h-moll: songs of the mode of a major or minor key are "
        "moved into it, others are sampled again; with another scale, a primer or a range, no note is outside of the "
        f"scale, and songs that are not heard in the key are sampled again; scales: {', '.join(SCALES)}",
    )
    lowest: int = setting(0, "lowest MIDI number (60 is middle C)", high=127)
    highest: int = setting(127, "highest MIDI number", high=127)
    density: float = setting(
        0.0, "notes a quarter note that songs are led to; 0: as the model likes", high=100, needs=_NOT_BEAM
    )

    parts: tuple[str, ...] = setting(
        (part_choice.ALL,),
        "of a model of --encoding band: the parts that songs have, every one of them and no others",
        kind=Several(part_choice.parse, part_choice.LEGAL, str),
        needs=_NOT_BEAM,
    )
    drums: bool | None = setting(
        None,
        "of a model of --encoding band: songs have drums, or have none",
        unset="as the model likes",
        needs=_NOT_BEAM,
    )
    part_ranges: tuple[str, ...] = setting(
        (),
        "of a model of --encoding band: lowest and highest MIDI number of parts, such as bass:28-55,strings:55-96",
        kind=Several(part_choice.parse_ranges, part_choice.LEGAL_RANGES, str),
        needs=_NOT_BEAM,
    )

    # How songs begin.
    primer: str = setting(
        FROM_START,
        "what songs begin with: start (nothing), a MIDI file or score, train, validation or test (songs of a split), "
        "test:NAME (the song whose source in the dataset's ledger ends with NAME, or whose file name has it; a file of "
        "such a name is ./test:NAME), or tokens in quotes",
    )
    primer_tokens: int = setting(
        0, "most tokens of the primer; 0: 32, or the window of a model of --target last", high=10_000
    )
    primer_bars: int = setting(0, "most bars of the primer, instead of --primer_tokens; 0: no limit", high=1000)
    data: str = setting(
        "",
        f"dataset of a primer from a split, {directories.DATASET.accepted}; none: the dataset that the model was "
        "trained on",
    )
    primer_transpose: bool = setting(True, "move a file into a key whose tokens the model knows, if need be")
    variations: int = setting(1, "songs in a row that share a primer", low=1, high=MAX_SONGS)
    harmonize: str = setting(
        "",
        "MIDI file or score whose highest notes, or only line, every song keeps as its top voice; the voices under it "
        "are sampled, to its end; for models of --encoding voices",
        needs=_DRAWN,
    )
    keep_voice: str = setting(
        SOPRANO,
        "line of --harmonize that is kept: soprano takes the file's highest notes as the top voice, bass its lowest as "
        "the bottom one",
        choices=(SOPRANO, BASS),
    )
    accompany: str = setting(
        "",
        "MIDI file or score all of whose parts every song keeps; other parts, those of --parts or any, are sampled "
        "around them, to its end; for models of --encoding band",
        needs=_DRAWN,
    )
    explain: bool = setting(
        False,
        "write each token's probability and rank, the three likeliest others, and the bar that it repeats, into the "
        "song's row",
    )
    # Which songs are kept.
    ended: bool = setting(False, "keep only songs that the model ended; sample the others again", needs=_DRAWN)
    max_copied_bars: float = setting(
        0.0,
        "sample a song again that copies more bars in a row than this from a training song; 0: off",
        high=10_000,
        needs=_DRAWN,
    )
    max_draws: int = setting(
        20, "most tries for a song that is cut, copied or not in --key; the last is kept", low=1, high=1000
    )
    candidates: int = setting(
        1,
        "songs sampled for each song, of which the likeliest by nats a note is kept, among those that ended and meet "
        "--key, --ended and --max_copied_bars",
        low=1,
        high=MOST_CANDIDATES,
        needs=_DRAWN,
    )

    # How songs sound.
    tempo: float = setting(120.0, "quarter notes a minute", low=10, high=1000)
    meter: str = setting("", "time signature", unset="the one that a song's tokens say, or 4/4")
    program: int = setting(0, "General MIDI instrument (0 is a piano)", high=127)
    velocity: int = setting(0, "MIDI velocity of every note; 0: louder on the beats of --meter", high=127)
    output_format: tuple[str, ...] = setting(
        (MIDI,),
        "files of each song's notes: midi; musicxml, a score that notation programs such as MuseScore open; svg, the "
        "score as a picture that the songs page shows (by Verovio, of the extra `score`); pdf, the score by MuseScore",
        kind=some_of(FORMATS, always=MIDI),
    )
    audio: str = setting("mp3", "audio files; wav is 8 times as large", choices=("mp3", "wav", "none"))

    def __post_init__(self) -> None:
        super().__post_init__()
        midi_meta.time_signature_bytes(self.time_signature)
        # Raises where it is none.
        _ = self.in_key
        for wrong, message in contradictions(self):
            if wrong:
                raise ValueError(message)

    def max_ticks(self, ticks_per_quarter: int) -> int:
        """Returns the first tick at which no note may begin, by --max_bars and --max_seconds; 0: no limit."""
        of_bars = self.max_bars * bars.quarters(self.meter) * ticks_per_quarter
        of_seconds = self.max_seconds * self.tempo / 60 * ticks_per_quarter
        limits = [limit for limit in (of_bars, of_seconds) if limit]
        return max(1, round(min(limits))) if limits else 0

    @property
    def time_signature(self) -> str:
        """The meter of songs whose tokens do not say it."""
        return self.meter or "4/4"

    @property
    def teacher_forced(self) -> bool:
        """Tells whether the tokens of a given song are fed, whatever is chosen in their places."""
        return self.decoding == TEACHER_FORCED

    @property
    def keeps_given(self) -> bool:
        """Tells whether songs keep given notes to their end."""
        return bool(self.harmonize or self.accompany)

    @property
    def keeps_bass(self) -> bool:
        """Tells whether the line that songs keep is their lowest voice."""
        return self.keep_voice == BASS

    @property
    def filters(self) -> bool:
        """Tells whether top-k, top-p or min-p keep some tokens from being drawn."""
        return bool(self.top_k or self.top_p < 1 or self.min_p)

    @property
    def pitch_classes(self) -> frozenset[int]:
        """Pitch classes that songs are made of, 0..11; C is 0."""
        free = self.moves or self.keeps_given
        return self.in_key.classes if self.in_key and not free else frozenset(range(12))

    @property
    def asked_parts(self) -> tuple[str, ...]:
        """Words for the parts that every song has."""
        words = () if self.parts == (part_choice.ALL,) else self.parts
        return (*words, *((DRUMS,) if self.drums and DRUMS not in words else ()))

    def plays(self, player: Instrument) -> bool:
        """Tells whether songs may have a part besides those that are given."""
        if player.is_drums and self.drums is not None:
            return self.drums
        return PartChoice(self.parts).names(player)

    @property
    def ranges_of_programs(self) -> dict[int, tuple[int, int]]:
        """Program -> lowest and highest MIDI number of its notes, of those that have a range of their own."""
        return part_choice.ranges_of_programs(self.part_ranges)

    @property
    def moves(self) -> bool:
        """Tells whether songs are sampled in any key, of all notes, and then moved into the key.

        A primer and what is given are kept where they lie, and a scale other than major and minor or a range is kept
        note by note.
        """
        whole = self.primer == FROM_START and not self.keeps_given and (self.lowest, self.highest) == (0, 127)
        return whole and self.in_key is not None and self.in_key.scale in ("major", "minor")

    @property
    def in_key(self) -> Key | None:
        """The key that songs stay in; None: any. Raises ValueError for text that is no key."""
        return Key.parse(self.key) if self.key else None
