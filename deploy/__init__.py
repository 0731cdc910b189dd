from nabi.workspace import early_signals

early_signals.expect(__name__)
