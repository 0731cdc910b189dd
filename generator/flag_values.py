"""Values of flags that have a meaning of their own."""

# --primer: songs have none.
FROM_START = "start"
# --decoding: a given song is followed.
TEACHER_FORCED = "teacher_forced"
# --output_format.
MIDI, MUSIC_XML, SVG, PDF = FORMATS = ("midi", "musicxml", "svg", "pdf")
# --keep_voice.
SOPRANO, BASS = "soprano", "bass"
