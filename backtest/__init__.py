"""Scoring of signals: information coefficients, fitness, date splits, portfolio simulation."""
