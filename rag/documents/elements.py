"""The elements of a page that somebody would see, counted and found: the tree an article is sought in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex

SPACES = regex.compile(r"[ \t\n\r\f]+")


@dataclass(slots=True, eq=False)
class Element:
    """An element somebody would see: what of the page is kept once it has been looked through.

    ``text`` and ``linked`` count the characters below it, in all and inside links.
    """

    tag: str
    attributes: dict[str, str | None]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)
    style: dict[str, str] = field(default_factory=dict)
    text: int = 0
    linked: int = 0

    @property
    def name(self) -> str:
        """Its classes and id, for telling what it is for; a headline made an id tells nothing."""
        both = f"{self.attributes.get('class') or ''} {self.attributes.get('id') or ''}"
        names = both.lower().replace("_", "-").split()
        return " ".join(name for name in names if name.count("-") <= 3)

    def elements(self) -> Iterator[Element]:
        """The elements among its children."""
        return (child for child in self.children if isinstance(child, Element))


def descendants(element: Element) -> Iterator[Element]:
    """The element and everything below it, in no order."""
    waiting = [element]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.elements())


def inside(element: Element, tags: tuple[str, ...]) -> bool:
    """Whether an element of one of these names stands above it."""
    above = element.parent
    while above is not None:
        if above.tag in tags:
            return True
        above = above.parent
    return False


def has(element: Element, tag: str) -> bool:
    """Whether there is an element of this name in it."""
    return any(found.tag == tag for found in descendants(element))


def measure(element: Element, *, linked: bool = False) -> None:
    """Counts the characters below each element."""
    element.text = element.linked = 0
    linked = linked or element.tag == "a"
    for child in element.children:
        if isinstance(child, str):
            size = len(SPACES.sub(" ", child).strip())
            element.text += size
            element.linked += size if linked else 0
        else:
            measure(child, linked=linked)
            element.text += child.text
            element.linked += child.linked


def running(element: Element) -> int:
    """The characters that are not links."""
    return element.text - element.linked
