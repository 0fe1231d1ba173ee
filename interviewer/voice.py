"""The interviewer's voice where a language model is configured: it words what the script has decided to say.

The model is given the question, the script's own words and what the candidate said last: never a criterion, a reference or a fact that was
not asked for. All the same each sentence is checked in code before anybody sees it, and at the first fault the script's words take over.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from typing import NamedTuple

from interviewer import budget, script
from interviewer.domain import Interview, Mode, Question, Section, Speaker, Turn, TurnKind, Usage
from interviewer.errors import ModelError
from interviewer.guide_markup import plain
from interviewer.ports import ChatModel, Embedder
from interviewer.prompts import Prompt, fenced, render

MAX_WORDS = 45
MAX_ACKNOWLEDGEMENT = 16
MAX_OUTPUT = 120
"""Output tokens: 45 words and some air; what is longer is cut off, and then not used."""

CANDIDATE_TOKENS = {TurnKind.FOLLOW_UP: 80}
OTHER_TOKENS = 30
"""Of the candidate's last words: a follow-up hangs on them, the rest only has to fit."""

MEANING_FLOOR = 0.72
"""Least similarity between the question that was worded and the one that was meant. On tests/golden/wordings.jsonl all that drifted lie below it."""

NEW_WORDS = 2
"""How many words of a follow-up may be neither everyday words nor anybody's so far."""

WIDESPREAD = 0.1
"""A word that stands in more than this share of the guide's sections gives nothing away by itself."""

RUN = 4
"""So many content words in the order of a criterion are that criterion, whoever said the single words."""

# --- words ------------------------------------------------------------------------------------------------------------

_LIGHT = (
    "a an the this that these those such it its they them their there here he she his her we us our i me my you your yours yourself one ones of to in into on onto at by for from with without "
    "within about above below over under between among through during before after since until while as and or but nor so than then if whether because though although yet not no yes is are was "
    "were be been being am do does did done doing have has had having can could may might must shall should will would ought let lets what which who whom whose when where why how any some each "
    "every all both either neither few many much more most less least other others another own same too very just only even also still again further else out up down off per via etc ok okay "
    "don doesn didn isn aren wasn weren won wouldn couldn shouldn can't cannot ll ve re d s t m"
)
_EVERYDAY = (
    "say says said saying tell told telling talk talked speak mention mentioned mentioning describe described explain explained explaining put word words worded phrase call called name named "
    "ask asked asking question answer answered wonder understand understood follow mean means meant meaning sense idea ideas view thought thoughts think thinking consider considered look looked "
    "looking see seen hear heard know knew take taken taking go goes going gone come comes came coming get gets got give gives given giving make makes made making keep keeps kept bring brings "
    "brought turn turned start starts started begin end ends ended stop leave left move moved moving next last first second final finally back return returning stay point points pointed part parts piece "
    "bit detail details detailed specific specifically exact exactly precise precisely concrete concretely clear clearer clarify elaborate expand depth deeper closer closely step steps walk through "
    "way ways kind kinds sort sorts thing things something anything everything nothing matter matters case cases situation situations place places time times moment side sides end approach approaches "
    "do happen happens happened work works worked working apply applied use used using try tried choose chose choice decide decided decision pick handle handled deal dealt need needs needed want wants "
    "wanted like likely reason reasons reasoning role lead leads led change changes changed show shows shown find found help helps helped practice practical practically actual concern relate related relation "
    "regard regarding terms compare compared comparing differ differs differ difference different differently together apart instead rather particular particularly general generally main mainly "
    "now today here later earlier moment minute short shorter briefly brief quick quickly little long longer far well good better best bad worse small large big new old "
    "thank thanks note noted right alright fine sure understood please hello welcome certain possible possibly perhaps maybe able there"
)
_SUFFIXES = ("isations", "izations", "isation", "ization", "ising", "izing", "ised", "ized", "ises", "izes", "ations", "ation", "ions", "ion", "ings", "ing", "ment", "ments", "ness",
             "ise", "ize", "ies", "ied", "ers", "er", "ed", "es", "ly", "al", "s", "e", "y")  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_QUOTE = re.compile(r"“([^”]*)”|\"([^\"]*)\"|«([^»]*)»|„([^“]*)“|(?<!\w)[‘']([^‘’']+(?:['’](?=\w)[^‘’']+)*)[’'](?!\w)")
