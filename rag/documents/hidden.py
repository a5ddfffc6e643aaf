"""What nobody sees of a page: by attribute, by declared style, by a colour like its ground.

Styles count as far as the page itself states them, property by property, the last word winning.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from rag.documents.elements import Element

# Declarations that take a text out of sight, one property at a time.
_HIDING = {
    "display": regex.compile(r"none"),
    "visibility": regex.compile(r"hidden|collapse"),
    "content-visibility": regex.compile(r"hidden"),
    "opacity": regex.compile(r"0*(?:\.0+)?|0%"),
    "font-size": regex.compile(r"0*(?:\.0+)?(?:px|pt|r?em|%)?"),
    "clip": regex.compile(r"rect\(0.*"),
    "clip-path": regex.compile(r"inset\((?:50|100)%.*"),
    "text-indent": regex.compile(r"-\d{3,}.*"),
    "transform": regex.compile(r"scale\(0\)"),
}
_FAR = regex.compile(r"-\d{4,}.*")
_ZERO = regex.compile(r"0(?:px)?")
_SIZES = ("height", "max-height", "width", "max-width")
_PROPERTIES = frozenset(
    (
        *_HIDING,
        *_SIZES,
        "left",
        "top",
        "right",
        "overflow",
        "color",
        "background",
        "background-color",
    )
)
_COLOUR_NAMES = {"white": "ffffff", "black": "000000", "transparent": "", "red": "ff0000"}
_MOST_RULES = 2000  # of a page's own style sheets


def styles_of(tree: LexborHTMLParser) -> dict[int, dict[str, str]]:
    """What the page's own style sheets say of each element, as far as it can hide one."""
    styles: dict[int, dict[str, str]] = {}
    rules = 0
    for sheet in tree.css("style"):
        for selector, declarations in _rules(sheet.text() or ""):
            rules += 1
            if rules > _MOST_RULES:
                return styles
            try:
                matching = tree.css(selector)
            except SelectolaxError:  # a selector the parser does not know
                continue
            for node in matching:
                styles.setdefault(node.mem_id, {}).update(declarations)
    return styles


def _rules(sheet: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Selectors with what they declare; rules for print, small screens or states are not read."""
    sheet = regex.sub(r"/\*.*?\*/", "", sheet[:500_000], flags=regex.DOTALL)
    depth, start, selector = 0, 0, ""
    for found in regex.finditer(r"[{};]", sheet):
        place = found.start()
        if found.group() == "{":
            if depth == 0:
                selector = sheet[start:place].strip()
            depth += 1
            start = place + 1 if depth == 1 else start
        elif found.group() == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                if selector and "@" not in selector and ":" not in selector:
                    declarations = declared(sheet[start:place])
                    if declarations:
                        yield selector, declarations
                start = place + 1
        elif depth == 0:
            start = place + 1


def declared(style: str) -> dict[str, str]:
    """The declarations that can hide, by property; of two for one the later."""
    declared: dict[str, str] = {}
    for part in regex.sub(r"\s+|!important", "", style.lower()).split(";"):
        name, _, value = part.partition(":")
        if value and name in _PROPERTIES:
            declared["background" if name == "background-color" else name] = value
    return declared


def is_hidden(element: Element) -> bool:
    """Whether nobody sees an element, as far as it and its page say."""
    if "hidden" in element.attributes:
        return True
    style = element.style
    if style and (
        any(name in style and hides.fullmatch(style[name]) for name, hides in _HIDING.items())
        or any(_FAR.fullmatch(style.get(edge, "")) for edge in ("left", "top", "right"))
        or (
            style.get("overflow") == "hidden"
            and any(_ZERO.fullmatch(style.get(size, "")) for size in _SIZES)
        )
    ):
        return True
    colour = _hex(style["color"]) if "color" in style else None
    if element.tag == "font":
        colour = _hex((element.attributes.get("color") or "").lower())
    return bool(colour) and colour == _ground(element)


def _ground(element: Element) -> str:
    """The colour behind an element: its own or the nearest stated one; paper is white."""
    above: Element | None = element
    while above is not None:
        if "background" in above.style:
            colour = _hex(above.style["background"])
            if colour is None:
                return "?"  # an image or a gradient
            if colour:
                return colour
        if ground := above.attributes.get("bgcolor"):
            return _hex(ground.lower()) or "?"
        above = above.parent
    return "ffffff"


def _hex(colour: str) -> str | None:
    colour = colour.strip()
    if colour in _COLOUR_NAMES:
        return _COLOUR_NAMES[colour]
    if found := regex.fullmatch(r"#?([0-9a-f]{6})(?:ff)?", colour):
        return found[1]
    if found := regex.fullmatch(r"#([0-9a-f])([0-9a-f])([0-9a-f])", colour):
        return "".join(2 * digit for digit in found.groups())
    if found := regex.fullmatch(
        r"rgba?\((\d{1,3})[,/]?(\d{1,3})[,/]?(\d{1,3})(?:[,/]([\d.]+))?\)", colour
    ):
        if found[4] and float(found[4]) == 0:
            return ""
        return "".join(f"{min(int(part), 255):02x}" for part in found.groups()[:3])
    return None
