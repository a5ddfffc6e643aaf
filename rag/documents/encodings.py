"""From bytes to text: UTF-8, UTF-16, or an older encoding that is told; never mojibake in silence.

The order: a byte order mark, strict UTF-8, what the file declares about itself, UTF-16 without a
mark where half of the bytes say so, and at last windows-1256, ISO-8859-6 or windows-1252, where
the words come out as words. Short or doubtful bytes are refused rather than guessed.

Why not a detection library: the candidates are five, three of them nearly equal in bytes, and the
choice between those needs to know how Arabic words look, which a general one does not ask.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import regex

from rag.documents.values import Refusal
from rag.folding import fold
from rag.languages import rules_for

# Labels as pages and feeds write them, to Python's codec; what is not listed is not believed.
_LABELS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "windows-1256": "cp1256",
    "cp1256": "cp1256",
    "x-cp1256": "cp1256",
    "iso-8859-6": "iso8859_6",
    "iso8859-6": "iso8859_6",
    "arabic": "iso8859_6",
    "asmo-708": "iso8859_6",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    # By the encoding standard of the web these two mean windows-1252.
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
}
_SHOWN = {"cp1256": "windows-1256", "iso8859_6": "ISO-8859-6", "cp1252": "windows-1252"}
_HINT = "save the file as UTF-8 (for Arabic often: iconv -f WINDOWS-1256 -t UTF-8 FILE), then ingest it again"

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_ARABIC = regex.compile(r"\p{Script=Arabic}")
_LATIN = regex.compile(r"\p{Script=Latin}")
_ARABIC_WORD = regex.compile(r"[ء-غف-ي\u064b-\u0652\u0640٠-٩]+")
# Letters of a windows-1252 text in English, with the French and German words in it.
_WESTERN = frozenset("‘’“”–—…•€£©®°·½«»\u00a0éèêëàâäáãçîïíôöóõûüúñßÉÀÖÜÄ™")
_ENOUGH_WORDS = 5  # Arabic words needed before an older encoding is believed
_SAMPLE = 200_000  # characters that are looked at; reading on tells nothing new


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was in, and whether that was worked out from the words."""

    text: str
    encoding: str
    guessed: bool = False

    @property
    def note(self) -> str:
        """What to tell about an encoding that was not certain; empty for one that was."""
        return f"read as {self.encoding}, told by its words" if self.guessed else ""


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """The text of a file; raises Refusal with the offending byte and its place."""
    decoded = _decode(content, declared)
    if "\x00" in decoded.text:
        raise Refusal(
            "not_text",
            "holds NUL characters, so it is not text",
            hint="check what kind of file it is",
        )
    if not decoded.text.strip():
        raise Refusal("empty", "holds no text", hint="leave the file out")
    return decoded


def _decode(content: bytes, declared: str | None) -> Decoded:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Decoded(_strict(content, "utf-16"), "UTF-16")
    if wide := _wide(content):
        return Decoded(_strict(content, wide), wide.upper(), guessed=True)
    try:
        return Decoded(content.decode("utf-8-sig"), "UTF-8")
    except UnicodeDecodeError:
        if content.startswith(codecs.BOM_UTF8):
            _strict(content, "utf-8-sig")  # tells the byte
    label = _LABELS.get((declared or "").strip().lower().replace("_", "-"))
    if label and label != "utf-8":
        try:
            text = content.decode(label)
        except UnicodeDecodeError:
            text = ""
        if text and _plausible(text, label):
            return Decoded(text, _SHOWN.get(label, label.upper()))
    for codec in ("cp1256", "iso8859_6", "cp1252"):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if _convincing(text, codec):
            return Decoded(text, _SHOWN[codec], guessed=True)
    return Decoded(_strict(content, "utf-8-sig"), "UTF-8")  # raises


def _strict(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        skipped = len(content) - len(error.object)  # the codec takes the mark off before it counts
        raise Refusal(
            "encoding",
            f"not {codec.removesuffix('-sig').upper()}: "
            f"byte 0x{error.object[error.start]:02x} at offset {error.start + skipped}",
            hint=_HINT,
        ) from error


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte is zero or names the Arabic block."""
    sample = content[:_SAMPLE]
    if len(content) % 2 or len(sample) < 16 or not (b"\x00" in sample or b"\x06" in sample):
        return None
    even, odd = sample[0::2], sample[1::2]
    for codec, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if high.count(0) + high.count(6) >= 0.9 * len(high) and not low.count(0):
            return codec
    return None


def _plausible(text: str, codec: str) -> bool:
    """Whether a declared encoding may be believed: no control characters, no mixed words."""
    if codec.startswith("utf"):
        return True
    return not _controls(text) and _mixed(text) <= 0.02


def _controls(text: str) -> int:
    return sum("\x80" <= character <= "\x9f" for character in text[:_SAMPLE])


def _mixed(text: str) -> float:
    """The share of words that mix Arabic and Latin letters, as wrongly decoded ones do."""
    words = _WORD.findall(text[:_SAMPLE])
    mixed = sum(bool(_ARABIC.search(word) and _LATIN.search(word)) for word in words)
    return mixed / len(words) if words else 0.0


def _convincing(text: str, codec: str) -> bool:
    """Whether the words of the text are words: enough of them, and the common ones among them."""
    text = text[:_SAMPLE]
    if _controls(text) or _mixed(text) > 0.02:
        return False
    high = [character for character in text if character > "\x7f"]
    if codec == "cp1252":
        letters = sum(character.isalpha() for character in text)
        western = all(character in _WESTERN for character in high)
        return western and letters >= 40 and len(high) <= 0.1 * letters
    words = [word for word in _WORD.findall(text) if _ARABIC.search(word)]
    if len(words) < _ENOUGH_WORDS:
        return False
    whole = sum(bool(_ARABIC_WORD.fullmatch(word)) for word in words)
    return whole >= 0.95 * len(words) and _arabic_score(words) >= 0.2


def _arabic_score(words: list[str]) -> float:
    """How much of it is Arabic: the share of words with an article or that are stop words.

    News has about 0.6; the same bytes in the wrong one of the two encodings have under 0.1, since
    the lam of every article becomes another letter.
    """
    stop = rules_for("ar").stop_words
    known = 0
    for word in words:
        folded = fold(word)
        known += folded in stop or (len(folded) > 3 and folded.lstrip("وفبك").startswith("ال"))
    return known / len(words)
