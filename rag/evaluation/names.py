"""What figures and slices are called, for people, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from rag.evaluation.questions import ALL, TAG_PREFIX

# English, Arabic; {k} is the number of passages read.
METRIC_NAMES: Mapping[str, tuple[str, str]] = {
    "questions": ("questions", "الأسئلة"),
    "answerable": ("answerable", "لها جواب"),
    "unanswerable": ("unanswerable", "بلا جواب"),
    "answered": ("answered", "أُجيب عنها"),
    "hit_at_1": ("hit@1", "إصابة@1"),
    "hit_at_k": ("hit@{k}", "إصابة@{k}"),
    "recall_at_k": ("recall@{k}", "استدعاء@{k}"),
    "mrr": ("MRR", "متوسط مقلوب الرتبة"),
    "ndcg_at_10": ("nDCG@10", "nDCG@10"),
    "answer_rate": ("answer rate", "نسبة الإجابة"),
    "exact_match": ("exact match", "تطابق تام"),
    "token_f1": ("token F1", "F1 بالكلمات"),
    "squad_exact_match": ("exact match, SQuAD", "تطابق تام، SQuAD"),
    "squad_f1": ("F1, SQuAD", "F1، SQuAD"),
    "mlqa_exact_match": ("exact match, MLQA", "تطابق تام، MLQA"),
    "mlqa_f1": ("F1, MLQA", "F1، MLQA"),
    "citation_precision": ("citation precision", "دقة الاقتباس"),
    "citation_precision_alce": ("citation precision, ALCE", "دقة الاقتباس، ALCE"),
    "citation_recall": ("citation recall", "استدعاء الاقتباس"),
    "fact_cited": ("fact cited", "المعلومة مقتبسة"),
    "quote_exactness": ("quote exactness", "حرفية الاقتباس"),
    "values_stated": ("values stated", "قيم الجواب في الاقتباس"),
    "abstention_precision": ("abstention precision", "دقة الامتناع"),
    "abstention_recall": ("abstention recall", "استدعاء الامتناع"),
    "no_answer_auroc": ("AUROC, no answer", "AUROC، بلا جواب"),
    "auroc": ("AUROC, right answers", "AUROC، الأجوبة الصحيحة"),
    "aurc": ("AURC", "AURC"),
    "calibration_error": ("calibration error", "خطأ المعايرة"),
    "parity": ("parity of languages", "تكافؤ اللغتين"),
    "citations": ("citations", "الاقتباسات"),
    "citations_dropped": ("citations dropped", "اقتباسات أُسقطت"),
    "quotes_verified": ("quotes verified", "اقتباسات تُحقِّق منها"),
    "quotes_unverified": ("quotes unverified", "اقتباسات لم تُطابق"),
    "latency_p50_ms": ("latency p50 (ms)", "الزمن، الوسيط (مث)"),
    "latency_p95_ms": ("latency p95 (ms)", "الزمن، 95% (مث)"),
    "latency_p99_ms": ("latency p99 (ms)", "الزمن، 99% (مث)"),
}
_LANGUAGES = {"ar": ("Arabic", "العربية"), "en": ("English", "الإنجليزية")}


def metric_name(metric: str, k: int) -> str:
    """The figure's English name."""
    return METRIC_NAMES[metric][0].format(k=k)


def metric_name_arabic(metric: str, k: int) -> str:
    """The figure's Arabic name."""
    return METRIC_NAMES[metric][1].format(k=k)


def slice_name(name: str) -> str:
    """A slice in English: "Arabic", "Arabic to English" for question and text, a tag's name."""
    if name == ALL:
        return "all"
    if name.startswith(TAG_PREFIX):
        return name.removeprefix(TAG_PREFIX)
    return " to ".join(_LANGUAGES[part][0] for part in name.split("-"))


def slice_name_arabic(name: str) -> str:
    """A slice in Arabic: «الكل», «العربية», «من العربية إلى الإنجليزية»; a tag has one name."""
    if name == ALL:
        return "الكل"
    if name.startswith(TAG_PREFIX):
        return name.removeprefix(TAG_PREFIX)
    asked, _, written = name.partition("-")
    if not written:
        return _LANGUAGES[asked][1]
    return f"من {_LANGUAGES[asked][1]} إلى {_LANGUAGES[written][1]}"
