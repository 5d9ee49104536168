"""One panel, and workers on it: one that reads programs before it runs them, one that does not."""

from __future__ import annotations

import pytest

from factors.sandbox import Limits, Worker
from market.synthetic import SyntheticConfig, synthesize


@pytest.fixture(scope="package")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile") / "panel"
    synthesize(SyntheticConfig(dates=420, symbols=40), seed=3).panel.save(folder)
    return folder


def worker_on(folder, service, *, timeout_s=3.0) -> Worker:
    settings = {
        "panel": str(folder),
        "train": [30, 300],
        "validation": [320, 420],
        "horizons_days": [1, 5],
        "min_assets": 10,
        "shuffle_seed": None,
    }
    limits = Limits(timeout_s=timeout_s, memory_bytes=2**30)
    return Worker(service, settings, limits, readable=[folder])


@pytest.fixture(scope="package")
def open_worker(folder):
    with worker_on(folder, "tests.hostile.service:OpenEvaluator") as worker:
        worker.start()
        yield worker


@pytest.fixture(scope="package")
def worker(folder):
    with worker_on(folder, "engine.evaluator:Evaluator") as worker:
        yield worker


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "secret").write_text("key")
    return tmp_path
