"""Measurements against peers; each proves equality before it times."""