_NUMBER_WORDS = {
    **{w: n for n, w in enumerate("zero - two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()) if w != "-"},
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9,
    "half": "half", "third": "third", "quarter": "quarter", "dozen": "dozen", "twice": "twice", "double": "twice", "triple": "triple", "percent": "%", "couple": "couple",
}  # fmt: skip


def lemma(word: str) -> str:
    """A word brought to its stem, roughly: spelling, plural, common endings. Only ever compared with other stems."""
    stem = word.lower().split("'")[0].split("’")[0]
    for _ in range(2):
        ending = next(
            (s for s in _SUFFIXES if stem.endswith(s) and len(stem) - len(s) >= (3 if len(s) < 4 else 4) and not (s == "s" and stem.endswith("ss"))), None
        )
        if ending is None:
            break
        stem = stem[: -len(ending)]
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "aeiou":
        stem = stem[:-1]
    return stem


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("’", "'"))


def lemmas(text: str) -> list[str]:
    """The stems of a text's words, in order."""
    return [lemma(w) for w in _words(text)]


_LIGHT_LEMMAS = frozenset(lemmas(_LIGHT))
_PLAIN = _LIGHT_LEMMAS | frozenset(lemmas(_EVERYDAY))
"""Stems that anybody says in any interview: they give nothing away."""


def content(text: str) -> list[str]:
    """The stems of a text that are not light words, in order."""
    return [w for w in lemmas(text) if w not in _LIGHT_LEMMAS]


def _runs(text: str) -> set[tuple[str, ...]]:
    own = content(text)
    return {tuple(own[i : i + RUN]) for i in range(len(own) - RUN + 1)}


def numbers(text: str) -> set[str]:
    """Every quantity of a text: its figures, and its number words by value (“one” is a pronoun more often than a number, “the two” points)."""
    text = re.sub(r"\b(?:the|these|those|your) two\b", " ", text, flags=re.IGNORECASE)
    values = (_NUMBER_WORDS.get(w.lower()) for w in _words(text))
    return {m.replace(",", "") for m in re.findall(r"\d+(?:[.,]\d+)*", text)} | {str(v) for v in values if v is not None} | ({"%"} if "%" in text else set())


def _folded(text: str) -> str:
    return " ".join(w.lower() for w in _words(text))


def quotations(text: str) -> list[str]:
    """What stands in quotation marks."""
    return [next(g for g in m.groups() if g is not None) for m in _QUOTE.finditer(text)]


def _bare(text: str) -> str:
    return _QUOTE.sub(" ", text)


# --- what may not be said ---------------------------------------------------------------------------------------------

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "praise",
            r"\b(?:great|excellent|perfect(?:ly)?|brilliant|fantastic|wonderful|awesome|amazing|impressive|superb|outstanding|terrific|insightful|thoughtful|clever|smart|nice(?:ly)?|lovely|solid|strong(?:ly)?|"
            r"spot[- ]on|well (?:done|said|put|explained|thought)|good (?:\w+ )?(?:point|answer|question|job|start|work|thinking|idea|one|catch|try|explanation|example|observation|reasoning|stuff|effort|going)|very good|"
            r"(?:that|this|it)(?:'s| is| was| sounds| looks) (?:a |an |very |really |quite |pretty )?(?:good|helpful|useful|interesting|fair|valid|reasonable|sensible|important|right|true|clear)|interesting|valid|"
            r"love (?:that|it|how)|like (?:that|how|your)|fair (?:enough|point)|makes? (?:\w+ ){0,3}sense|congrat\w*|bravo|kudos|appreciate|glad|happy|keep (?:it )?up|on the right track|impressed|exciting|bold|key (?:point|insight|idea)|important point)\b",
        ),
        (
            "verdict",
            r"(?:^|[.?!]\s+)\W*(?:yes|yeah|yep|no|nope|right|exactly|absolutely|definitely|precisely|true|agreed|fair)\b|\b(?:correct(?:ly)?|incorrect(?:ly)?|exactly (?:right|so)|that'?s (?:right|it|true)|you(?:'re| are) (?:right|wrong|mistaken|close|almost|nearly|partly|half|missing|not)|right(?= (?:answer|idea|direction|track|approach))|"
            r"wrong(?:ly)?|not (?:quite|really|exactly|entirely|fully|right|true|so|enough)|nearly there|almost there|close but|mistaken?|mistakes?|errors? in your|error you|misconception|misunderst\w+|inaccura\w+|flaw(?:ed|s)?|"
            r"actually|are you (?:sure|certain|confident)|sure about|certain (?:about|that)|really|reconsider|rethink|think again|double[- ]check|careful|however|"
            r"miss(?:ed|ing|es)|forg[eo]t\w*|overlook\w*|omit\w*|left out|leave out|leaves out|(?:did|have|has)(?:n't| not) (?:\w+ )?(?:mention|cover|address|consider|discuss|explain|name|touch|said|say|talk)\w*|incomplete|"
            r"vague(?:ly)?|superficial\w*|shallow|weak(?:ly|ness)?|poor(?:ly)?|lack(?:s|ing)?|insufficient\w*|unclear|confus\w+|disagree|agree[sd]?|i (?:doubt|believe|feel|suspect)|should (?:also|rather|instead) (?:have|consider)|"
            r"the (?:answer|solution) is|in fact|indeed|of course|obviously|clearly)\b",
        ),
        (
            "score",
            r"\b(?:scor\w+|points? (?:for|to you)|grade[sd]?|grading|marks?|marked|rating|rated|band|rubric|criteri(?:on|a)|full credit|credit|hir(?:e|ed|ing)|no[- ]hire|reject\w*|pass(?:ed)? (?:the|this)|fail(?:ed)? (?:the|this)|performan\w+ (?:so far|today)|doing (?:well|fine|ok|great)|checklist|benchmark answer|model answer|expected answer|looking for)\b",
        ),
        (
            "claims",
            r"\b(?:(?:i(?:'m| am)|as) (?:an? )?(?:[\w-]+ ){0,3}(?:human|person|people|man|woman|engineer|scientist|researcher|recruiter|interviewer at|manager|colleague|ai|bot|language model|assistant)|human|real person|"
            r"in my (?:\w+ )?(?:experience|career|team|job|work|time|opinion|view)|my (?:team|company|colleagues?|name|own|career|experience)|our (?:team|company|office)|when i (?:was|worked|interviewed|did|had)|i (?:once|used to|personally|worked|remember)|at my)\b",
        ),
        (
            "speaks of its task",
            r"\b(?:here(?:'s| is| are)|sure|certainly|rephras\w+|reword\w*|paraphras\w+|wording|meaning to keep|follow[- ]up question|as (?:requested|instructed)|the candidate|instructions?|prompt|script|fence|system message|i (?:cannot|can't) help|i'm sorry|sorry|apolog\w+)\b",
        ),
        (
            "requirement",
            r"\b(?:assum(?:e|ing|ption)|suppos(?:e|ing)|imagin(?:e|ing)|given that|let'?s say|pretend|provided that|constraints?|requirements?|requires?|deadline|budget|limited to|at (?:most|least)|no more than|you (?:must|have to|need to|cannot|can't|may not)|"
            r"must|only (?:use|have)|without using|hint|for (?:example|instance)|e\.g|such as|i\.e|like (?:using|with)|namely)\b",
        ),
    )
)
_MARKUP = re.compile(
    r"<[^>]*>?|&\w+;|[`*#_|{}\[\]~\\=<>→^$]|https?:|www\.|(?:^|[.?!:]\s)\s*(?:[-•–]|\d+[.)])\s|\n\s*\S|^\s*(?:\w+ ){0,2}(?:interviewer|assistant|system|user|candidate|ai|bot|said|response|output|answer|question|follow-up|clarification)\s*:",
    re.IGNORECASE,
)
_OTHER_LETTERS = re.compile(r"[^\W\d_a-zA-ZÀ-ÖØ-öø-ÿα-ωΑ-Ω²³¹⁰-⁹₀-₉]")  # what formulas are written with is no other language
_NEGATION = re.compile(r"\b(?:not|no|never|none|nothing|without|neither|nor|cannot)\b|n't\b", re.IGNORECASE)
_PICTURE = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff!]")


