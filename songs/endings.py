"""How the names of files that Nabi reads end; lower case."""

MIDI = (".mid", ".midi", ".smf", ".kar")
SCORES = (".xml", ".musicxml", ".mxl", ".abc", ".krn")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
