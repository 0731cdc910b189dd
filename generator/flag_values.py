"""Values of flags that have a meaning of their own."""

# --primer: songs have none.
FROM_START = "start"
# --decoding: a given song is followed.
TEACHER_FORCED = "teacher_forced"
# --output_format.
MIDI, MIDI_AND_MUSIC_XML = "midi", "midi,musicxml"
# --keep_voice.
SOPRANO, BASS = "soprano", "bass"
