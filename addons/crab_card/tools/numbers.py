"""Numbers and passwords that the system makes itself."""

import secrets

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_RANDOM_LENGTH = 13  # 36^13 = 67 bits


def check_character(text):
    """Luhn mod 36: the character that makes ``text`` a number in which a wrong or swapped character is noticed."""
    total, factor = 0, 2
    for character in reversed(text):
        addend = factor * _VALUE[character]
        total += addend // 36 + addend % 36
        factor = 3 - factor
    return ALPHABET[-total % 36]


def with_check(text):
    """``text`` with its check character behind it."""
    return text + check_character(text)


def is_checked(number):
    """Whether the last character is the check character of the rest."""
    return len(number) > 1 and set(number) <= set(ALPHABET) and check_character(number[:-1]) == number[-1]


def serial_number(prefix, serial, width):
    """The number of a printed card: prefix (with season), serial, check character."""
    return with_check(f"{prefix}{serial:0{width}d}")


def random_number(prefix=""):
    """The number of an e-card: not sequential, 67 random bits, with check character."""
    return with_check(prefix + "".join(secrets.choice(ALPHABET) for _position in range(_RANDOM_LENGTH)))


def random_password(length=8):
    """Digits from a secure source, as they are printed below a scratch layer."""
    return f"{secrets.randbelow(10**length):0{length}d}"
