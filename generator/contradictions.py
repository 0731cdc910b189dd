"""Settings of songs that contradict each other, each with a sentence that says what to do."""

from typing import Any

from generator.flag_values import FROM_START, TEACHER_FORCED
from nabi.music import part_choice
from nabi.music.windows import SPLITS


def contradictions(config: Any) -> tuple[tuple[bool, str], ...]:
    """Lists what settings may not say together: whether these do, and the sentence about it.

    Args:
      config: a `generator.config.GenerateConfig`, whose module imports this one.
    """
    return (
        *_of_given_notes(config),
        *_of_temperatures(config),
        *_of_parts(config),
        (config.lowest > config.highest, f"--lowest {config.lowest} must not be above --highest {config.highest}"),
        (
            config.primer in (f"{split}:" for split in SPLITS),
            f"--primer {config.primer} names no song: write {config.primer}NAME, or {config.primer[:-1]} for all songs",
        ),
        (
            config.teacher_forced and (config.primer == FROM_START or not config.primer_tokens),
            f"--decoding {TEACHER_FORCED} follows a song: name it with --primer, and give with --primer_tokens how "
            "much of it comes first",
        ),
        (
            config.primer == FROM_START and (config.primer_bars > 0 or config.primer_tokens > 0),
            "--primer_bars and --primer_tokens cut a primer: name one with --primer",
        ),
        (
            config.primer_bars > 0 and config.primer_tokens > 0,
            "--primer_bars and --primer_tokens are two lengths of one primer: choose one",
        ),
    )


def _of_parts(config: Any) -> tuple[tuple[bool, str], ...]:
    return (
        (
            part_choice.MELODY in config.parts,
            "--parts melody is a part of songs that are read: name families of instruments, programs or drums",
        ),
        (
            config.drums is False and part_choice.DRUMS in config.parts,
            f"--parts {','.join(config.parts)} and --no-drums contradict each other: leave out one of them",
        ),
    )


def _of_temperatures(config: Any) -> tuple[tuple[bool, str], ...]:
    lowest = 0.001
    return tuple(
        (
            0 < temperature < lowest,
            f"--{name} {temperature} is too small to compute with: give at least {lowest}, or 0 for --temperature",
        )
        for name, temperature in (
            ("rhythm_temperature", config.rhythm_temperature),
            ("phrase_temperature", config.phrase_temperature),
        )
    )


def _of_given_notes(config: Any) -> tuple[tuple[bool, str], ...]:
    keeps_no_line = config.keeps_bass and not config.harmonize
    bass = (keeps_no_line, "--keep_voice bass is a line of a file: name the file with --harmonize")
    if not config.keeps_given:
        return (bass,)
    flag = "--accompany" if config.accompany else "--harmonize"
    key = config.in_key
    return (
        bass,
        (
            bool(config.harmonize and config.accompany),
            "--harmonize and --accompany both say what songs keep: choose one",
        ),
        (config.primer != FROM_START, f"--primer and {flag} both give what songs begin with: choose one"),
        (
            bool(config.max_bars or config.max_seconds),
            f"{flag} makes songs as long as what is given: leave out --max_bars and --max_seconds",
        ),
        (bool(config.accompany and config.meter), "--accompany keeps the meters of its file: leave out --meter"),
        (config.auto_sampling, f"--auto_sampling compares songs of nothing given: leave it out with {flag}"),
        (
            key is not None and key.scale not in ("major", "minor"),
            f"--key {config.key} must be a major or a minor key with {flag}, whose notes stay as they are",
        ),
    )