class Secret(NamedTuple):
    """What a question does not tell the candidate: stems of its criteria, rarer stems of its reference and fact sheet, runs of both."""

    criteria: frozenset[str]
    reference: frozenset[str]
    runs: frozenset[tuple[str, ...]]


class Context(NamedTuple):
    """What a wording is checked against. `heard`: all that was said on the question so far, the question included."""

    kind: TurnKind
    script: str
    heard: str
    said: tuple[str, ...]
    secret: Secret

    @property
    def known(self) -> str:
        """Everything whose words and numbers may be used."""
        return f"{self.heard}\n{self.script}"


def fault_in(text: str, context: Context) -> str:
    """What is wrong with the beginning of a wording, in a few words; empty where nothing is. Pure."""
    most = MAX_ACKNOWLEDGEMENT if context.kind is TurnKind.ACKNOWLEDGEMENT else max(MAX_WORDS, len(_words(context.script)) + 8)
    if len(_words(text)) > most:
        return "too long"
    if found := _MARKUP.search(_bare(text)) or re.search(r"</?[a-z!?]|\n\s*\S", text, re.IGNORECASE):
        return f"markup: {found.group().strip()}"
    if found := _PICTURE.search(_bare(text)):
        return f"tone: {found.group()}"
    if fault := _quoting(text, context):
        return fault
    if text.count("?") > (1 if context.kind is TurnKind.FOLLOW_UP else 0):
        return "asks too much"
    bare = _bare(text)
    plain_script = context.script.lower()
    for name, pattern in _RULES:
        for match in pattern.finditer(bare.replace("’", "'")):
            if match.group().lower() not in plain_script:
                return f"{name}: {match.group()}"
    if invented := numbers(bare) - numbers(context.known):
        return f"number: {', '.join(sorted(map(str, invented)))}"
    return _language(bare) or _leak(bare, context)


