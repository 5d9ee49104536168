import ast
import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from factors.syntax import parse
from tests.factors.programs import REVERSAL


def test_texts_are_parsed_from_many_threads_at_once() -> None:
    expected = ast.dump(ast.parse(REVERSAL))

    def tree(_: int) -> str:
        gc.collect(0)
        return ast.dump(parse(REVERSAL))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tree, range(200))) == {expected}


class Parsing:
    """Garbage that parses when it is collected."""

    def __init__(self) -> None:
        self.own = self

    def __del__(self) -> None:
        with suppress(SystemError):  # its own tree may be disturbed by other garbage
            ast.parse("x = 1")


def test_garbage_does_not_disturb_a_tree() -> None:
    threshold = gc.get_threshold()
    gc.set_threshold(100)
    try:
        for _ in range(300):
            assert isinstance([Parsing() for _ in range(5)] and parse(REVERSAL), ast.Module)
    finally:
        gc.set_threshold(*threshold)
        gc.collect()
    assert gc.isenabled()


def test_odd_escapes_in_strings_are_no_warning() -> None:
    assert isinstance(parse(r'"""A \d escape."""'), ast.Module)
    assert parse("1 + 1", "eval").body.op
