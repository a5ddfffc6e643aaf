"""XML without its dangers: no DTD, no entities of its own, bounded depth and size.

Expat itself fetches nothing; refusing every document type declaration takes away the rest
(entities that multiply or point elsewhere). Names come without their namespace: ``{…}p`` is ``p``,
since every format read here is told apart by its root.
"""

from __future__ import annotations

from typing import Never
from xml.etree import ElementTree  # only its elements; the parser is the one below
from xml.parsers import expat

from rag.documents.values import Refusal

Element = ElementTree.Element
_DEEPEST = 200
_MOST_ELEMENTS = 1_000_000
_HINT = "open it in the program it comes from and save it again"


def parse(content: bytes) -> Element:
    """The root element; raises Refusal for what is not well formed, or not safe."""
    builder = ElementTree.TreeBuilder()
    depth = elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > _DEEPEST:
            raise Refusal("unsafe", f"XML nested more than {_DEEPEST} deep", hint=_HINT)
        if elements > _MOST_ELEMENTS:
            raise Refusal("unsafe", f"more than {_MOST_ELEMENTS} XML elements", hint=_HINT)
        builder.start(local(name), {local(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(local(name))

    def refuse(*_: object) -> Never:
        raise Refusal(
            "unsafe",
            "XML with a document type declaration, which is never read",
            hint="remove the <!DOCTYPE …> line, then ingest it again",
        )

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(content, True)
        return builder.close()
    except expat.ExpatError as error:
        raise Refusal("damaged", f"not well-formed XML: {error}", hint=_HINT) from error
    except (AssertionError, LookupError, ValueError) as error:
        raise Refusal("damaged", f"XML that cannot be read: {error}", hint=_HINT) from error


def local(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition("}")[2]


def child_text(element: Element, *names: str) -> str:
    """The text of the first child of one of these names that has any, in this order."""
    for name in names:
        for child in element:
            if child.tag == name and (text := "".join(child.itertext()).strip()):
                return text
    return ""