def _quoting(text: str, context: Context) -> str:
    rest = _bare(text)
    if re.search(r"[“”\"«»„]|(?<!\w)[‘'](?=\w)", rest):
        return "a quotation that does not end"
    sources = [_folded(s) for s in (*context.said, context.script)]
    for quote in quotations(text):
        parts = [_folded(p) for p in re.split(r"…|\.\.\.", quote)]
        if not any(parts) or not all(any(f" {p} " in f" {s} " for s in sources) for p in parts if p):
            return f"invented quotation: {quote}"
    return ""


def _language(bare: str) -> str:
    if _OTHER_LETTERS.search(bare):
        return "not in English"
    own = [w.lower().split("'")[0] for w in _words(bare)]
    if len(own) >= 6 and sum(lemma(w) in _LIGHT_LEMMAS for w in own) / len(own) < 0.2:
        return "not in English"
    return ""


def _leak(bare: str, context: Context) -> str:
    known = set(lemmas(context.known))
    new = [(w, lemma(w)) for w in _words(bare) if lemma(w) not in known and lemma(w) not in _PLAIN]
    for word, stem in new:
        if stem in context.secret.criteria or stem in context.secret.reference:
            return f"gives away: {word}"
    if runs := (_runs(bare) & context.secret.runs) - _runs(context.script) - {r for s in (context.heard, *context.said) for r in _runs(s)}:
        return f"gives away: {' '.join(min(runs))}"
    if context.kind is not TurnKind.FOLLOW_UP and new:
        return f"adds: {new[0][0]}"
    starts = {m.group() for m in re.finditer(r"(?:^|[.?!:]\s+)[^\W_]+", bare.strip())}
    capital = next((w for w, _ in new if re.search(r"[A-Z]", w) and not any(s.endswith(w) for s in starts)), None)
    if capital or len(new) > NEW_WORDS:
        return f"adds: {capital or new[NEW_WORDS][0]}"
    return ""


