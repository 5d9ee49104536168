"""Daily market data: the panel, its loaders and audit, universes, forward returns, a synthetic market."""
