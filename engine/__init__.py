"""The search: tuning, worker processes and the mining loop."""