def incomplete(text: str, context: Context) -> str:
    """What a wording that has ended lacks of the meaning it was to keep; empty where nothing. Pure; a follow-up's likeness is judged elsewhere."""
    if not text.strip():
        return "empty"
    if context.kind is TurnKind.FOLLOW_UP:
        return "" if text.count("?") == 1 and text.rstrip("”\"’' )").endswith("?") else "does not ask exactly one question"
    own = set(lemmas(text))
    if context.kind is TurnKind.CLARIFICATION:
        if "assumption" in context.script:
            return "" if re.search(r"\bassum", text, re.IGNORECASE) and {"say", "stat", "tell", "nam"} & own else "does not leave it to the candidate"
        kept = [w for w in content(context.script) if w not in own]
        if kept or numbers(context.script) - numbers(text):
            return f"leaves out: {kept[0] if kept else 'a number'}"
        if len(_NEGATION.findall(text)) != len(_NEGATION.findall(context.script)):
            return "turns a fact around"
    if context.kind is TurnKind.CLOSING:
        wanted = {"debrief", *(("time",) if context.script.startswith("Time") else ("last", "final") if "last question" in context.script else ("stop", "end"))}
        if "debrief" not in text.lower() or not (own & {lemma(w) for w in wanted - {"debrief"}}):
            return "leaves out what happens next"
    return ""


# --- sentences as they come -------------------------------------------------------------------------------------------

_END = re.compile(r"[.?!…]+[\"”’')\]]*(?=\s)")


def first_sentence(text: str) -> tuple[str, str]:
    """The first whole sentence of a text that is still growing, and the rest; an empty sentence where none has ended yet."""
    for match in _END.finditer(text):
        sentence = text[: match.end()]
        if sentence.count("“") == sentence.count("”") and sentence.count('"') % 2 == 0 and not re.search(r"\b(?:e\.g|i\.e|vs|etc)\.$", sentence):
            return sentence.strip(), text[match.end() :].lstrip()
    return "", text


_LEAD = re.compile(r"^You said “[^”]*”\.\s+")
_COME_BACK = re.compile(r"^Let us come back to the question\. Still open is this:\s+")


def asking(text: str) -> str:
    """What a scripted follow-up asks, without the candidate's words that it hangs on."""
    return _LEAD.sub("", text)


STANDING = frozenset(
    (
        script.TAKE_YOUR_TIME,
        script.GO_AHEAD,
        script.SKIPPED,
        script.CONCEDE,
        *(script.closest(mode) for mode in Mode),
        *(script.hold(probed) for probed in (True, False)),
        *(script.added(shown) for shown in (True, False)),
    )
)
"""Fixed phrases that offer a choice or take no more than a breath: they are said as they are written."""

_ACTS = {
    TurnKind.FOLLOW_UP: "ask this follow-up question, hanging it on a few words of the candidate.",
    TurnKind.CLARIFICATION: "answer the candidate's clarifying question with what is given, every fact, number and term kept. Ask nothing.",
    TurnKind.ACKNOWLEDGEMENT: "acknowledge in at most ten neutral words that you have heard the answer and go on. Ask nothing.",
    TurnKind.CLOSING: "close the interview: why it ends, thanks, and that the debrief is ready. Ask nothing.",
}


class Wording(NamedTuple):
    """How a turn came out. `text` is what stands now, the script's words where the model's could not be used, and `fault` says why.

    `failure` is the sentence of a model that failed, as against one that said what may not be said.
    """

    text: str
    worded: bool
    fault: str = ""
    failure: str = ""
    usage: Usage = Usage()


