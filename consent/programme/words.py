"""Closed lists of words whose meaning stands beside each, for the page that explains them."""

from enum import StrEnum


class Explained(StrEnum):
    """A word of a closed list: its value is what the file says, `meaning` what that is."""

    _value_: str
    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> "Explained":
        word = str.__new__(cls, value)
        word._value_ = value
        word.meaning = meaning
        return word
