"""Settings to services: the only place that picks adapters. Heavy parts are made when they are first needed."""

import os
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from interviewer import compiled, personal, prices, selection
from interviewer.ask import Explained, ask
from interviewer.conductor import Conductor
from interviewer.domain import Blueprint, Company, Fault, Interview, Level, Mode, OwnQuestion, Question, Round, SavedQuestion, Setup
from interviewer.embedding import BundledEmbedder, endpoint_embedder
from interviewer.errors import InvalidMessage, NotConfigured, PackError
from interviewer.grading.offline import OfflineGrader
from interviewer.grading.own import own_question
from interviewer.grading.walks import WalkReader
from interviewer.ports import AnswerGrader, ChatModel, Clock, Embedder
from interviewer.prices import Prices
from interviewer.sentences import cleaned
from interviewer.settings import Settings
from interviewer.walks import Walks
from interviewer.written import Written

if TYPE_CHECKING:
    from interviewer.chat import LangChainModel
    from interviewer.grading.rows import RowGrader
    from interviewer.retrieval import GuideIndex
    from interviewer.store import SqlStore

T = TypeVar("T")
DEFAULT_BLUEPRINT = "default"
JUDGED_AT_ONCE = 4
"""Rows of a file that a language model judges side by side."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present in UTC."""
        return datetime.now(UTC)


def new_id() -> str:
    """An unguessable id, 128 bits: in hexadecimal digits, since a command takes an id that begins with a dash for an option."""
    return secrets.token_hex(16)


