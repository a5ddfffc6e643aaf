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
from urllib.parse import urlsplit

import regex
from selectolax.lexbor import LexborHTMLParser, LexborNode

from rag.documents.dates import iso_date
from rag.documents.elements import SPACES, Element, descendants, has, inside, measure, running
from rag.documents.encodings import decode
from rag.documents.hidden import declared, is_hidden, styles_of
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

_LINES = frozenset(("li", "tr", "dt", "dd"))
_LINE, _PARAGRAPH = "\x1e", "\x1d"  # breaks until the text is put together, then line ends
_ITEM = "\x00"  # stands for our own bullets until empty ones are known; a parser lets no NUL pass
_BREAKS = regex.compile(rf"[ \n]*[{_LINE}{_PARAGRAPH}][ \n{_LINE}{_PARAGRAPH}]*")
_SELF_CLOSED = regex.compile(
    r"<(title|script|style|iframe|textarea|div|p|a|span|td|i|b)(\s[^<>]{0,2000}|)/>", regex.I
)
_MARKUP = regex.compile(r"</?(?:p|br|div|a|b|i|em|strong|span|ul|li|h[1-6]|img)\b[^<>]{0,500}>")
MOST_ATTRIBUTES, DEEPEST_NESTING = 5000, 5000
_LONG_TAG = regex.compile(r"<[a-zA-Z][^<>]{20000,}")
_QUOTED = regex.compile(r"\"[^\"]*\"|'[^']*'")
# Elements that only their end closes; a paragraph or an item ends with the next.
_NESTING = regex.compile(
    r"<(/?)(?:div|span|b|i|u|a|em|strong|font|small|big|s|section|article|table|ul|ol|dl|blockquote|form|"
    r"center|object|svg|g|template|fieldset|details|code|tt|nobr)(?=[\s>/])",
    regex.I,
)
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
        self._styles = styles_of(tree)
        self._length = len(_text_of(tree.body))
        self._body = self._seen(tree)
        measure(self._body)

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
            if is_hidden(element) and not self._shown_by_a_script(element, node):
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
        own.style = declared(element.attributes.get("style") or "")
        return not is_hidden(own) and len(_text_of(node)) > _RELATED_SHARE * self._length

    def _style_of(self, node: LexborNode) -> dict[str, str]:
        """What the page's style sheets and the element itself say; the last word counts."""
        own = node.attributes.get("style")
        return self._styles.get(node.mem_id, {}) | (declared(own) if own else {})

    # the article

    def article(self) -> str:
        """The running text of the page's article."""
        if self._fragment:
            return _tidy(self._written(self._body))
        self._prune(self._body, self._body.text)
        measure(self._body)
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
            own = inside(element, ("article", "main"))  # the article's own head or foot
            return not own and not (element.tag == "header" and has(element, "h1"))
        if element.tag in ("article", "main", "h1", "p"):
            return False
        if element.text <= _RELATED_SHARE * total and _RELATED_NAME.search(element.name):
            self._counts["related"] += bool(element.text)
            return True
        return False

    def _article_element(self) -> Element:
        """The smallest element that holds most of the running text."""
        total = running(self._body)
        named = [
            element
            for element in descendants(self._body)
            if (
                element.tag in ("article", "main")
                or element.attributes.get("itemprop") == "articleBody"
                or element.attributes.get("role") == "main"
                or _ARTICLE_NAME.search(element.name)
            )
            and running(element) >= _SURE * total
        ]
        best = min(named, key=running) if named and total else self._body
        while True:
            inner = next((e for e in best.elements() if running(e) >= _MOST * running(best)), None)
            if inner is None or inner.tag not in (
                "div",
                "section",
                "article",
                "main",
                "body",
                "form",
            ):
                return best
            headed = any(has(e, "h1") for e in best.elements() if e is not inner)
            if headed or not running(best):
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
                pieces.append(text if preformatted else SPACES.sub(" ", text))
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
                pieces.append(f"{_ITEM} ")
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
    # An item of a list without text leaves nothing; a bullet that the page itself shows stays.
    tidy = regex.sub(r"\n{3,}", "\n\n", "\n".join("" if line == _ITEM else line for line in lines))
    return tidy.strip("\n").replace(_ITEM, "•")


def _text_of(node: LexborNode | None) -> str:
    return one_line(node.text(separator=" ")) if node is not None else ""
