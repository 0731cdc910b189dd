from songs import early_signals

early_signals.expect(__name__)