class MadeOnce(Generic[T]):
    """A part of the services, made when it is first asked for, under their one lock.

    It is kept in the instance itself, where it is found without any lock from then on: the lock is held for minutes while the guide is indexed.
    `functools.cached_property` of Python 3.11 takes a lock of its own first, and two locks that are taken in either order may wait for each other.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, services: "Services", owner: type) -> T:
        with services._lock:
            kept = vars(services)
            if self._name not in kept:
                kept[self._name] = self._make(services)
            made: T = kept[self._name]
            return made


class Services:
    """Everything a page or a command needs. Make it with `build`."""

    def __init__(self, settings: Settings, clock: Clock, ids: Callable[[], str], progress: Callable[[int, int], None] | None) -> None:
        self.settings = settings
        self.clock = clock
        self._ids = ids
        self._progress = progress
        self._lock = threading.RLock()
        self._readied: set[str] = set()
        self._readying = threading.Lock()
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="beside")
        self.bank, self.faults = compiled.load(settings.pack_roots, settings.cache_folder)
        if not self.bank.questions or not self.bank.blueprints:
            shown = "; ".join(str(f) for f in self.faults[:3]) or "no question files were found"
            raise PackError(f"No usable questions could be loaded: {shown}. Run `python -m interviewer check`.")

    @MadeOnce
    def embedder(self) -> BundledEmbedder:
        """The bundled encoder: dialogue and grading always use it."""
        return BundledEmbedder()

    @MadeOnce
    def store(self) -> "SqlStore":
        """The interviews."""
        from interviewer.store import SqlStore, sqlite_url

        return SqlStore(self.settings.database_url or sqlite_url(self.settings.data_dir))

    @MadeOnce
    def prices(self) -> Prices:
        """What calls to language models cost."""
        return prices.load(self.settings.data_dir)

    def _language_model(self, name: str, setting: str) -> "LangChainModel":
        from interviewer.chat import Access, chat_model

        read = self.settings
        return chat_model(name, Access(setting, read.openai_base_url, read.openai_api_key, read.model_seconds), self.prices)

    @property
    def judge_name(self) -> str:
        """The model that judges, as `provider:model`, or an empty string."""
        return self.settings.judge_model or self.settings.model

    @property
    def model_names(self) -> tuple[str, ...]:
        """The configured models, each once."""
        return tuple(dict.fromkeys(name for name in (self.settings.model, self.settings.judge_model) if name))

    @property
    def model_address(self) -> str:
        """Where `openai:` models are asked, fit to be shown; an empty string for OpenAI itself."""
        from interviewer.chat import address_of

        return address_of(self.settings.openai_base_url)

    @property
    def model_is_local(self) -> bool:
        """Whether every configured model runs on this machine or in this network."""
        from interviewer.chat import is_local

        here = is_local(self.settings.openai_base_url)
        ollama = "OLLAMA_HOST" not in os.environ  # how its own library is told of another machine
        return all((ollama and name.startswith("ollama:")) or (here and name.startswith("openai:")) for name in self.model_names)

    def try_model(self, name: str) -> str:
        """Makes a test call to the configured model of this name and says how it went; an `InterviewerError` where it failed.

        With an adapter of its own, so that nothing that an earlier failure left behind stands in the way.
        """
        from interviewer.chat import try_out

        model = self._language_model(name, "INTERVIEWER_MODEL" if name == self.settings.model else "INTERVIEWER_JUDGE_MODEL")
        usage = try_out(model)
        cost = "unknown; the price table does not hold it" if usage.unpriced else f"${usage.cost:.4f}" if usage.cost else "nothing"
        return f"{name} answers. JSON by {model.way}; two small calls, {usage.input_tokens + usage.output_tokens} tokens, cost {cost}."

    @MadeOnce
    def chat_model(self) -> ChatModel | None:
        """The language model that words and understands, or None where none is set. `NotConfigured` where it cannot be used as set."""
        return self._language_model(self.settings.model, "INTERVIEWER_MODEL") if self.settings.model else None

    @MadeOnce
    def judge_chat_model(self) -> ChatModel | None:
        """The language model that judges: one of its own where one is set, else the same, else None."""
        own = self.settings.judge_model
        return self._language_model(own, "INTERVIEWER_JUDGE_MODEL") if own and own != self.settings.model else self.chat_model

    @MadeOnce
    def offline_grader(self) -> OfflineGrader:
        """The grader that needs nothing, and that a judge rests on."""
        return OfflineGrader(self.embedder, cache_folder=self.settings.cache_folder)

    def ready(self, question: Question) -> Future[None] | None:
        """Encodes a question's criteria while the candidate thinks, so that the first answer need not wait for that.

        Gives what comes of it, or None where the same was asked for before.
        """
        with self._readying:  # not the lock of the services, which is held while the guide's index is built
            if question.id in self._readied:
                return None
            self._readied.add(question.id)
        return self._beside.submit(lambda: self.offline_grader.prepare(question))

    @MadeOnce
    def grader(self) -> AnswerGrader:
        """The grader of interviews and written answers: a judge where a language model is configured."""
        return self.offline_grader if self.judge_chat_model is None else self._judge(self.judge_chat_model, self.offline_grader)

    def row_grader(self, with_model: bool = False) -> "RowGrader":
        """A grader of files. Raises `NotConfigured` where a language model is wanted and there is none."""
        from interviewer.grading.rows import RowGrader

        alone = OfflineGrader(self.embedder)  # without a folder: questions that rows bring along are not kept
        if not with_model:
            return RowGrader(self.offline_grader, self.bank.questions, own=alone)
        model = self.judge_chat_model
        if model is None:
            raise NotConfigured("No language model is configured. Set INTERVIEWER_MODEL (see .env.example), or use --grader offline.")
        judges = (self._judge(model, offline, falls_back=False) for offline in (self.offline_grader, alone))
        return RowGrader(next(judges), self.bank.questions, own=next(judges), at_once=JUDGED_AT_ONCE)

    def _judge(self, model: ChatModel, offline: OfflineGrader, falls_back: bool = True) -> AnswerGrader:
        from interviewer.grading.judge import Judge

        return Judge(model, offline, self.bank.sections, falls_back)

    @MadeOnce
    def conductor(self) -> Conductor:
        """Runs the interviews."""
        if self.judge_chat_model is None:
            return Conductor(self.store, self.grader, self.embedder, self.clock, self._ids)
        from interviewer.breaker import Breaker
        from interviewer.understanding import Listener
        from interviewer.voice import Voice

        # In a live interview a dead server may not cost its time-out on every turn; a re-grade, or a file, asks each time.
        judging = Breaker(self.judge_chat_model, self.clock)
        grader = self._judge(judging, self.offline_grader)
        chat = None if self.chat_model is None else judging if self.chat_model is self.judge_chat_model else Breaker(self.chat_model, self.clock)
        voice = Voice(chat, self.embedder, self.bank.sections) if chat else None
        listener = Listener(chat) if chat else None
        return Conductor(self.store, grader, self.embedder, self.clock, self._ids, voice=voice, listener=listener, regrader=self.grader)

    @MadeOnce
    def written(self) -> Written:
        """Takes and grades written answers."""
        return Written(self.store, lambda: self.grader, self.clock, self._ids, offline=lambda: self.offline_grader)

    @MadeOnce
    def walk_reader(self) -> WalkReader:
        """Reads what is said in a walkthrough."""
        return WalkReader(self.embedder, cache_folder=self.settings.cache_folder)

    @MadeOnce
    def walks(self) -> Walks:
        """Runs the system-design walkthroughs."""
        return Walks(self.store, self.walk_reader, self.embedder, self.bank.archetypes, self.clock, self._ids)

    @staticmethod
    def typed_question(prompt: str, reference: str, criteria: str) -> SavedQuestion:
        """A question as it was typed, the criteria one a line. Raises `InvalidMessage` where it lacks something."""
        prompt, reference = cleaned(prompt).strip(), cleaned(reference).strip()
        statements = tuple(line.strip() for line in cleaned(criteria).splitlines() if any(c.isalnum() for c in line))
        if not prompt:
            raise InvalidMessage("The question is missing. Write what is asked, in a sentence or more.")
        if not any(c.isalnum() for c in reference) and not statements:
            raise InvalidMessage("There is nothing to grade against. Give a reference answer, or criteria, one a line.")
        return SavedQuestion(id=personal.question_id(prompt, reference, statements), prompt=prompt, reference=reference, criteria=statements)

    def keep_question(self, question: SavedQuestion) -> None:
        """Saves a question for reuse. Raises `PackError` where its file cannot be added to."""
        with self._lock:
            personal.add(personal.file_in(self.settings.data_dir), question)

    @staticmethod
    def own(saved: SavedQuestion) -> OwnQuestion:
        """A saved question, ready to be graded against. Raises `InvalidMessage` where nothing in it can be."""
        question = own_question(saved.prompt, saved.reference, saved.criteria, saved.id)
        if question is None:
            raise InvalidMessage("There is nothing to grade against in this question. Give it a reference answer in words, or criteria.")
        return question

    def own_questions(self) -> tuple[list[SavedQuestion], list[Fault]]:
        """The questions that were saved for reuse, and the faults of their file."""
        return personal.load(personal.file_in(self.settings.data_dir))

    @MadeOnce
    def guide(self) -> "GuideIndex":
        """Search over the guide; brings the index up to date when first used."""
        from interviewer.retrieval import open_index  # chromadb takes a second to import

        embedder: Embedder = self.embedder if self.settings.embeddings == "bundled" else endpoint_embedder(self.settings.embeddings)
        pages = list(self.bank.pages.values())
        return open_index(index_folder(self.settings), embedder, pages, self._progress, self.settings.chroma_url, self.embedder.knows)

    def ask(self, question: str) -> Explained:
        """What the guide says to a question, worded by the language model where one is set and answers."""
        model, unusable = None, ""
        try:
            model = self.chat_model
        except NotConfigured as error:
            unusable = str(error)
        explained = ask(question, self.guide, self.embedder, model)
        return explained.model_copy(update={"failure": unusable}) if unusable else explained

    def blueprint(self, blueprint_id: str = DEFAULT_BLUEPRINT) -> Blueprint:
        """The blueprint with this id, or the first one there is."""
        return self.bank.blueprints.get(blueprint_id) or next(iter(self.bank.blueprints.values()))

    def sibling(self, question: Question) -> Question | None:
        """Another question on the same topic, if the bank has one."""
        return selection.sibling(question, self.bank.questions.values(), {i for s in self.conductor.history() for i in s.question_ids})

    def start(
        self,
        *,
        blueprint: str = DEFAULT_BLUEPRINT,
        rounds: Sequence[Round] = (),
        company: Company | None = None,
        level: Level = Level.MID,
        minutes: int | None = None,
        questions: int | None = None,
        mode: Mode = Mode.PRACTICE,
        seed: int | None = None,
        only: Sequence[str] = (),
    ) -> Interview:
        """Plans and starts an interview. `only` names questions to ask instead of a selection (a retry)."""
        plan = self.blueprint(blueprint)
        if only:
            chosen = [self.bank.questions[i] for i in only]
            pairs: tuple[tuple[Question, float], ...] = tuple((q, float(q.minutes)) for q in chosen)
            length = minutes or max(10, sum(q.minutes for q in chosen) + 2)
            seed = seed or 0
        else:
            length = minutes or plan.minutes
            # A seed that is given must give the same questions again, so the history counts only without one.
            seen = [] if seed is not None else [i for s in self.conductor.history() for i in s.question_ids]
            seed = secrets.randbelow(2**31) if seed is None else seed
            pairs = selection.select(
                plan,
                self.bank.questions.values(),
                level=level,
                company=company,
                minutes=length,
                count=questions,
                rounds=rounds,
                seen=seen,
                seed=seed,
            )
        setup = Setup(blueprint=plan.id, mode=mode, level=level, company=company or plan.company, minutes=length, seed=seed)
        return self.conductor.start(setup, pairs)


def index_folder(settings: Settings) -> Path:
    """Where the guide index lies."""
    return settings.data_dir / "index"


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Callable[[], str] = new_id,
    progress: Callable[[int, int], None] | None = None,
) -> Services:
    """Services for these settings."""
    return Services(settings, clock or SystemClock(), ids, progress)
