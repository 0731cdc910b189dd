"""Spells pitches in a key: C sharp or D flat, and the accidentals that a measure needs."""

import dataclasses

# Steps and signs in fifths upwards.
_STEPS = "FCGDAEB"
_SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}


@dataclasses.dataclass
class Spelling:
    """Names of pitches in a key, and the accidentals that hold in a measure of a staff.

    Attributes:
      sharps: of the key signature, -7..7; flats are negative.
      shown: (step, octave) -> alteration that holds there in this measure, where it is not the key signature's.
    """

    sharps: int
    shown: dict[tuple[str, int], int] = dataclasses.field(default_factory=dict)

    def name(self, pitch: int) -> tuple[str, int, int]:
        """Returns step, alteration (-2..2) and octave of a MIDI number.

        >>> Spelling(sharps=0).name(61), Spelling(sharps=-4).name(61)
        (('C', 1, 4), ('D', -1, 4))

        Besides the seven notes of its signature a key has the two flats and the three sharps next to them: C major has
        B flat, E flat, F sharp, C sharp and G sharp.
        """
        lowest = self.sharps - 3
        fifths = lowest + (7 * pitch - lowest) % 12
        alter = (fifths + 1) // 7
        return _STEPS[(fifths + 1) % 7], alter, (pitch - alter) // 12 - 1

    def accidental(self, pitch: int) -> str:
        """Returns the sign that a note needs after those before it in the measure, in MusicXML's words; "" for none.

        >>> measure = Spelling(sharps=0)
        >>> measure.accidental(61), measure.accidental(61), measure.accidental(60)
        ('sharp', '', 'natural')
        """
        step, alter, octave = self.name(pitch)
        signature = (self.sharps + 6 - _STEPS.index(step)) // 7
        if self.shown.get((step, octave), signature) == alter:
            return ""
        self.shown[step, octave] = alter
        return _SIGNS[alter]
