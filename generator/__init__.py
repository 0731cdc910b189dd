from songs import job_exit

job_exit.expect_signals()
