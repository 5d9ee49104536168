"""Parameter ranges as language models write them, and as a program declares them.

A range may be a dict under many key names, `[low, high]`, "2-20", or a bare default. What is not said is taken from
the program's own range if there is one; else the type follows the numbers and the default is the middle of the range.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agents.replies.errors import ReplyError

_NUMBER = r"[-+]?(?:\d+(?:_\d{3})*\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
_WHOLE_NUMBER = re.compile(rf"\s*({_NUMBER})\s*$")
_PAIR = re.compile(rf"({_NUMBER})\s*(?:-|–|—|~|to|至|到|\.\.+|,|;|:|…)\s*({_NUMBER})")
_DEFAULT = re.compile(rf"(?:default|默认值?|initial)\W{{0,5}}({_NUMBER})", re.IGNORECASE)
_LONGEST_NUMBER = 1e15
_KEYS: Final[Mapping[str, str]] = {
    alias: key
    for key, aliases in {
        "type": "type kind dtype 类型",
        "low": "low min minimum lower lo from start lower_bound min_value 最小值 下限",
        "high": "high max maximum upper hi to end stop upper_bound max_value 最大值 上限",
        "default": "default value initial init suggested current 默认值 默认",
        "log": "log log_scale logscale logarithmic",
        "step": "step stride increment 步长",
        "choices": "choices options values categories enum",
        "range": "range bounds interval limits 范围",
        "scale": "scale",
    }.items()
    for alias in aliases.split()
}
_TYPES = {
    **dict.fromkeys("int integer int64 discrete 整数".split(), "int"),
    **dict.fromkeys("float real number double continuous uniform loguniform 浮点数 实数".split(), "float"),
    **dict.fromkeys("categorical choice category enum bool boolean str string".split(), "categorical"),
}


def read_range(name: str, said: object, own: Mapping[str, Any] | None, repairs: list[str]) -> dict[str, Any]:
    """The strict range that `said` means for parameter `name`, whose range in the program is `own`."""
    said = _as_dict(name, said, own)
    kind = _TYPES.get(str(said.get("type", "")).lower().removeprefix("log_"))
    if kind is None and own and "choices" not in said and own.get("type") in ("int", "float"):
        kind = str(own["type"])
    if "choices" in said or kind == "categorical" or (own and "choices" in own and "low" not in said):
        return _categorical(name, said, own or {}, repairs)
    return _numeric(name, said, kind, own or {}, repairs)


def _as_dict(name: str, said: object, own: Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(said, dict):
        known = {
            _KEYS.get(str(key).lower().strip().replace(" ", "_"), ""): value for key, value in said.items()
        }
        known.pop("", None)
        return _with_range(name, known, own)
    if isinstance(said, list | tuple):
        return _from_list(list(said), own)
    if isinstance(said, str):
        return _from_words(name, said, own)
    return {"default": said}


def _with_range(name: str, said: dict[str, Any], own: Mapping[str, Any] | None) -> dict[str, Any]:
    if "range" in said:
        bounds = _as_dict(name, said.pop("range"), own)
        said = bounds | said
    if str(said.pop("scale", "")).lower().startswith("log") or "log" in str(said.get("type", "")).lower():
        said["log"] = True
    if "choices" in said and isinstance(said["choices"], str):
        said["choices"] = [part.strip(" '\"") for part in said["choices"].strip("[]()").split(",")]
    return said


def _from_list(said: list[Any], own: Mapping[str, Any] | None) -> dict[str, Any]:
    numbers = [number for item in said if (number := _number(item)) is not None]
    if len(numbers) < len(said) or (own and "choices" in own) or not numbers:
        return {"choices": said}
    if len(numbers) == 3 and numbers[0] <= numbers[2] <= numbers[1]:
        return {"low": numbers[0], "high": numbers[1], "default": numbers[2]}
    if len(numbers) == 2 or own:
        return {"low": min(numbers), "high": max(numbers)}
    return {"choices": said}


def _from_words(name: str, said: str, own: Mapping[str, Any] | None) -> dict[str, Any]:
    words = said[:300]
    pair, default = _PAIR.search(words), _DEFAULT.search(words)
    read: dict[str, Any] = {"default": _number(default[1])} if default else {}
    if pair:
        read |= {"low": _number(pair[1]), "high": _number(pair[2])}
        kind = re.search(r"\b(int|integer|float|real)\b", words, re.IGNORECASE)
        read |= {"type": kind[1].lower()} if kind else {}
        return read | ({"log": True} if re.search(r"\blog", words, re.IGNORECASE) else {})
    if read:
        return read
    number = _number(words)
    if number is None and not (own and words in own.get("choices", ())):
        raise ReplyError(
            f'the range of parameter `{name}` cannot be read, got {words[:60]!r}: give "low" and "high".'
        )
    return {"default": words if number is None else number}


def _number(value: object) -> int | float | None:
    """The number that `value` is or spells, if it is a finite and sensible one."""
    if isinstance(value, str):
        match = _WHOLE_NUMBER.match(value[:60])
        if match is None:
            return None
        digits = match[1].replace("_", "")
        value = float(digits) if re.search(r"[.eE]", digits) else int(digits)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= _LONGEST_NUMBER else None  # NaN fails it, too


def _categorical(
    name: str, said: dict[str, Any], own: Mapping[str, Any], repairs: list[str]
) -> dict[str, Any]:
    boolean = [False, True] if "bool" in str(said.get("type", "")).lower() else None
    choices = said.get("choices", own.get("choices", boolean))
    choices = list(choices) if isinstance(choices, list | tuple) else []
    if not choices or not all(isinstance(c, str | bool) or _number(c) is not None for c in choices):
        raise ReplyError(
            f"the choices of parameter `{name}` must be numbers, strings or true/false: list them."
        )
    defaults = [said.get("default"), own.get("default"), choices[0]]
    default = next(
        d for d in defaults if any(d == c and isinstance(d, bool) == isinstance(c, bool) for c in choices)
    )
    if said.get("default") not in (None, default):
        repairs.append(f"the default of `{name}` is not among its choices and was replaced")
    return {"type": "categorical", "choices": choices, "default": default}


def _numeric(
    name: str, said: dict[str, Any], kind: str | None, own: Mapping[str, Any], repairs: list[str]
) -> dict[str, Any]:
    low, high = (_bound(name, key, said, own) for key in ("low", "high"))
    if low > high:
        low, high = high, low
        repairs.append(f"low and high of `{name}` were swapped")
    whole = float(low).is_integer() and float(high).is_integer()
    typed = isinstance(low, int) and isinstance(high, int) and not isinstance(said.get("default"), float)
    if kind == "int" and not whole:
        kind = None if "type" not in said else kind
    kind = kind or ("int" if typed else "float")
    if kind == "int":
        low, high = math.ceil(low), max(math.ceil(low), math.floor(high))
    read: dict[str, Any] = {"type": kind, "low": low, "high": high}
    log = _flag(said.get("log", own.get("log", False))) and low > 0
    defaults = [_number(part.get("default")) for part in (said, own)]
    read["default"] = _default(name, defaults, read | {"log": log}, repairs)
    step = _step(said.get("step", own.get("step")), kind)
    return read | ({"log": True} if log else {"step": step} if step and step <= high - low else {})


def _step(value: object, kind: str) -> int | float | None:
    """A positive step of the parameter's kind."""
    step = _number(value)
    if step is None or step <= 0 or (kind == "int" and not float(step).is_integer()):
        return None
    return int(step) if kind == "int" else step


def _bound(name: str, key: str, said: Mapping[str, Any], own: Mapping[str, Any]) -> int | float:
    value = said.get(key, own.get(key))
    number = _number(value)
    if number is None:
        raise ReplyError(
            f"parameter `{name}` needs a finite number for {key!r}, got {str(value)[:60]!r}: give low and high."
        )
    return number


def _flag(value: object) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "1")


def _default(
    name: str, candidates: Sequence[int | float | None], read: Mapping[str, Any], repairs: list[str]
) -> int | float:
    """The first of the candidates (said, then the program's own) inside of the range; else the middle."""
    low, high = read["low"], read["high"]
    inside = [number for number in candidates if number is not None and low <= number <= high]
    if candidates[0] is not None and inside[:1] != [candidates[0]]:
        repairs.append(f"the default of `{name}` lies outside of its range and was replaced")
    middle = math.sqrt(low * high) if read.get("log") else (low + high) / 2
    chosen = inside[0] if inside else float(f"{middle:.6g}")
    bounded: int | float = min(max(round(chosen) if read["type"] == "int" else chosen, low), high)
    return bounded
