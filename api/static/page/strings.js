// What the page says, in both languages. A text that counts is an object with plural categories.

const TEXTS = {
  en: {
    page_title: "Sanad",
    tagline: "Ask the articles. Every answer shows the sentence it rests on.",
    other_language: "العربية",
    dark_theme: "Dark theme",
    articles: "Articles",
    history: "History",
    close: "Close",
    back: "Back",
    ask_form: "Question",
    question: "Your question",
    placeholder: "Ask in Arabic or English",
    ask: "Ask",
    stop: "Stop",
    collection: "Collection",
    collection_default: "Default",
    collection_of: { one: "{name} ({n} article)", other: "{name} ({n} articles)" },
    filter: "Filter",
    from: "Published from",
    until: "Published until",
    article_language: "Language of the article",
    any_language: "Any",
    unfilter: "Remove the filter",
    remove_condition: "Remove {name}",
    new_conversation: "New conversation",
    understood: "Understood as: {question}",
    stage_connect: "Asking…",
    stage_search: "Searching the articles…",
    stage_read: "Reading the passages…",
    stage_generate: "Putting the answer together…",
    stage_verify: "Checking the quotes…",
    answer: "Answer",
    answer_is: "Answer: {answer}",
    sources: { one: "Source", other: "Sources" },
    sources_counted: { one: "{n} source", other: "{n} sources" },
    source_n: "Source {n}: {title}",
    open_article: "Open in the article",
    open_article_n: "Open source {n} in the article",
    confidence: "Confidence {n}",
    confidence_low: "Low: read the source before you rely on it.",
    generated: "Worded by a language model; checked against the quotes below.",
    dropped: {
      one: "{n} quotation did not match its article and is not shown.",
      other: "{n} quotations did not match their articles and are not shown.",
    },
    no_answer: "No answer",
    searched: { one: "{n} article was searched.", other: "{n} articles were searched." },
    searched_in: "Searched in the collection {name}.",
    searched_where: "Searched with the filter {name}.",
    ask_unfiltered: "Ask without the filter",
    passages_read: {
      one: "The passage that came nearest",
      other: "The passages that came nearest",
    },
    disagreement: "The sources disagree",
    says: "{name} says",
    copy_answer: "Copy with sources",
    copy: "Copy with source",
    copy_n: "Copy quote {n} with its source",
    copied: "Copied",
    not_copied: "The browser did not allow copying",
    source_label: "Source",
    published: "Published {date}",
    page_number: "page {n}",
    loading_article: "Opening the article…",
    article_text: "Text of the article",
    changed: "This article has changed since the answer, and the quoted words are no longer at their place. Ask again to read it as it is now.",
    place_gone: "The quoted place is not in this article.",
    previous_source: "Previous source",
    next_source: "Next source",
    source_of: "Source {n} of {all}",
    invisible: "invisible character {code}",
    no_articles: "There are no articles yet.",
    add_articles: "Add articles",
    articles_ready: { one: "{n} article to ask.", other: "{n} articles to ask." },
    more: "Show more",
    drop_here: "Drop the files to add them",
    drop_or_choose: "Drop files here, or",
    choose_files: "Choose files",
    uploading: { one: "Sending {n} file…", other: "Sending {n} files…" },
    indexing: "Reading and indexing…",
    upload_cancel: "Cancel",
    upload_added: "added",
    upload_changed: "changed",
    upload_unchanged: "unchanged",
    upload_failed: "failed",
    upload_done: "Finished.",
    upload_with_failures: { one: "{n} file was not added.", other: "{n} files were not added." },
    no_uploads: "This server does not take uploads. Whoever runs it can add articles with:",
    recent: "Recent questions",
    no_history: "Questions you ask are listed here. They are kept in this browser only.",
    kept_here: "Kept in this browser only.",
    clear_history: "Clear the history",
    cleared: "The history is empty",
    unanswered: "no answer",
    error: "That did not work",
    retry: "Try again",
    server_said: "The server said:",
    request_id: "Request {id}",
    error_unreachable: "The server cannot be reached. It may be restarting.",
    error_interrupted: "The connection broke before the answer was whole, so none is shown.",
    error_busy: "The server is busy. Try again in a moment.",
    error_unavailable: "The server is not ready. Try again in a moment.",
    error_index: "The server's index cannot be used at the moment. The articles themselves are safe.",
    error_refused: "The server refused this question.",
    error_too_large: "That is larger than the server takes.",
    error_not_allowed: "The server does not allow this, or asks for a key.",
    error_no_documents: "There are no articles on this server yet.",
    error_unknown_document: "This article is no longer there.",
    error_unexpected: "The server answered something this page does not understand.",
    error_internal: "Something went wrong in the server.",
    stopped: "Stopped.",
  },
  ar: {
    page_title: "سند",
    tagline: "اسأل المقالات، ومع كل جواب الجملةُ التي يستند إليها.",
    other_language: "English",
    dark_theme: "مظهر داكن",
    articles: "المقالات",
    history: "السجل",
    close: "إغلاق",
    back: "رجوع",
    ask_form: "السؤال",
    question: "سؤالك",
    placeholder: "اسأل بالعربية أو الإنجليزية",
    ask: "اسأل",
    stop: "أوقف",
    collection: "المجموعة",
    collection_default: "الافتراضية",
    collection_of: {
      zero: "{name} (بلا مقالات)",
      one: "{name} (مقال واحد)",
      two: "{name} (مقالان)",
      few: "{name} ({n} مقالات)",
      many: "{name} ({n} مقالًا)",
      other: "{name} ({n} مقال)",
    },
    filter: "تصفية",
    from: "نُشر من",
    until: "نُشر حتى",
    article_language: "لغة المقال",
    any_language: "أي لغة",
    unfilter: "أزل التصفية",
    remove_condition: "أزل {name}",
    new_conversation: "محادثة جديدة",
    understood: "فُهم السؤال هكذا: {question}",
    stage_connect: "يُرسَل السؤال…",
    stage_search: "يُبحث في المقالات…",
    stage_read: "تُقرأ المقاطع…",
    stage_generate: "يُعدّ الجواب…",
    stage_verify: "تُطابق الاقتباسات…",
    answer: "الجواب",
    answer_is: "الجواب: {answer}",
    sources: { one: "المصدر", two: "المصدران", other: "المصادر" },
    sources_counted: {
      zero: "بلا مصادر",
      one: "مصدر واحد",
      two: "مصدران",
      few: "{n} مصادر",
      many: "{n} مصدرًا",
      other: "{n} مصدر",
    },
    source_n: "المصدر {n}: {title}",
    open_article: "افتحه في المقال",
    open_article_n: "افتح المصدر {n} في المقال",
    confidence: "الثقة {n}",
    confidence_low: "منخفضة: اقرأ المصدر قبل الاعتماد عليه.",
    generated: "صاغه نموذج لغوي، وطوبق بالاقتباسات أدناه.",
    dropped: {
      one: "اقتباس واحد لم يطابق مقاله فلم يُعرض.",
      two: "اقتباسان لم يطابقا مقاليهما فلم يُعرضا.",
      few: "{n} اقتباسات لم تطابق مقالاتها فلم تُعرض.",
      many: "{n} اقتباسًا لم تطابق مقالاتها فلم تُعرض.",
      other: "{n} اقتباس لم تطابق مقالاتها فلم تُعرض.",
    },
    no_answer: "لا جواب",
    searched: {
      zero: "لم يُبحث في أي مقال.",
      one: "بُحث في مقال واحد.",
      two: "بُحث في مقالين.",
      few: "بُحث في {n} مقالات.",
      many: "بُحث في {n} مقالًا.",
      other: "بُحث في {n} مقال.",
    },
    searched_in: "بُحث في المجموعة {name}.",
    searched_where: "بُحث بالتصفية {name}.",
    ask_unfiltered: "اسأل بلا تصفية",
    passages_read: { one: "أقرب مقطع", two: "أقرب مقطعين", other: "أقرب المقاطع" },
    disagreement: "المصادر مختلفة",
    says: "يقول {name}",
    copy_answer: "انسخ مع المصادر",
    copy: "انسخ مع المصدر",
    copy_n: "انسخ الاقتباس {n} مع مصدره",
    copied: "نُسخ",
    not_copied: "لم يسمح المتصفح بالنسخ",
    source_label: "المصدر",
    published: "نُشر في {date}",
    page_number: "الصفحة {n}",
    loading_article: "يُفتح المقال…",
    article_text: "نص المقال",
    changed: "تغيّر هذا المقال منذ الجواب، ولم تعد الكلمات المقتبسة في موضعها. اسأل مرة أخرى لتقرأه كما هو الآن.",
    place_gone: "الموضع المقتبس غير موجود في هذا المقال.",
    previous_source: "المصدر السابق",
    next_source: "المصدر التالي",
    source_of: "المصدر {n} من {all}",
    invisible: "محرف خفي {code}",
    no_articles: "لا توجد مقالات بعد.",
    add_articles: "أضف مقالات",
    articles_ready: {
      zero: "لا توجد مقالات بعد.",
      one: "مقال واحد جاهز للسؤال.",
      two: "مقالان جاهزان للسؤال.",
      few: "{n} مقالات جاهزة للسؤال.",
      many: "{n} مقالًا جاهزًا للسؤال.",
      other: "{n} مقال جاهز للسؤال.",
    },
    more: "أظهر المزيد",
    drop_here: "أفلت الملفات لإضافتها",
    drop_or_choose: "أفلت الملفات هنا، أو",
    choose_files: "اختر ملفات",
    uploading: {
      zero: "تُرسَل الملفات…",
      one: "يُرسَل ملف واحد…",
      two: "يُرسَل ملفان…",
      few: "تُرسَل {n} ملفات…",
      many: "يُرسَل {n} ملفًا…",
      other: "يُرسَل {n} ملف…",
    },
    indexing: "تُقرأ وتُفهرس…",
    upload_cancel: "ألغِ",
    upload_added: "أُضيف",
    upload_changed: "تغيّر",
    upload_unchanged: "لم يتغيّر",
    upload_failed: "تعذّر",
    upload_done: "انتهى.",
    upload_with_failures: {
      zero: "أُضيفت الملفات كلها.",
      one: "ملف واحد لم يُضَف.",
      two: "ملفان لم يُضافا.",
      few: "{n} ملفات لم تُضَف.",
      many: "{n} ملفًا لم تُضَف.",
      other: "{n} ملف لم تُضَف.",
    },
    no_uploads: "لا يستقبل هذا الخادم ملفات. يستطيع من يشغّله إضافة المقالات بالأمر:",
    recent: "أسئلة سابقة",
    no_history: "تُسرد هنا الأسئلة التي تطرحها، وتُحفظ في هذا المتصفح وحده.",
    kept_here: "محفوظة في هذا المتصفح وحده.",
    clear_history: "امسح السجل",
    cleared: "السجل فارغ",
    unanswered: "لا جواب",
    error: "تعذّر ذلك",
    retry: "أعد المحاولة",
    server_said: "قال الخادم:",
    request_id: "الطلب {id}",
    error_unreachable: "تعذّر الوصول إلى الخادم، ولعله يُعاد تشغيله.",
    error_interrupted: "انقطع الاتصال قبل أن يكتمل الجواب، فلم يُعرض.",
    error_busy: "الخادم مشغول. أعد المحاولة بعد لحظة.",
    error_unavailable: "الخادم غير جاهز بعد. أعد المحاولة بعد لحظة.",
    error_index: "لا يمكن استعمال فهرس الخادم الآن. المقالات نفسها سليمة.",
    error_refused: "رفض الخادم هذا السؤال.",
    error_too_large: "هذا أكبر مما يقبله الخادم.",
    error_not_allowed: "لا يسمح الخادم بهذا، أو يطلب مفتاحًا.",
    error_no_documents: "لا توجد مقالات على هذا الخادم بعد.",
    error_unknown_document: "لم يعد هذا المقال موجودًا.",
    error_unexpected: "أجاب الخادم بما لا تفهمه هذه الصفحة.",
    error_internal: "حدث خطأ في الخادم.",
    stopped: "أُوقف.",
  },
};

