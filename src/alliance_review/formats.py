"""How a value is written for a reader: one place for rounding, signs and words.

Pure, and below every other part: the analysis words its sentences with the same rules as the pages
print their numbers.
"""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
).split()


def _number(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("not a number")
    return Decimal(repr(float(value)) if isinstance(value, float) else value)


def _fixed(value: Any, places: int) -> str:
    """Fixed decimals, halves away from zero, no signed zero."""
    rounded = _number(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,.{places}f}"


def _r(value: Any) -> str:
    if abs(_number(value)) > 1:
        raise ValueError("a correlation lies between -1 and 1; use f2")
    return _fixed(value, 2).replace("0.", ".", 1)


def _int(value: Any) -> str:
    if _number(value) % 1:
        raise ValueError("not a whole number; use f0")
    return _fixed(value, 0)


def _pct(value: Any) -> str:
    return f"{_fixed(_number(value) * 100, 0)}{SPACE}%"


def _chance(value: Any) -> str:
    """A probability in per cent that never reads as certainty by rounding."""
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError("a probability lies between 0 and 1")
    if Decimal("0.995") <= number < 1:
        return f">{SPACE}99{SPACE}%" if number < Decimal("0.999") else f">{SPACE}99.9{SPACE}%"
    if 0 < number < Decimal("0.005"):
        return f"<{SPACE}1{SPACE}%" if number >= Decimal("0.001") else f"<{SPACE}0.1{SPACE}%"
    return _pct(value)


def _p(value: Any) -> str:
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError("a p value lies between 0 and 1")
    if number < Decimal("0.001"):
        return f"<{SPACE}.001"
    text = _fixed(value, 3)
    return text[1:] if text.startswith("0.") else text


def _odds(value: Any) -> str:
    """A Bayes factor in two digits, as a reader says it: ``8.9 to 1``; below one ``1 to 4.0``."""
    number = _number(value)
    if number <= 0:
        raise ValueError("a Bayes factor is above 0")
    size = max(number, 1 / number)
    digits = 1 if size < Decimal("9.95") else 0
    said = f">{SPACE}1,000" if size >= 1000 else _fixed(size, digits)
    return f"{said} to 1" if number >= 1 else f"1 to {said}"


def _word(value: Any) -> str:
    if _number(value) % 1 or not 0 <= value < len(_WORDS):
        raise ValueError("only whole numbers from 0 to 20 have words; use int")
    return _WORDS[int(value)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("-", MINUS, 1) if isinstance(value, (int, float)) else value


def _none_word(value: Any) -> str:
    return _word(value) if value else "none"


def _date(value: Any) -> str:
    day = date.fromisoformat(value)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


FORMATS: dict[str, Callable[[Any], str]] = {
    "r": _r,
    "int": _int,
    "pct": _pct,
    "chance": _chance,
    "odds": _odds,
    "f0": lambda value: _fixed(value, 0),
    "f1": lambda value: _fixed(value, 1),
    "f2": lambda value: _fixed(value, 2),
    "f3": lambda value: _fixed(value, 3),
    "p": _p,
    "word": _word,
    "none_word": _none_word,
    "date": _date,
    "text": _text,
}
