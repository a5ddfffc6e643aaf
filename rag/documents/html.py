"""HTML: the article that a page shows, its title and date.

In this order: what nobody sees is dropped and counted (hidden by attribute, style or a colour like
its ground; comments and scripts); what belongs to the page and not to the article is dropped
(navigation, sidebars, forms, captions, links to other stories); the smallest element that holds
most of the running text is the article; its blocks become paragraphs.

Nothing is rendered and nothing fetched: styles count as far as the page itself states them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import regex
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from rag.documents.dates import iso_date
from rag.documents.encodings import decode
from rag.documents.plain import first_line, one_line
from rag.documents.values import Extracted, Extraction, Refusal
from rag.sentences import split

_DECLARED = regex.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", regex.I)
_XML_DECLARED = regex.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", regex.I
)

_UNSEEN = frozenset(
    "script style noscript template svg math iframe object embed canvas audio video map link meta "
    "datalist head title base param source track col colgroup rp".split()
)
_PAGE = frozenset("nav aside button select textarea input label dialog menu figcaption".split())
_PAGE_ROLES = frozenset(
    "navigation banner contentinfo complementary search menu menubar dialog alert".split()
)
_BLOCKS = frozenset(
    "form p div section article main header h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre table tr "
    "thead tbody tfoot caption figure address hr details summary fieldset center body html".split()
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_RELATED_NAME = regex.compile(
    r"(?<![a-z])(?:related|read-?(?:also|more|next)|see-?also|more-?(?:stories|news|from)|"
    r"recommend\w*|newsletter|subscri\w*|share|sharing|social|breadcrumbs?|comments?|sidebar|"
    r"promo\w*|advert\w*|ads?|sponsor\w*|tags?|tag-?list|most-?(?:read|popular)|trending|cookie\w*|"
    r"nav(?:igation|bar)?|menu|pagination|widget|copyright|skip-?link)(?![a-z])"
)
_ARTICLE_NAME = regex.compile(
    r"(?<![a-z])(?:article-?(?:body|content|text)|post-?(?:body|content)|entry-?content|story-?body|"
    r"wysiwyg|content-?body)(?![a-z])"
)

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
_LINES = frozenset(("li", "tr", "dt", "dd"))
_LINE, _PARAGRAPH = "\x1e", "\x1d"  # breaks until the text is put together, then line ends
_BREAKS = regex.compile(rf"[ \n]*[{_LINE}{_PARAGRAPH}][ \n{_LINE}{_PARAGRAPH}]*")
_SELF_CLOSED = regex.compile(
    r"<(title|script|style|iframe|textarea|div|p|a|span|td|i|b)(\s[^<>]{0,2000}|)/>", regex.I
)
_MARKUP = regex.compile(r"</?(?:p|br|div|a|b|i|em|strong|span|ul|li|h[1-6]|img)\b[^<>]{0,500}>")
_SPACES = regex.compile(r"[ \t\n\r\f]+")
MOST_ATTRIBUTES, DEEPEST_NESTING = 5000, 5000
_LONG_TAG = regex.compile(r"<[a-zA-Z][^<>]{20000,}")
_QUOTED = regex.compile(r"\"[^\"]*\"|'[^']*'")
# Elements that only their end closes; a paragraph or an item ends with the next.
_NESTING = regex.compile(
    r"<(/?)(?:div|span|b|i|u|a|em|strong|font|small|big|s|section|article|table|ul|ol|dl|blockquote|form|"
    r"center|object|svg|g|template|fieldset|details|code|tt|nobr)(?=[\s>/])",
    regex.I,
)
_MOST_RULES = 2000  # of a page's own style sheets
_DEEPEST = 200  # what is nested deeper is hung up here, so that nothing overflows
_RELATED_SHARE = 0.25  # of a page's text: what is named "related" and holds more is the article
_MOST, _SURE = 0.8, 0.7  # of the running text, for an element and for one named as the article


def extract(content: bytes) -> Extraction:
    """The article of a page; raises Refusal where there is no text to read."""
    head = content[:4096]
    found = _DECLARED.search(head) or _XML_DECLARED.search(head)
    decoded = decode(content, found[1].decode("ascii") if found else None)
    extraction = Extraction()
    if decoded.note:
        extraction.note("encoding", decoded.note)
    page = Page(decoded.text)
    text = page.article()
    if not any(character.isalnum() for character in text):
        raise Refusal(
            "empty",
            "holds no text that a reader would see",
            hint="save the page after it has loaded",
        )
    for code, told in page.dropped():
        extraction.note(code, told)
    extraction.documents.append(
        Extracted(
            text=text,
            title=page.title or first_line(text),
            published=page.published,
            url=page.url,
        )
    )
    return extraction


def check_shape(markup: str) -> None:
    """Raises Refusal for what takes a parser the square of its size: no page needs it."""
    for tag in _LONG_TAG.finditer(markup):
        names = _QUOTED.sub("", tag.group()).split(None, MOST_ATTRIBUTES + 1)
        if len(names) > MOST_ATTRIBUTES + 1:
            raise _unsafe(f"an element with more than {MOST_ATTRIBUTES} attributes")
    depth = 0
    for tag in _NESTING.finditer(markup):
        depth = max(0, depth - 1) if tag.group(1) else depth + 1
        if depth > DEEPEST_NESTING:
            raise _unsafe(f"elements nested more than {DEEPEST_NESTING} deep")


def _unsafe(what: str) -> Refusal:
    return Refusal("unsafe", what, hint="save the page as text, then ingest that")


def plain_text(markup: str) -> str:
    """The text of a piece of HTML (a feed's entry, a chapter), hidden parts left out."""
    return Page(markup, fragment=True).article()


def has_markup(text: str) -> bool:
    """Whether a text is a piece of HTML rather than plain text."""
    return "<" in text and bool(_MARKUP.search(text))


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


class Page:
    """One parsed page; what was dropped is counted on the way."""

    def __init__(self, markup: str, *, fragment: bool = False) -> None:
        self._counts: Counter[str] = Counter()
        self._fragment = fragment
        if markup.lstrip("\ufeff \n\r\t").startswith("<?xml") or fragment:
            # In XHTML such an element is empty; an HTML parser would take the rest of the page.
            markup = _SELF_CLOSED.sub(r"<\1\2></\1>", markup)
        check_shape(markup)
        tree = LexborHTMLParser(markup)
        self._metas = {} if fragment else _metas(tree)
        self._linked = {} if fragment else _linked_data(tree)
        headlines = [] if fragment else tree.css("h1")
        self._headline = _text_of(headlines[0]) if len(headlines) == 1 else ""
        self._title_tag = _text_of(tree.css_first("head title"))
        canonical = tree.css_first('link[rel="canonical"]')
        self._canonical = canonical.attributes.get("href") if canonical is not None else None
        self._times = [node.attributes.get("datetime") for node in tree.css("time[datetime]")[:5]]
        self._styles = _styles(tree)
        self._length = len(_text_of(tree.body))
        self._body = self._seen(tree)
        _measure(self._body)

    # what the page says about itself

    @property
    def title(self) -> str:
        """What the page calls the article."""
        for stated in (
            self._metas.get("og:title"),
            self._headline,
            self._linked.get("headline"),
            self._metas.get("twitter:title"),
            self._title_tag,
        ):
            if stated and (line := one_line(stated)):
                return line[:500]
        return ""

    @property
    def published(self) -> str | None:
        """The day of publication, where the page states it."""
        names = (
            "article:published_time", "datepublished", "og:published_time", "pubdate", "publishdate",
            "dc.date.issued", "dcterms.issued", "dc.date", "date", "parsely-pub-date",
        )  # fmt: skip
        stated = [*(self._metas.get(name) for name in names), self._linked.get("datePublished")]
        return next((day for text in (*stated, *self._times) if (day := iso_date(text))), None)

    @property
    def url(self) -> str | None:
        """The address the page gives itself."""
        return web_address(self._canonical) or web_address(self._metas.get("og:url"))

    @property
    def hidden(self) -> int:
        """How many parts with text nobody would see were left out."""
        return self._counts["hidden"]

    def dropped(self) -> Iterator[tuple[str, str]]:
        """What was left out, to be told."""
        if parts := self._counts["hidden"]:
            characters = self._counts["hidden characters"]
            yield "hidden_text", f"{parts} hidden parts with {characters} characters left out"
        if parts := self._counts["related"]:
            yield "related_links", f"{parts} blocks that point elsewhere left out"

    # what somebody sees

    def _seen(self, tree: LexborHTMLParser) -> Element:
        """The page's elements without what nobody sees; hidden ones are counted."""
        body = tree.body
        top = Element("body", dict(body.attributes) if body is not None else {})
        if body is None:
            return top
        top.style = self._style_of(body)
        # A node, the kept element it hangs under, and how deep that is.
        waiting: list[tuple[LexborNode, Element, int]] = [(n, top, 1) for n in _nodes(body)][::-1]
        while waiting:
            node, parent, depth = waiting.pop()
            if node.is_text_node:
                parent.children.append(node.text_content or "")
                continue
            tag = node.tag or ""
            if not node.is_element_node or tag in _UNSEEN:
                continue
            element = Element(tag, dict(node.attributes), parent, style=self._style_of(node))
            if _is_hidden(element) and not self._shown_by_a_script(element, node):
                if characters := len(_text_of(node)):
                    self._counts["hidden"] += 1
                    self._counts["hidden characters"] += characters
                continue
            parent.children.append(element)
            under, deeper = (element, depth + 1) if depth < _DEEPEST else (parent, depth)
            waiting.extend([(child, under, deeper) for child in _nodes(node)][::-1])
        return top

    def _shown_by_a_script(self, element: Element, node: LexborNode) -> bool:
        """Whether most of the page is hidden by a style sheet alone, until a script shows it."""
        own = Element(element.tag, element.attributes, element.parent)
        own.style = _declared(element.attributes.get("style") or "")
        return not _is_hidden(own) and len(_text_of(node)) > _RELATED_SHARE * self._length

    def _style_of(self, node: LexborNode) -> dict[str, str]:
        """What the page's style sheets and the element itself say; the last word counts."""
        own = node.attributes.get("style")
        return self._styles.get(node.mem_id, {}) | (_declared(own) if own else {})

    # the article

    def article(self) -> str:
        """The running text of the page's article."""
        if self._fragment:
            return _tidy(self._written(self._body))
        self._prune(self._body, self._body.text)
        _measure(self._body)
        root = self._article_element()
        text = self._written(root)
        headline = self._headline
        if headline and headline not in one_line(text[:1000]):
            text = f"{headline}\n\n{text}"
        return self._without_related(_tidy(text))

    def _prune(self, element: Element, total: int) -> None:
        """Takes out what belongs to the page rather than to its article."""
        kept: list[Element | str] = []
        for child in element.children:
            if isinstance(child, str):
                kept.append(child)
            elif not self._of_the_page(child, total):
                self._prune(child, total)
                kept.append(child)
        element.children = kept

    def _of_the_page(self, element: Element, total: int) -> bool:
        if element.tag in _PAGE or element.attributes.get("role") in _PAGE_ROLES:
            return True
        if element.tag in ("header", "footer"):
            inside = _inside(element, ("article", "main"))
            return not inside and not (element.tag == "header" and _has(element, "h1"))
        if element.tag in ("article", "main", "h1", "p"):
            return False
        if element.text <= _RELATED_SHARE * total and _RELATED_NAME.search(element.name):
            self._counts["related"] += bool(element.text)
            return True
        return False

    def _article_element(self) -> Element:
        """The smallest element that holds most of the running text."""
        total = _running(self._body)
        named = [
            element
            for element in _descendants(self._body)
            if (
                element.tag in ("article", "main")
                or element.attributes.get("itemprop") == "articleBody"
                or element.attributes.get("role") == "main"
                or _ARTICLE_NAME.search(element.name)
            )
            and _running(element) >= _SURE * total
        ]
        best = min(named, key=_running) if named and total else self._body
        while True:
            inner = next(
                (e for e in best.elements() if _running(e) >= _MOST * _running(best)), None
            )
            if inner is None or inner.tag not in (
                "div",
                "section",
                "article",
                "main",
                "body",
                "form",
            ):
                return best
            headed = any(_has(e, "h1") for e in best.elements() if e is not inner)
            if headed or not _running(best):
                return best
            best = inner

    def _written(self, root: Element) -> str:
        pieces: list[str] = []
        self._write(root, pieces, preformatted=False)
        return "".join(pieces)

    def _write(self, element: Element, pieces: list[str], *, preformatted: bool) -> None:
        """Appends the text below an element: blocks on lines of their own, cells side by side."""
        for child in element.children:
            if isinstance(child, str):
                text = child.replace(_LINE, " ").replace(_PARAGRAPH, " ")
                pieces.append(text if preformatted else _SPACES.sub(" ", text))
                continue
            tag = child.tag
            if tag == "br":
                pieces.append("\n")
                continue
            if not self._fragment and self._only_links(child):
                self._counts["related"] += 1
                continue
            if tag in ("td", "th"):
                cells = [e for e in element.elements() if e.tag in ("td", "th")]
                if child is not cells[0]:
                    pieces.append(" | ")
                self._write(child, pieces, preformatted=False)
                continue
            gap = "" if tag not in _BLOCKS else _LINE if tag in _LINES else _PARAGRAPH
            pieces.append(gap)
            if tag == "li":
                pieces.append("• ")
            self._write(child, pieces, preformatted=preformatted or tag == "pre")
            pieces.append(gap)

    @staticmethod
    def _only_links(element: Element) -> bool:
        """A paragraph, item or list that is a link and nothing else: the way to another story."""
        if element.tag not in ("p", "li", "ul", "ol", "div", "section", "h3", "h4", "h5", "h6"):
            return False
        return element.linked >= 15 and element.linked >= 0.85 * element.text

    def _without_related(self, text: str) -> str:
        """The text without "read also" lines and the headlines that they introduce."""
        kept, dropped = [], 0
        for sentence in split(text):
            if sentence.kind == "related":
                dropped += 1
            else:
                kept.append(text[sentence.start : sentence.end])
        self._counts["related"] += dropped
        return _tidy("".join(kept)) if dropped else text


def _nodes(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _descendants(element: Element) -> Iterator[Element]:
    waiting = [element]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.elements())


def _inside(element: Element, tags: tuple[str, ...]) -> bool:
    above = element.parent
    while above is not None:
        if above.tag in tags:
            return True
        above = above.parent
    return False


def _has(element: Element, tag: str) -> bool:
    return any(found.tag == tag for found in _descendants(element))


def _measure(element: Element, *, linked: bool = False) -> None:
    """Counts the characters below each element."""
    element.text = element.linked = 0
    linked = linked or element.tag == "a"
    for child in element.children:
        if isinstance(child, str):
            size = len(_SPACES.sub(" ", child).strip())
            element.text += size
            element.linked += size if linked else 0
        else:
            _measure(child, linked=linked)
            element.text += child.text
            element.linked += child.linked


def _running(element: Element) -> int:
    """The characters that are not links."""
    return element.text - element.linked


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    metas: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        if name:
            metas.setdefault(name.lower(), attributes.get("content") or "")
    return metas


def _linked_data(tree: LexborHTMLParser) -> dict[str, str]:
    """Headline and date from the first JSON-LD block that has them."""
    for node in tree.css('script[type="application/ld+json"]')[:10]:
        try:
            waiting = [json.loads(node.text() or "")]
        except (ValueError, RecursionError):
            continue
        for _ in range(200):
            if not waiting:
                break
            item = waiting.pop(0)
            if isinstance(item, list):
                waiting.extend(item)
            elif isinstance(item, dict):
                if isinstance(item.get("datePublished"), str):
                    return {key: value for key, value in item.items() if isinstance(value, str)}
                waiting.extend(value for value in item.values() if isinstance(value, list | dict))
    return {}


def _styles(tree: LexborHTMLParser) -> dict[int, dict[str, str]]:
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
                    declarations = _declared(sheet[start:place])
                    if declarations:
                        yield selector, declarations
                start = place + 1
        elif depth == 0:
            start = place + 1


def _declared(style: str) -> dict[str, str]:
    """The declarations that can hide, by property; of two for one the later."""
    declared: dict[str, str] = {}
    for part in regex.sub(r"\s+|!important", "", style.lower()).split(";"):
        name, _, value = part.partition(":")
        if value and name in _PROPERTIES:
            declared["background" if name == "background-color" else name] = value
    return declared


def _is_hidden(element: Element) -> bool:
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


def web_address(stated: object) -> str | None:
    """An http address as it stands; None for anything else a file may call one."""
    if not isinstance(stated, str) or len(stated) > 2000:
        return None
    address = stated.strip()
    if not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.hostname else None


def _tidy(text: str) -> str:
    """Lines without spaces at their ends, at most one empty line between them."""
    text = _BREAKS.sub(lambda found: "\n\n" if _PARAGRAPH in found.group() else "\n", text)
    lines = [line.strip(" \t\r\f") for line in text.split("\n")]
    tidy = regex.sub(r"\n{3,}", "\n\n", "\n".join("" if line == "•" else line for line in lines))
    return tidy.strip("\n")


def _text_of(node: LexborNode | None) -> str:
    return one_line(node.text(separator=" ")) if node is not None else ""
