"""Text: one way to clean what people type, one to compare names, one to cut text for search."""

import re
import unicodedata
from operator import add

MAX_QUERY = 100
MAX_TERMS = 8

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0000-\U000e007f]")
# Joiners between letters are spelling in Mongolian and other scripts; variation selectors U+180B–180E stay too.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]|(?<!\\w)[\u200c\u200d]|[\u200c\u200d](?!\\w)")
_WORD = re.compile(r"[^\W_]+")
_BRACKETED_ROLE = re.compile(r"\((?:参与|牵头|主持|联合|合作)\)")


def clean(text: str, *, multiline: bool = False) -> str:
    """Text fit to be stored: NFC, no control, invisible or direction-changing characters, trimmed.

    Raises ValueError for text that cannot be stored as UTF-8, direction overrides and tag characters,
    because removing those could change what the text says.
    """
    text.encode("utf-8", "strict")
    if _BIDI.search(text) or _TAGS.search(text):
        raise ValueError("direction or tag characters")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INVISIBLE.sub("", text)
    text = "".join(
        " " if character == "\t" else character
        for character in text
        if character in "\n\t" or unicodedata.category(character) != "Cc"
    )
    if multiline:
        lines = (" ".join(line.split()) for line in text.split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return " ".join(text.split())


def fold(text: str) -> str:
    """The form in which texts are compared and searched: NFKC, lower case."""
    return unicodedata.normalize("NFKC", text).casefold()


def organization_key(name: str) -> str:
    """The name of an organization as it is compared: width, case, brackets and spaces do not matter.

    Drops what a list adds to a name: a role such as 「（参与）」 and a trailing 「等」.
    """
    key = _BRACKETED_ROLE.sub("", fold(name).strip())
    key = re.sub(r"等$", "", key)
    return re.sub(r"[\s()\[\]【】「」《》“”\"'·・]", "", key)


def grams(text: str) -> str:
    """Overlapping bigrams of the words of `text`, separated by spaces: the token stream of the index.

    Each run of letters and digits ends with its last character alone, so that a single character can be
    found as a prefix: 「稀土材料」 becomes 「稀土 土材 材料 料」.
    """
    parts: list[str] = []
    for run in _WORD.findall(fold(text)):
        parts += map(add, run, run[1:])
        parts.append(run[-1])
    return " ".join(parts)


def terms(query: str) -> list[str]:
    """The terms of what a person typed: split at spaces, at most 8, at most 100 characters in all.

    Anything else a person types, such as quotes or operators, is text: a term keeps only its letters and
    digits, and a term without any is dropped.
    """
    found = fold(query)[:MAX_QUERY].split()
    return list(dict.fromkeys(term for term in found if _WORD.search(term)))[:MAX_TERMS]


def phrases(term: str) -> list[tuple[list[str], bool]]:
    """The index phrases that together find `term`: (consecutive grams, last gram is a prefix).

    A run of two or more characters is a phrase of its bigrams, exact as a substring search inside words;
    one character is a prefix.
    """
    return [
        ([run], True) if len(run) == 1 else ([run[i : i + 2] for i in range(len(run) - 1)], False)
        for run in _WORD.findall(term)
    ]


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip("，。；、 ") + "…"
