"""Windows without a missing value, the usual demand: the loops of `sums`, `moments` and others, reduced.

A block's first row belongs to every window that ends in the block, and so does each later row up to the
window's end. A missing value may therefore simply poison the running sums: exactly the windows that hold it
become NaN. There is nothing to count, and the anchor, the block's first row, lies in the window by itself.
"""
