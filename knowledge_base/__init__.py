"""The experience store: every run, program, trial, score and failure, in SQL.

store       `open_store`, and all that can be asked of a store
records     what goes in and comes out
ranking     the best programs
briefing    what a proposer is told
writing, reading, runs      the statements behind the store
tables, columns, schema     the tables, how values are put into them, and their migrations
database    connections and their errors
"""
