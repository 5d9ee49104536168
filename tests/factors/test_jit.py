"""Kernels: nothing happens at import, one specialisation each, a disk cache that is found and never stale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from factors.jit import Matrix, OutMatrix, device, kernel, kernels
from factors.precompile import PrecompileError, Progress, compile_all
from factors.prefetch import prefetch

ROOT = Path(__file__).parents[2]


@device
def twice(value: float) -> float:
    return 2.0 * value


@device
def thrice(value: float) -> float:
    return 3.0 * value


@kernel
def scaled(x: Matrix, offset: int, out: OutMatrix) -> None:
    for t in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[t, j] = twice(x[t, j]) + offset


tripled = scaled.variant("tripled", twice=thrice)


@kernel
def does_not_compile(x: Matrix, out: OutMatrix) -> None:
    out[0, 0] = x.nothing_of_the_kind()  # type: ignore[attr-defined]


def python(code: str, **environment: str) -> str:
    """Run code in a fresh interpreter, from the checkout."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=environment.pop("cwd", str(ROOT)),
        env={**{k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_importing_the_operators_neither_compiles_nor_imports_numba() -> None:
    code = "import sys, factors.operators.catalogue; print('numba' in sys.modules)"
    assert python(code) == "False"


def test_read_only_and_writable_arrays_share_one_specialisation() -> None:
    x = np.arange(6.0).reshape(2, 3)
    out = np.empty_like(x)
    scaled(x, 1, out)
    assert_array_equal(out, 2 * x + 1)
    x.flags.writeable = False
    scaled(x, 2, out)
    assert_array_equal(out, 2 * x + 2)
    with pytest.raises(TypeError):
        scaled(x.T, 2, out)


def test_a_variant_is_the_same_loop_around_another_formula() -> None:
    x = np.arange(6.0).reshape(2, 3)
    out = np.empty_like(x)
    tripled(x, 0, out)
    assert_array_equal(out, 3 * x)


def test_a_device_runs_as_plain_python_for_debugging() -> None:
    assert twice(4.0) == 8.0


def test_a_kernel_must_keep_missing_values() -> None:
    with pytest.raises(ValueError, match="must keep NaN"):
        kernel(fastmath=frozenset({"nnan"}))


def test_a_kernel_must_not_close_over_a_variable() -> None:
    factor = 2.0

    def closure(x: Matrix, out: OutMatrix) -> None:
        out[0, 0] = factor * x[0, 0]

    with pytest.raises(TypeError, match="cannot close over factor"):
        kernel(closure)


MODULE = """
from factors.jit import Matrix, OutMatrix, kernel
from helper import grow

@kernel
def grown(x: Matrix, out: OutMatrix) -> None:
    out[0, 0] = grow(x[0, 0])
"""
HELPER = """
from factors.jit import device

@device
def grow(value: float) -> float:
    return value + {step}
"""
RUN = """
import numpy as np
from module import grown
out = np.zeros((1, 1))
grown(np.ones((1, 1)), out)
print(out[0, 0], grown.from_cache, grown.compile()._cache._cache_path)
"""


def test_the_disk_cache_is_used_and_follows_a_change_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE)
    (tmp_path / "helper.py").write_text(HELPER.format(step=1))
    setting = {"cwd": str(tmp_path), "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    assert python(RUN, **setting).split()[:2] == ["2.0", "False"]
    assert python(RUN, **setting).split()[:2] == ["2.0", "True"]
    (tmp_path / "helper.py").write_text(HELPER.format(step=5))
    assert python(RUN, **setting).split()[:2] == ["6.0", "False"]


def test_a_read_only_package_is_cached_in_the_users_folder(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "module.py").write_text(MODULE)
    (package / "helper.py").write_text(HELPER.format(step=1))
    (package / "__pycache__").write_text("a file in the folder's place keeps even root from writing")
    home = tmp_path / "home"
    setting = {
        "PYTHONPATH": str(package),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    first, second = python(RUN, **setting).split(), python(RUN, **setting).split()
    assert (first[:2], second[:2]) == (["2.0", "False"], ["2.0", "True"])
    assert second[2].startswith(str(home))
    shutil.rmtree(home)


def test_compiling_ahead_reports_each_kernel_and_leaves_it_on_disk() -> None:
    chosen = [k for k in kernels() if k.name.endswith((":scaled", ":tripled"))]
    reports: list[Progress] = []
    compile_all(chosen, progress=reports.append)
    assert [report.done for report in reports] == [1, 2]
    assert {report.kernel for report in reports} == {k.name for k in chosen}
    assert compile_all(chosen) == 0


def test_a_kernel_that_does_not_compile_is_named() -> None:
    with pytest.raises(PrecompileError, match="does_not_compile does not compile"):
        compile_all([does_not_compile])


def test_a_kernel_does_not_import_linear_algebra_and_a_program_may_still_use_it() -> None:
    code = """
import sys
import numpy as np
from backtest.ranking import rank_kernel
rank_kernel.compile()
assert "scipy.linalg" not in sys.modules
import numba
product = numba.njit(lambda a, b: np.dot(a, b))
solution = numba.njit(lambda a, b: np.linalg.solve(a, b))
print(product(2 * np.eye(2), np.eye(2)).sum(), solution(2 * np.eye(2), np.ones(2)).sum())
"""
    assert python(code).split() == ["4.0", "1.0"]


@kernel
def doubled_with_foresight(x: Matrix, out: OutMatrix) -> None:
    for t in range(x.shape[0]):
        for j in range(x.shape[1]):
            prefetch(x, t + 1, j)  # below the last row, too: an address is named, not read
            out[t, j] = 2.0 * x[t, j]


def test_prefetching_changes_nothing_and_reads_nothing() -> None:
    x = np.arange(12.0).reshape(3, 4)
    out = np.empty((3, 4))
    doubled_with_foresight(x, out)
    assert_array_equal(out, 2 * x)
    prefetch(x, 0, 0)
    assert_array_equal(x, np.arange(12.0).reshape(3, 4))