class Voice:
    """Words turns with a language model. `sections` are the guide's, for what may not be given away."""

    def __init__(self, model: ChatModel, embedder: Embedder, sections: Mapping[str, Section]) -> None:
        self._model = model
        self._embedder = embedder
        self._sections = sections
        self._secrets: dict[tuple[str, int], Secret] = {}

    @staticmethod
    def speaks(turn: Turn) -> bool:
        """Whether this turn is worded at all."""
        return turn.kind in _ACTS and turn.text not in STANDING

    def word(self, interview: Interview, turn: Turn) -> Generator[str, None, Wording]:
        """The turn's wording, piece by piece, each checked; the generator's value says what stands.

        A caller that stops early leaves the script's words standing.
        """
        context = self.context(interview, turn)
        earlier = next((t for t in interview.turns if t.kind is TurnKind.CLARIFICATION and t.scripted == turn.text and t.kind is turn.kind), None)
        if earlier is not None:  # a fact is told the same way every time
            yield earlier.text
            return Wording(earlier.text, worded=True)
        prompt = self.prompt(interview, turn)
        received: list[str] = []
        with closing(self._heard(prompt, received)) as stream:
            result = yield from (self._follow_up if turn.kind is TurnKind.FOLLOW_UP else self._whole)(stream, context)
        if result.failure and received and not result.usage.calls:  # broken off: the server sent no count
            spent = Usage(
                calls=1, input_tokens=budget.count(prompt.static) + budget.count(prompt.rest), output_tokens=budget.count("".join(received)), unpriced=1
            )
            return result._replace(usage=spent)
        return result

    def prompt(self, interview: Interview, turn: Turn) -> Prompt:
        """What the model is told."""
        spoken = next((t.text for t in reversed(interview.turns[: turn.index]) if t.speaker is Speaker.CANDIDATE), "")
        return render(
            "wording",
            MAX_OUTPUT,
            {
                "question": _question(interview, turn).prompt,
                "act": _ACTS[turn.kind],
                "meaning": asking(turn.text),  # what the candidate said stands between the fences only
                "candidate": fenced(budget.cut(spoken, CANDIDATE_TOKENS.get(turn.kind, OTHER_TOKENS))[0]),
            },
        )

    def context(self, interview: Interview, turn: Turn) -> Context:
        """What the wording of a turn is checked against."""
        question = _question(interview, turn)
        before = [t for t in interview.turns[: turn.index] if t.question_id == question.id and t.kind is not TurnKind.NOTICE]
        said = [t.text for t in before if t.speaker is Speaker.CANDIDATE]
        last = next((t.text for t in reversed(interview.turns[: turn.index]) if t.speaker is Speaker.CANDIDATE), "")
        heard = "\n".join([question.prompt, question.rephrase, *(t.text for t in before), last])
        return Context(turn.kind, turn.text, heard, (*said, last), self._secret(question))

    @cached_property
    def _widespread(self) -> frozenset[str]:
        counts = Counter(w for s in self._sections.values() for w in set(lemmas(plain(s.text))))
        return frozenset(w for w, n in counts.items() if n > WIDESPREAD * len(self._sections))

    def _secret(self, question: Question) -> Secret:
        key = (question.id, question.version)
        if key not in self._secrets:
            self._secrets[key] = secret_of(question, [plain(self._sections[r].text) for r in question.reference if r in self._sections], self._widespread)
        return self._secrets[key]

    @staticmethod
    def _unused(context: Context, shown: str, fault: str, failure: str = "") -> tuple[str, Wording]:
        """The script takes over: what is still to be said, and how the turn stands then."""
        rest = asking(context.script) if shown else context.script
        text = f"{shown} {rest}" if shown else rest
        return (f" {rest}" if shown else rest), Wording(text, bool(shown), fault, failure)

    def _heard(self, prompt: Prompt, received: list[str]) -> Generator[str, None, Usage]:
        """The model's stream, noting what came."""
        with closing(self._model.stream(prompt)) as stream:
            while True:
                try:
                    piece = next(stream)
                except StopIteration as end:
                    return end.value  # type: ignore[no-any-return]
                received.append(piece)
                yield piece

    def _whole(self, stream: Generator[str, None, Usage], context: Context) -> Generator[str, None, Wording]:
        """Everything but a follow-up: shown when it has ended and is known to be complete."""
        pieces: list[str] = []
        try:
            usage = _read(stream, pieces)
        except ModelError as error:
            yield context.script
            return Wording(context.script, False, "no reply", str(error), error.usage)
        text = _line("".join(pieces))
        fault = fault_in(text, context) or incomplete(text, context)
        if fault:
            yield context.script
            return Wording(context.script, False, fault, usage=usage)
        yield text
        return Wording(text, True, usage=usage)

    def _follow_up(self, stream: Generator[str, None, Usage], context: Context) -> Generator[str, None, Wording]:
        """A follow-up, sentence by sentence up to its question. What comes after the question is not wanted."""
        shown = held = fault = failure = ""
        usage = Usage()
        asked = False
        while True:
            try:
                held += next(stream)
                ended = False
            except StopIteration as end:
                usage, ended = end.value, True
            except ModelError as error:
                usage, failure, ended = error.usage, str(error), True
            while not fault and not asked:
                sentence, rest = first_sentence(held.lstrip())
                if not sentence and ended and not failure:
                    sentence, rest = held, ""
                if not sentence.strip():
                    break
                sentence, held = _line(sentence), rest
                trial = f"{shown} {sentence}" if shown else sentence
                asked = "?" in sentence
                fault = fault_in(trial, context) or (
                    (incomplete(trial, context) or self._drift(trial, sentence, context)) if asked else "" if not shown else "wordy"
                )
                if not fault:
                    yield f" {sentence}" if shown else sentence
                    shown = trial
            if ended:
                break
        if asked and not fault:
            return Wording(shown, True, "", failure, usage)
        rest, result = self._unused(context, shown, fault or ("no reply" if failure else "does not ask exactly one question"), failure)
        yield rest
        return result._replace(usage=usage)

    def _drift(self, text: str, sentence: str, context: Context) -> str:
        """Whether the question asks something else than was meant."""
        meant = _COME_BACK.sub("", asking(context.script))
        if _COME_BACK.match(context.script) and not re.search(r"\b(?:back|return)", text, re.IGNORECASE):
            return "does not lead back to the question"
        return "" if likeness(self._embedder, meant, (sentence, text)) >= MEANING_FLOOR else "asks something else"


