"""A report as one HTML file: inline SVG, no script, nothing fetched, right in both directions.

Every word that comes from a question, an answer or a document is escaped, and characters that
steer direction are shown as escapes. Equal reports give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from rag.evaluation import charts, selective
from rag.evaluation.names import metric_name, metric_name_arabic, slice_name, slice_name_arabic
from rag.evaluation.provenance import shown as shown_manifest
from rag.evaluation.questions import ALL, PAIRS, TAG_PREFIX
from rag.evaluation.report import cell, what_went_wrong
from rag.evaluation.results import METRICS, Report, Row, Shown
from rag.languages import language_of
from rag.terminal import printable
from rag.types import LANGUAGES

MOST_EXAMPLES = 20  # of each pair of languages
_MOST_TAGS = 30
_CARDS = (
    "hit_at_1",
    "citation_recall",
    "citation_precision",
    "token_f1",
    "abstention_recall",
    "quote_exactness",
)
# Why an answer is among the worst, in Arabic, by how the English begins or ends.
_WHY_ARABIC = (
    ("quotes not in the document", "اقتباس ليس في المستند"),
    ("answered, but", "أُجيب، والمقالات لا تقول ذلك"),
    ("abstained", "امتناع عن الجواب"),
    ("cites another place", "يقتبس موضعًا آخر"),
    ("cites something else", "يقتبس غير موضع الجواب"),
    ("another answer", "جواب آخر"),
)
_SLICED = ("hit_at_1", "citation_recall", "token_f1")

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--paper:#fff;--panel:#f3f5f8;--line:#d6dce4;--bar:#2f6f9f;--bad:#b3261e;--good:#1b7f4b;--mark:#ffe9a8}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#a3adba;--paper:#14181d;--panel:#1d232b;--line:#36404c;--bar:#6fb1e0;--bad:#ff8a80;--good:#6fd29b;--mark:#5a4a10}}
body{margin:0 auto;padding:1.5rem;max-width:72rem;background:var(--paper);color:var(--ink);font:16px/1.65 system-ui,"Noto Sans Arabic","Noto Naskh Arabic",sans-serif}
h1{font-size:1.5rem;margin:0;display:flex;justify-content:space-between;gap:1rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-block-end:1px solid var(--line);display:flex;justify-content:space-between;gap:1rem}
.ar{font-size:1.08em}.soft{color:var(--soft)}text.soft{fill:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.7rem;margin-block:1.2rem}
.card{background:var(--panel);border-radius:.5rem;padding:.7rem .9rem}.card b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
th,td{padding:.2rem .7rem;text-align:end;border-block-end:1px solid var(--line);white-space:nowrap}th:first-child,td:first-child{text-align:start}td small,th small{display:block;text-align:right;font-weight:400;color:var(--soft)}
.charts{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0;max-width:100%;overflow-x:auto}svg[width="640"]{min-width:36rem}figcaption{font-weight:600;margin-block-end:.3rem}
svg{max-width:100%;height:auto;font:12px system-ui,"Noto Sans Arabic",sans-serif;fill:currentColor}
.track{fill:var(--panel)}.bar{fill:var(--bar)}.whisker{stroke:currentColor;stroke-width:1.5;opacity:.7}.grid{stroke:var(--line)}.ideal{stroke:var(--soft);stroke-dasharray:4 4}.dot{fill:var(--bar);opacity:.85}.curve{fill:none;stroke:var(--bar);stroke-width:2}
article{border:1px solid var(--line);border-radius:.5rem;padding:.8rem 1rem;margin-block:.8rem}h3.slice{margin-block:1.4rem .4rem;scroll-margin-block-start:1rem}th a{color:inherit}article h3{font-size:1.05rem;margin:0 0 .3rem}
blockquote{margin:.35rem 0;padding:.4rem .8rem;background:var(--panel);border-inline-start:3px solid var(--line);border-radius:.2rem}
blockquote.good{border-color:var(--good)}blockquote.bad{border-color:var(--bad)}mark{background:var(--mark);color:inherit}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.85rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
@media(max-width:44rem){dl{grid-template-columns:minmax(0,1fr)}dt{overflow-wrap:anywhere}dd{margin-block-end:.4rem}}
.why{color:var(--bad)}
""".strip()


