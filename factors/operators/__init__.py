"""Operators: pure functions on (T, N) arrays, dates by symbols, none of which reads a later row.

    from factors.operators import cs_rank, ts_mean

`ts_*` look back along time, `cs_*` across a day's universe, the others work value by value. pandas is the
reference for windows, missing values and ties; each function says where it differs. The compiled loops are in
`kernels`.
"""

from factors.operators.elementwise import (
    fill_missing,
    log1p_sign,
    safe_div,
    safe_log,
    signed_power,
    squash,
    where,
)
from factors.operators.neutral import cs_neutralize
from factors.operators.relations import ts_autocorr, ts_beta, ts_corr, ts_cov, ts_regression_residual
from factors.operators.sections import cs_bucket, cs_demean, cs_rank, cs_scale, cs_winsorize, cs_zscore
from factors.operators.shifts import ts_delay, ts_delta, ts_pct_change
from factors.operators.threads import threads
from factors.operators.windows import (
    ts_argmax,
    ts_argmin,
    ts_count,
    ts_decay_linear,
    ts_ema,
    ts_kurt,
    ts_mad,
    ts_max,
    ts_mean,
    ts_median,
    ts_min,
    ts_product,
    ts_quantile,
    ts_rank,
    ts_residual,
    ts_rsquare,
    ts_skew,
    ts_slope,
    ts_std,
    ts_sum,
    ts_var,
    ts_zscore,
)

__all__ = [
    "cs_bucket",
    "cs_demean",
    "cs_neutralize",
    "cs_rank",
    "cs_scale",
    "cs_winsorize",
    "cs_zscore",
    "fill_missing",
    "log1p_sign",
    "safe_div",
    "safe_log",
    "signed_power",
    "squash",
    "threads",
    "ts_argmax",
    "ts_argmin",
    "ts_autocorr",
    "ts_beta",
    "ts_corr",
    "ts_count",
    "ts_cov",
    "ts_decay_linear",
    "ts_delay",
    "ts_delta",
    "ts_ema",
    "ts_kurt",
    "ts_mad",
    "ts_max",
    "ts_mean",
    "ts_median",
    "ts_min",
    "ts_pct_change",
    "ts_product",
    "ts_quantile",
    "ts_rank",
    "ts_regression_residual",
    "ts_residual",
    "ts_rsquare",
    "ts_skew",
    "ts_slope",
    "ts_std",
    "ts_sum",
    "ts_var",
    "ts_zscore",
    "where",
]
