"""The experience store: every run, program, trial, score and failure, in SQL."""