export const LANGUAGES = Object.keys(TEXTS);

/** The keys of a language, for the test that compares the two. */
export const keys = (language) => Object.keys(TEXTS[language]);

/** The language of the interface: what the root element says. */
export const language = () => document.documentElement.lang;

// Western digits in both: those of the articles' own numbers, so that the eye can compare them.
const locale = () => (language() === "ar" ? "ar-u-nu-latn" : "en-GB");

const template = (key, values) => {
  const found = TEXTS[language()][key];
  if (typeof found !== "object") return found;
  return found[new Intl.PluralRules(language()).select(values.n)] ?? found.other;
};

/** A text as parts, each `{ text }` or `{ name, value }`. */
export const parts = (key, values = {}) =>
  template(key, values)
    .split(/(\{\w+\})/)
    .filter(Boolean)
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (!name) return { text: part };
      const value = values[name];
      return { name, value: typeof value === "number" ? number(value) : value };
    });

/** A text as a plain string, for attributes. */
export const say = (key, values) =>
  parts(key, values)
    .map((part) => part.text ?? part.value)
    .join("");

export const has = (key) => key in TEXTS[language()];

export const number = (value) => new Intl.NumberFormat(locale()).format(value);

export const percent = (value) =>
  new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }).format(value);

/** An ISO date or date with time as a reader writes it; anything else as it is. */
export const date = (iso) => {
  const day = /^\d{4}-\d{2}-\d{2}/.exec(iso)?.[0];
  const parsed = day ? new Date(`${day}T00:00:00Z`) : null;
  if (!parsed || Number.isNaN(parsed.getTime())) return iso;
  return new Intl.DateTimeFormat(locale(), { dateStyle: "long", timeZone: "UTC" }).format(parsed);
};

/** A moment of the reader's own clock. */
export const moment = (milliseconds) =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(milliseconds);
