"""Compiled loops behind the operators: rows outside, columns inside, so that state moves in SIMD lanes.

Windowed sums never subtract. Rows are cut into blocks of `window` rows; a window that ends inside a block is
the tail of the previous block plus the head of this one, and both are built by additions only (suffix sums
computed once per block, prefix sums carried along; van Herk 1992, Gil and Werman 1993). So the rounding error
of a window is that of its own values, whatever came before, and the cost per value does not depend on the
window.

Columns are processed in tiles. A loop that keeps a state row for each row of a window takes narrow ones (`TILE`), so
that this state stays in the nearer caches, and asks for the tile's next rows ahead (`fetch_ahead`), since those are
far apart in memory; the others take wide tiles (`WIDE_TILE`), whose rows follow each other. The state of a tile
lies in one buffer, its rows `LANE` or `WIDE_LANE` apart: a constant distance lets LLVM see that they do not
overlap, and one that is no multiple of 4096 bytes keeps them in different cache sets. Every kernel ends with
`begin, end`: the columns (or, across a section, rows) it fills.
"""
