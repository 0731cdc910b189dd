from songs import ending

ending.expect_signals()
