"""Functions that measures and shapes share, as the text that stands in a program."""

MARKET_MEAN = '''def market_mean(values):
    """Mean over all stocks of the day, in every column; NaN on a day without values."""
    known = np.isfinite(values)
    count = np.sum(known, axis=1, keepdims=True)
    total = np.sum(np.where(known, values, 0.0), axis=1, keepdims=True)
    return np.broadcast_to(np.where(count > 0, total / count, np.nan), values.shape)'''

SIGNED_RUN = '''def signed_run(returns, memory):
    """Length of the current run of rises (+) or falls (-), older days counting less."""
    direction = np.sign(returns)
    run = direction.copy()
    for day in range(1, len(run)):
        goes_on = direction[day] == direction[day - 1]
        run[day] = np.where(goes_on, direction[day] + memory * run[day - 1], direction[day])
    return run'''

STOCK_STATE = '''def stock_state(data, ops, state, days):
    """How busy, wide, risky or large a stock is, by the last days."""
    if state == "volume":
        return data.volume / ops.ts_mean(data.volume, days)
    if state == "range":
        spread = data.high / data.low - 1
        return spread / ops.ts_mean(spread, days)
    if state == "risk":
        return ops.ts_std(data.returns, days)
    return ops.ts_mean(data.close * data.volume, days)'''