def page(report: Report) -> str:
    """The report as a complete HTML document."""
    body = "\n".join(
        [
            _header(report),
            _cards(report),
            _charts(report),
            _figures(report),
            _examples(report),
            _manifest(report),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en" dir="ltr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Sanad: evaluation · تقييم سند</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    """Escaped for elements and attributes, direction characters shown."""
    return escape(printable(text), quote=True)


def _said(text: str, tag: str = "span", attributes: str = "") -> str:
    """Words of somebody, in their language and direction."""
    language = language_of(text)
    direction = "rtl" if language == "ar" else "ltr"
    return f'<{tag} lang="{language}" dir="{direction}"{attributes}>{_text(text)}</{tag}>'


def _arabic(text: str) -> str:
    """A word of the page itself, kept apart from the numbers beside it."""
    return f'<bdi lang="ar" dir="rtl">{text}</bdi>'


def _name(text: str) -> str:
    return f'<bdi dir="auto">{_text(text)}</bdi>'


def _titled(english: str, arabic: str, tag: str = "h2") -> str:
    return (
        f"<{tag}><span>{_text(english)}</span>"
        f'<span class="ar" lang="ar" dir="rtl">{_text(arabic)}</span></{tag}>'
    )


def _header(report: Report) -> str:
    file = report.manifest.get("question_file", {})
    name = file.get("name", "") if isinstance(file, dict) else ""
    figures = report.slices[ALL]
    return (
        f"<header>{_titled('Evaluation', 'التقييم', 'h1')}"
        f'<p class="soft">{_name(str(name))} · {figures.questions} questions · '
        f'<span lang="ar" dir="rtl">عدد الأسئلة: {figures.questions}</span></p></header>'
    )


def _cards(report: Report) -> str:
    cards = []
    for metric in _CARDS:
        known = report.intervals.get(ALL, {}).get(metric)
        spread = (
            "" if known is None else f'<small class="soft">{known.low:.3f}–{known.high:.3f}</small>'
        )
        cards.append(
            f'<div class="card"><span>{metric_name(metric, report.k)}</span>'
            f"<b>{cell(metric, getattr(report.slices[ALL], metric))}</b>{spread}"
            f'<div class="soft" lang="ar" dir="rtl">{metric_name_arabic(metric, report.k)}</div></div>'
        )
    return f'<div class="cards">{"".join(cards)}</div>'


def _charts(report: Report) -> str:
    pairs = [name for name in PAIRS if name in report.slices]
    tags = [name for name in report.slices if name.startswith(TAG_PREFIX)][:_MOST_TAGS]
    figures = [
        _bars(report, metric, names, what)
        for names, what in ((pairs, "question to text"), (tags, "tag"))
        for metric in (_SLICED if what != "tag" else _SLICED[1:2])
    ]
    figures += _trusted(report.rows)
    drawn = "".join(figure for figure in figures if figure)
    return f'{_titled("Charts", "الرسوم")}<div class="charts">{drawn}</div>' if drawn else ""


def _trusted(rows: Sequence[Row]) -> list[str]:
    """How far confidence can be trusted: over all, and risk and coverage in each language."""
    sure, right = _known(rows)
    if not sure:
        return []
    found = [
        _figure(
            "Reliability: confidence and share right",
            "الموثوقية: الثقة ونسبة الصحيح",
            charts.reliability(
                "reliability",
                selective.reliability(sure, right),
                "confidence · الثقة",
                "share right · نسبة الصحيح",
            ),
        )
    ]
    for name in (ALL, *LANGUAGES):
        some = [row for row in rows if name in (ALL, row.language)]
        sure, right = _known(some)
        if not sure or (name != ALL and len(some) == len(rows)):
            continue
        asked = "" if name == ALL else f", questions in {slice_name(name)}"
        asked_arabic = {"ar": "، الأسئلة العربية", "en": "، الأسئلة الإنجليزية"}.get(name, "")
        found.append(
            _figure(
                f"Risk and coverage of the answers given{asked}",
                f"الخطر والتغطية للأجوبة المعطاة{asked_arabic}",
                charts.risk_coverage(
                    f"risk and coverage{asked}",
                    selective.risk_coverage(sure, right),
                    "coverage · التغطية",
                    "wrong · الخطأ",
                ),
            )
        )
    return found


def _known(rows: Sequence[Row]) -> tuple[list[float], list[bool]]:
    """Confidence and rightness of the answers given."""
    known = [(row.confidence, row.right) for row in rows if not row.abstained]
    return (
        [sure for sure, _ in known if sure is not None],
        [right for sure, right in known if sure is not None],
    )


def _figure(english: str, arabic: str, drawing: str) -> str:
    caption = (
        f"<figcaption>{_text(english)} "
        f'<span class="soft ar" lang="ar" dir="rtl">{_text(arabic)}</span></figcaption>'
    )
    return f"<figure>{caption}{drawing}</figure>"


def _bars(report: Report, metric: str, names: Sequence[str], what: str) -> str:
    rows = []
    for name in names:
        value = getattr(report.slices[name], metric)
        if value is None:
            continue
        known = report.intervals.get(name, {}).get(metric)
        rows.append(
            charts.Bar(
                label=printable(slice_name(name)),
                arabic="" if what == "tag" else slice_name_arabic(name),
                value=value,
                low=known.low if known else None,
                high=known.high if known else None,
                note=f"({report.slices[name].questions})",
            )
        )
    if not rows:
        return ""
    by = {"tag": ("by tag", "حسب الوسم")}.get(
        what, ("by languages of question and text", "حسب لغتي السؤال والنص")
    )
    return _figure(
        f"{metric_name(metric, report.k)} {by[0]}",
        f"{metric_name_arabic(metric, report.k)} {by[1]}",
        charts.bars(metric_name(metric, report.k), rows),
    )


def _figures(report: Report) -> str:
    names = [ALL, *LANGUAGES, *(name for name in PAIRS if name in report.slices)]
    worst = _worst(report)
    head = "".join(
        f'<th><a href="#worst-{name}">{_text(slice_name(name))}</a>{_arabic_head(name)}</th>'
        if name in worst
        else f"<th>{_text(slice_name(name))}{_arabic_head(name)}</th>"
        for name in names
    )
    rows = []
    for metric in METRICS:
        cells = []
        for name in names:
            known = report.intervals.get(name, {}).get(metric)
            spread = "" if known is None else f"<small>{known.low:.3f}–{known.high:.3f}</small>"
            cells.append(f"<td>{cell(metric, getattr(report.slices[name], metric))}{spread}</td>")
        arabic = metric_name_arabic(metric, report.k)
        label = metric_name(metric, report.k)
        if arabic != label:
            label += f' <span class="soft" lang="ar" dir="rtl">{arabic}</span>'
        rows.append(f"<tr><td>{label}</td>{''.join(cells)}</tr>")
    return (
        f"{_titled('Figures with 95 % intervals', 'الأرقام مع مجالات ثقة 95٪')}"
        f'<div class="wide"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _arabic_head(name: str) -> str:
    return f'<small class="soft" lang="ar" dir="rtl">{_text(slice_name_arabic(name))}</small>'


def _examples(report: Report) -> str:
    """The worst answers of each pair of languages; of questions without a gold text, by language."""
    slices: dict[str, list[tuple[Row, str]]] = {}
    for row in report.rows:
        if reason := what_went_wrong(row):
            slices.setdefault(row.languages or row.language, []).append((row, reason))
    parts = []
    for name in (*PAIRS, *LANGUAGES):
        wrong = sorted(slices.get(name, ()), key=lambda item: _badness(item[0]))
        if not wrong:
            continue
        parts.append(
            f'<h3 class="slice" id="worst-{name}">{_text(slice_name(name))} '
            f'<span class="ar" lang="ar" dir="rtl">{slice_name_arabic(name)}</span> '
            f'<span class="soft">{len(wrong)}</span></h3>'
        )
        parts += [_example(row, reason) for row, reason in wrong[:MOST_EXAMPLES]]
        if (more := len(wrong) - MOST_EXAMPLES) > 0:
            parts.append(
                f'<p class="soft">and {more} more in the JSON report · '
                f'<span lang="ar" dir="rtl">و{more} غيرها في تقرير JSON</span></p>'
            )
    return f"{_titled('Worst answers', 'أسوأ الأجوبة')}{''.join(parts)}" if parts else ""


def _worst(report: Report) -> frozenset[str]:
    """The slices that have a part among the worst answers."""
    return frozenset(row.languages or row.language for row in report.rows if what_went_wrong(row))


def _badness(row: Row) -> tuple[int, float, str]:
    """A quote that is not in the document first, then what was answered most surely and wrongly."""
    rank = 0 if row.quotes_unverified else 1 if not row.abstained else 2
    sure = row.confidence or 0.0
    return rank, -sure, row.id


def _example(row: Row, reason: str) -> str:
    told = (
        "" if row.confidence is None else f" · confidence · {_arabic('الثقة')} {row.confidence:.2f}"
    )
    parts = [
        _said(row.question, "h3"),
        f'<p><span class="why">{_text(reason)} · <span lang="ar" dir="rtl">{_why_arabic(reason)}</span></span> <span class="soft">{_name(row.id)}{told}'
        f"{_listed(row.tags)}</span></p>",
    ]
    if row.accepted:
        accepted = " | ".join(f"<bdi>{_text(one)}</bdi>" for one in row.accepted[:6])
        parts.append(
            f'<p><span class="soft">accepted · {_arabic("المقبول")}:</span> {accepted}</p>'
        )
    if row.expected is not None:
        gold = row.expected
        language = language_of(gold.before + gold.quote + gold.after)
        direction = "rtl" if language == "ar" else "ltr"
        parts.append(
            f'<blockquote class="good" lang="{language}" dir="{direction}">…{_text(gold.before)}'
            f"<mark>{_text(gold.quote)}</mark>{_text(gold.after)}…</blockquote>"
            f'<p class="soft">{_name(gold.document_id)} <bdi dir="ltr">{gold.start}</bdi></p>'
        )
    if row.answer is not None:
        parts.append(
            f'<p><span class="soft">answered · {_arabic("الجواب")}:</span> {_said(row.answer, "bdi")}</p>'
        )
    parts += [_cited(one) for one in row.shown]
    return f"<article>{''.join(parts)}</article>"


def _why_arabic(reason: str) -> str:
    return next((arabic for english, arabic in _WHY_ARABIC if english in reason), "")


def _cited(shown: Shown) -> str:
    kind = "good" if shown.correct else "bad"
    place = "" if shown.start is None else f' <bdi dir="ltr">{shown.start}:{shown.end}</bdi>'
    quote = _said(shown.quote, "blockquote", f' class="{kind}"') if shown.quote else ""
    return f'{quote}<p class="soft">{_name(shown.document_id)}{place}</p>'


def _listed(tags: Iterable[str]) -> str:
    listed = " ".join(_name(tag) for tag in tags)
    return f" · {listed}" if listed else ""


def _manifest(report: Report) -> str:
    listed = "".join(
        f"<dt>{_text(name)}</dt><dd>{_name(value)}</dd>"
        for name, value in shown_manifest(report.manifest)
    )
    return (
        f"{_titled('What decides these figures', 'ما يحدد هذه الأرقام')}"
        f'<dl dir="ltr"><dt>k</dt><dd>{report.k}</dd>{listed}</dl>'
    )
