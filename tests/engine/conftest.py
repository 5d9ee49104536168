"""The small market that runs are tried on."""

from pathlib import Path

import pytest

from market.loaders.parquet import write_parquet
from market.synthetic import SyntheticConfig, synthesize


@pytest.fixture(scope="session")
def prices(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "prices.parquet"
    write_parquet(synthesize(SyntheticConfig(dates=240, symbols=36), seed=4).panel, path)
    return path
