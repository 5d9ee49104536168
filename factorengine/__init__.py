"""FactorEngine: search for alpha factors in daily OHLCV data."""