def likeness(embedder: Embedder, meant: str, ways: Sequence[str]) -> float:
    """The greatest similarity of one of these texts to what was meant, quotations left out of all."""
    vectors = embedder.embed([_bare(meant), *(_bare(w) for w in ways)])
    return max(float(vectors[0] @ v) for v in vectors[1:])


def secret_of(question: Question, reference: Iterable[str], widespread: frozenset[str] = frozenset()) -> Secret:
    """What a question keeps to itself. Words of the reference count where they are not all over the guide."""
    told = [t for c in question.criteria for t in (c.statement, *c.examples, *c.counter_examples, *c.hints)]
    passages = [*reference, *(f.answer for f in question.fact_sheet.values())]
    criteria = frozenset(w for t in told for w in lemmas(t)) - _PLAIN
    further = frozenset(w for t in passages for w in lemmas(t)) - _PLAIN - widespread
    return Secret(criteria, further, frozenset(r for t in (*told, *passages) for r in _runs(t)))


def _question(interview: Interview, turn: Turn) -> Question:
    return next((p.question for p in interview.plan if p.question.id == turn.question_id), interview.current.question)


def _line(text: str) -> str:
    """On one line where only white space is in the way; lists and paragraphs keep their breaks, and fall to the check."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(" ".join(line.split()) for line in lines if line)


def _read(stream: Generator[str, None, Usage], pieces: list[str]) -> Usage:
    """Reads a stream to its end."""
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
