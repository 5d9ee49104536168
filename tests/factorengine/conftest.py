"""One small market, one finished run and one command line for all tests of the front door."""

import sys
from pathlib import Path

import pytest

from factorengine.cli import main
from market.loaders.parquet import write_parquet
from market.synthetic import SyntheticConfig, synthesize


class CommandLine:
    """Runs `factorengine` in this process: (exit code, what it printed, what it complained)."""

    def __init__(self, capsys, monkeypatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["factorengine", *map(str, arguments)])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        return int(ended.value.code or 0), out, err

    def refuses(self, *arguments: object) -> str:
        """The one line with which it refuses, exit code 2."""
        code, _, err = self(*arguments)
        assert code == 2, err
        complaints = [
            line for line in err.splitlines() if not line.startswith("compiling the numeric kernels")
        ]
        assert len(complaints) == 1
        assert complaints[0].startswith("factorengine: ")
        return complaints[0]


@pytest.fixture
def command(capsys, monkeypatch) -> CommandLine:
    return CommandLine(capsys, monkeypatch)


@pytest.fixture(scope="session")
def prices(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "prices.parquet"
    write_parquet(synthesize(SyntheticConfig(dates=260, symbols=40), seed=2).panel, path)
    return path


@pytest.fixture(scope="session")
def store(tmp_path_factory, prices) -> str:
    """The URL of a store with one finished run, named `small`."""
    import factorengine as fe

    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'factors.db'}"
    result = fe.mine(data=prices, store=url, run="small", iterations=4, trials=3, workers=1, seed=5)
    assert result.status == "finished"
    return url
