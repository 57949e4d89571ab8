"""Text: one way to clean what people type, one to compare names, one to cut text for search."""

import re
import unicodedata
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc_purepy import OpenCC

MAX_QUERY = 100
MAX_TERMS = 8

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0000-\U000e007f]")
# Joiners between letters are spelling in Mongolian and other scripts; variation selectors U+180B–180E stay too.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]|(?<!\\w)[\u200c\u200d]|[\u200c\u200d](?!\\w)")
_WORD = re.compile(r"[^\W_]+")
_MARK = "\x1e"
_WORD_OR_MARK = re.compile(rf"[^\W_]+|{_MARK}")
_WIDE = tuple(zip("，；：！？（）", ",;:!?()", strict=True))
"""Signs of which Chinese texts are full, and what NFKC makes of them: without them it has nothing to do in most."""
_HAN = re.compile("[\u3400-\u9fff]+")
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
    for wide, narrow in _WIDE:
        text = text.replace(wide, narrow)
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
    return streams([text])[0]


def streams(texts: Sequence[str]) -> list[str]:
    """The `grams` of each text, all cut at once: of many short texts each step costs more than its characters."""
    if not texts:
        return []
    joined = _MARK.join(texts)
    if joined.count(_MARK) >= len(texts):
        joined = _MARK.join(text.replace(_MARK, " ") for text in texts)
    runs = _WORD_OR_MARK.findall(fold(joined))
    # Two texts of one length, the second one character ahead and blank where a run ends, are shuffled into triples
    # of a character, the next one and a space.
    here, ahead = (array("I", text.encode("utf-32-le")) for text in (" ".join(runs), "  ".join([r[1:] for r in runs])))
    triples = array("I", " ".encode("utf-32-le")) * (3 * len(here))
    triples[::3] = here
    triples[1 : 3 * len(ahead) : 3] = ahead
    # Between two runs stand the blanks of the last character and those of the space between the runs.
    cut = triples.tobytes().decode("utf-32-le").replace(" " * 5, " ")
    return [stream.strip() for stream in cut.split(_MARK)]


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


@lru_cache(maxsize=1 << 12)
def simplified(text: str) -> str:
    """The text in simplified characters: 「乳製品」 becomes 「乳制品」. Short texts only; what is converted is kept."""
    return _HAN.sub(lambda run: _converter().convert(run[0]), text)


@lru_cache(maxsize=1)
def _converter() -> "OpenCC":
    """Reads its tables when it is first asked, which takes half a second: the command line should not wait for it."""
    from opencc_purepy import OpenCC

    return OpenCC("t2s")


def runs(term: str) -> list[str]:
    """The runs of letters and digits of a term, as a text is searched for them."""
    return _WORD.findall(fold(term))


def hits(text: str, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the words stand in the text, whatever their width and case: (start, end), ascending, none overlapping."""
    return _hits(text, tuple(words)) if words else ()


@lru_cache(maxsize=1024)
def _hits(text: str, words: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """A card asks for the same text up to four times."""
    sought = _sought(words)
    if sought is None:
        return ()
    folded = fold(text.replace("…", " "))  # excerpts end with one: three characters when folded, and in no word
    places = range(len(text))
    if len(folded) != len(text):  # a character such as ㎡ becomes two
        pieces = [fold(character) for character in text]
        folded, places = "".join(pieces), [i for i, piece in enumerate(pieces) for _ in piece]  # type: ignore[assignment]
    spans: list[tuple[int, int]] = []
    for found in sought.finditer(folded):
        start, end = places[found.start()], places[found.end() - 1] + 1
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return tuple(spans)


@lru_cache(maxsize=256)
def _sought(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """What finds any of the words in a folded text, the longest first; None when nothing in them can be found."""
    looked_for = sorted({run for word in words for run in runs(word)}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, looked_for))) if looked_for else None


def excerpt(text: str, words: Sequence[str], limit: int) -> str:
    """At most `limit` characters of the text with the first of the words among them; its beginning without any."""
    found = hits(text, words)
    if not found or found[0][1] < limit:
        return shorten(text, limit)
    start = max(1, min(found[0][0] - limit // 4, len(text) - limit + 1))
    return "…" + shorten(text[start:].lstrip("，。；、 "), limit - 1)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip("，。；、 ") + "…"
