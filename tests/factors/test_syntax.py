import ast
import gc
from concurrent.futures import ThreadPoolExecutor

from factors.syntax import parse
from tests.factors.programs import REVERSAL


def test_texts_are_parsed_from_many_threads_at_once() -> None:
    expected = ast.dump(ast.parse(REVERSAL))

    def tree(_: int) -> str:
        gc.collect(0)
        return ast.dump(parse(REVERSAL))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tree, range(200))) == {expected}


def test_odd_escapes_in_strings_are_no_warning() -> None:
    assert isinstance(parse(r'"""A \d escape."""'), ast.Module)
    assert parse("1 + 1", "eval").body.op
