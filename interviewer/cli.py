"""The command line. Results go to standard output, all else to standard error; a known error is one sentence and exit code 2."""

import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from interviewer import bank_check, compiled, guide_check, packs, settings, wiring
from interviewer import export as exports
from interviewer.conductor import messages, report_of
from interviewer.coverage import coverage as coverage_of
from interviewer.domain import Company, Fault, Interview, Level, Mode, Question, Round, Speaker, Stage, Usage
from interviewer.embedding import BundledEmbedder
from interviewer.errors import InputFileError, InterviewerError, InvalidMessage, SettingError
from interviewer.grading.offline import OfflineGrader
from interviewer.walkthrough import Walk, WalkMode, WalkSetup
from interviewer.walkthrough import messages as messages_of

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="A mock interviewer for machine-learning jobs.")
_err = Console(stderr=True)
COVERAGE = settings.ROOT / "docs" / "coverage.md"


class GraderName(StrEnum):
    """The graders that can be asked for."""

    OFFLINE = "offline"
    LLM = "llm"


class Format(StrEnum):
    """The formats of an export."""

    MD = "md"
    JSON = "json"
    HTML = "html"


def _line(value: object) -> None:
    """One JSON value on a line of its own, flushed, so that a program that drives us sees it at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _services(progress: Callable[[int, int], None] | None = None) -> wiring.Services:
    services = wiring.build(settings.read(), progress=progress)
    if services.faults:
        _err.print(f"{len(services.faults)} faults in the packs; the rest is used. `python -m interviewer check` lists them.", style="yellow")
    return services


def _input_lines(as_json: bool) -> Iterator[str]:
    """The candidate's messages from standard input."""
    for line in sys.stdin.buffer:
        text = line.decode("utf-8", errors="replace").rstrip("\r\n")
        if not text.strip():
            continue
        if as_json:
            try:
                value = json.loads(text)
            except ValueError:
                value = None
            if isinstance(value, str):
                text = value
            else:
                print("A line is not a JSON string; it is taken as it stands.", file=sys.stderr)
        yield text


def _show(interview: Interview, since: int, as_json: bool) -> None:
    for turn in interview.turns[since:]:
        if turn.speaker is not Speaker.INTERVIEWER:
            continue
        if as_json:
            _line({"type": "interviewer", "kind": turn.kind.value, "text": turn.text, "question_id": turn.question_id})
        else:
            print(f"\n{turn.text}", flush=True)


def _voiced(services: wiring.Services, current: Interview) -> Interview:
    """The interview with what was said last in the language model's words, where there is one."""
    if services.conductor.unworded(current) is None:
        return current
    for _ in services.conductor.voiced(current.id):  # printed whole, one turn a line
        pass
    return services.conductor.open(current.id)


@app.command()
def interview(
    rounds: Annotated[list[Round] | None, typer.Option("--round", help="Rounds to ask, in turn; repeatable.")] = None,
    company: Annotated[Company | None, typer.Option(help="Style of a company.")] = None,
    level: Annotated[Level, typer.Option(help="The level you interview for.")] = Level.MID,
    questions: Annotated[int | None, typer.Option(min=1, max=20, help="How many questions.")] = None,
    minutes: Annotated[int | None, typer.Option(min=5, max=120, help="Length.")] = None,
    mode: Annotated[Mode, typer.Option(help="Practice gives hints and feedback; real does not.")] = Mode.PRACTICE,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same questions, whatever was asked before.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines in and out.")] = False,
) -> None:
    """A terminal interview: your messages on standard input, one a line."""
    services = _services()
    blueprint = f"{company}-loop" if company and not rounds else wiring.DEFAULT_BLUEPRINT
    current = services.start(blueprint=blueprint, rounds=rounds or (), company=company, level=level, minutes=minutes, questions=questions, mode=mode, seed=seed)
    _show(current, 0, as_json)
    for text in _input_lines(as_json):
        shown = len(current.turns)
        try:
            current = services.conductor.say(current.id, text, shown=messages(current))
        except InvalidMessage as error:
            print(error, file=sys.stderr)
            continue
        current = _voiced(services, current)
        _show(current, shown, as_json)
        if current.stage is Stage.DEBRIEF:
            break
    if current.stage is not Stage.DEBRIEF:
        shown = len(current.turns)
        current = _voiced(services, services.conductor.finish(current.id, why="input"))
        _show(current, shown, as_json)
    report = report_of(current)
    if as_json:
        _line({"type": "report", "interview_id": current.id, "headline": exports.headline(report), **report.model_dump(mode="json")})
    else:
        print("\n" + exports.as_markdown(current))


@app.command()
def walkthrough(
    archetype: Annotated[str, typer.Argument(metavar="ARCHETYPE", help="Which system; `feed-ranking`, for instance.")],
    variant: Annotated[str | None, typer.Option(help="A company or product skin of it.")] = None,
    mode: Annotated[WalkMode, typer.Option(help="Blank measures; guided teaches.")] = WalkMode.BLANK,
    level: Annotated[Level, typer.Option(help="The level you interview for.")] = Level.SENIOR,
    minutes: Annotated[int | None, typer.Option(min=5, max=120, help="Length.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines in and out.")] = False,
) -> None:
    """A system-design walkthrough in the terminal: your messages on standard input, one a line. You lead."""
    from interviewer import walk_export

    walks = _services().walks
    length = minutes or walks.archetype(archetype, variant).minutes
    current = walks.start(WalkSetup(archetype=archetype, variant=variant, mode=mode, level=level, minutes=length))
    _show_walk(current, 0, as_json)
    for text in _input_lines(as_json):
        shown = len(current.turns)
        try:
            current = walks.say(current.id, text, shown=messages_of(current))
        except InvalidMessage as error:
            print(error, file=sys.stderr)
            continue
        _show_walk(current, shown, as_json)
        if current.phase is Stage.DEBRIEF:
            break
    if current.phase is not Stage.DEBRIEF:
        shown = len(current.turns)
        current = walks.finish(current.id, why="input")
        _show_walk(current, shown, as_json)
    debrief = walks.debrief(current)
    if as_json:
        report = debrief.report
        _line({"type": "report", "walkthrough_id": current.id, "headline": walk_export.headline(report), **report.model_dump(mode="json")})
    else:
        print("\n" + walk_export.as_markdown(current, debrief))


def _show_walk(walk: Walk, since: int, as_json: bool) -> None:
    for turn in walk.turns[since:]:
        if turn.speaker is not Speaker.INTERVIEWER:
            continue
        if as_json:
            _line({"type": "interviewer", "kind": turn.kind.value, "text": turn.text, "stage": turn.design_stage.value})
        else:
            print(f"\n{turn.text}", flush=True)


@app.command()
def grade(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="JSONL or CSV rows.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to write; standard output without it.")] = None,
    grader: Annotated[GraderName, typer.Option(help="Which grader.")] = GraderName.OFFLINE,
) -> None:
    """Grades rows of written answers. With -o, the same call after an interruption goes on where it was."""
    from interviewer.grading import batch
    from interviewer.grading.rows import json_line, read_rows, survey

    if output and output.is_dir():
        raise InputFileError(f"{output} is a folder. Name a file to write to.")
    with _readable_again(source) as path, Progress(TextColumn("{task.description}"), BarColumn(), console=_err) as bar:
        task = bar.add_task("Reading the rows", total=None)
        known = survey(path, source.name)
        services = _services()
        graded = services.row_grader(with_model=grader is GraderName.LLM)
        entries = read_rows(path, source.name)
        began = time.monotonic()

        def show(done: int, fresh: int) -> None:
            words = batch.progress_words(done, known.rows, fresh, time.monotonic() - began)
            bar.update(task, description=words, completed=done, total=known.rows)

        if output is None or (output.exists() and not output.is_file()):  # standard output, or a device
            with _opened(output) as stream:
                for number, row in enumerate(graded.grade(entries), 1):
                    stream.write(json_line(row))
                    show(number, number)
            _say_usage(graded.usage)
            return
        target = output.resolve()  # a link stays a link
        with batch.Journal(target.with_name(f"{target.name}.part"), batch.origin(known.digest, graded.info, services.bank.questions)) as journal:
            if journal.started_anew:
                _err.print(
                    f"{journal.path.name} holds results of another input, grader or bank; grading starts anew.", style="yellow", markup=False, soft_wrap=True
                )
            elif journal.done:
                _err.print(f"Going on after the {journal.done:,} rows that were graded before.", soft_wrap=True)
            before = journal.done
            try:
                for row in graded.grade(entries, before):
                    journal.append(row)
                    show(journal.done, journal.done - before)
            except KeyboardInterrupt:
                _err.print(f"Stopped after {journal.done:,} of {known.rows:,} rows, which are kept. The same call goes on from there.", soft_wrap=True)
                raise typer.Exit(130) from None
            journal.become(target)
            _say_usage(graded.usage)


def _say_usage(usage: Usage) -> None:
    """What a language model took, where one was asked."""
    if usage.calls:
        _err.print(f"The language model took {exports.usage_words(usage)}.", soft_wrap=True)


@contextmanager
def _readable_again(source: Path) -> Iterator[Path]:
    """A file that can be read several times: the one given, or where that is a pipe, a copy of what comes out of it."""
    if source.is_file() or not source.exists() or source.is_dir():
        yield source  # what is wrong with it, its reader says
        return
    with tempfile.NamedTemporaryFile() as copy, source.open("rb") as pipe:
        shutil.copyfileobj(pipe, copy)
        copy.flush()
        yield Path(copy.name)


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    try:
        stream = output.open("w", encoding="utf-8")
    except OSError as error:
        raise InputFileError(f"The file {output} cannot be written: {error.strerror}.") from error
    with stream:
        yield stream


@app.command()
def search(
    query: str,
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many passages.")] = 5,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Searches the guide."""
    services = _services()
    found = services.guide.search(query, k)
    if as_json:
        print(json.dumps([p.model_dump() for p in found], ensure_ascii=False, indent=2))
        return
    for passage in found:
        print(f"{passage.score:.2f}  {passage.heading}  ({passage.source})\n{passage.text}\n")


@app.command()
def questions(
    round_: Annotated[Round | None, typer.Option("--round")] = None,
    topic: Annotated[str | None, typer.Option()] = None,
    company: Annotated[Company | None, typer.Option()] = None,
    level: Annotated[Level | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Lists the bank."""
    bank = _services().bank.questions.values()
    wanted = [
        q
        for q in bank
        if (round_ is None or q.round is round_)
        and (topic is None or q.topic == topic)
        and (company is None or company in q.companies)
        and (level is None or q.level is level)
    ]
    if as_json:
        print(json.dumps([_entry(q) for q in wanted], ensure_ascii=False, indent=2))
        return
    table = Table("id", "round", "topic", "level", "minutes", "prompt")
    for q in wanted:
        table.add_row(q.id, q.round, q.topic, q.level, str(q.minutes), q.prompt)
    Console().print(table)


def _entry(question: Question) -> dict[str, object]:
    entry = question.model_dump(mode="json", include={"id", "round", "topic", "companies", "roles", "level", "difficulty", "minutes", "prompt"})
    return entry | {"criteria": [c.model_dump(mode="json", include={"id", "dimension", "kind", "statement"}) for c in question.criteria]}


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...", help="Packs, question files or pages; all of yours without it.")] = None,
    deep: Annotated[
        bool, typer.Option(help="Also what takes the bundled model a minute or more: repeats, leaks and answers by meaning, and exemplars.")
    ] = False,
    exemplars: Annotated[bool, typer.Option(help="With --deep, also grade the exemplars; their order is a warning, never a fault.")] = True,
    write_schema: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Lists every fault in the packs as file:line: problem."""
    if write_schema:
        (settings.ROOT / "rubrics" / "schema.json").write_text(packs.schema(), encoding="utf-8")
    read = settings.read()
    wanted = [p.resolve() for p in paths] if paths else list(read.pack_roots)
    own = packs.read([settings.ROOT]) if settings.ROOT in wanted else None
    around = own.bank if own else compiled.load([settings.ROOT], read.cache_folder)[0]
    loaded = [own if own and path == settings.ROOT else packs.read([path], around.sections) for path in wanted]
    faults = [fault for pack in loaded for fault in pack.faults]
    for root, pack in zip(wanted, loaded, strict=True):
        faults += bank_check.faults(bank_check.quick(pack.bank, pack is own), pack.places)
        faults += guide_check.faults({**around.pages, **pack.bank.pages}, root)
    if own:
        faults += packs.schema_faults(settings.ROOT)
        faults += packs.stale(COVERAGE, coverage_of(own.bank), "is not what the bank holds; write it again with `python -m interviewer coverage`")
    unordered: list[Fault] = []
    if deep:
        embedder = BundledEmbedder()
        vectors = bank_check.KeptVectors(embedder, read.cache_folder)
        grader = OfflineGrader(embedder, cache_folder=read.cache_folder)
        for pack in loaded:
            faults += bank_check.faults(bank_check.deep(pack.bank, around, vectors), pack.places)
        vectors.save()  # before the longer half, which may be interrupted
        for pack in loaded if exemplars else ():
            unordered += bank_check.faults(_ordered(list(pack.bank.questions.values()), grader), pack.places)
    for fault in faults:
        print(fault)
    questions = sum(len(pack.bank.questions) for pack in loaded)
    if deep and exemplars and questions:
        for warning in unordered:
            _err.print(f"Warning: {warning}", markup=False, soft_wrap=True)
        share = (questions - len(unordered)) / questions
        _err.print(f"The offline grader puts the exemplars of {questions - len(unordered)} of {questions} questions in order ({share:.0%}).", soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    bank, _ = compiled.load(read.pack_roots, read.cache_folder)
    counts = (
        f"{len(bank.questions)} questions, {len(bank.archetypes)} system-design archetypes, {len(bank.blueprints)} blueprints, {len(bank.pages)} guide pages"
    )
    print(f"{counts}: no faults.", file=sys.stderr)


def _ordered(asked: list[Question], grader: OfflineGrader) -> list[bank_check.Finding]:
    """The questions whose exemplars come out in another order, with a bar while they are graded."""
    with _bar() as bar:
        return list(bank_check.exemplar_order(bar.track(asked, description="Grading the exemplars"), grader))


@app.command()
def coverage(output: Annotated[Path, typer.Option("-o", "--output", help="Where to write.")] = COVERAGE) -> None:
    """Writes what the bundled bank covers, as tables: topics, levels, company styles."""
    text = coverage_of(compiled.load([settings.ROOT], settings.read().cache_folder)[0])
    with _opened(output) as stream:
        stream.write(text)
    print(f"{output} is written.", file=sys.stderr)


@app.command()
def export(
    interview_id: Annotated[str, typer.Argument(metavar="ID")],
    format_: Annotated[Format, typer.Option("--format")] = Format.MD,
    output: Annotated[Path | None, typer.Option("-o", "--output")] = None,
) -> None:
    """Writes the report of an interview."""
    text = exports.FORMATS[format_](_services().conductor.open(interview_id))
    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputFileError(f"The file {output} cannot be written: {error.strerror}.") from error


@app.command()
def regrade(interview_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Grades the answers of an interview that has ended anew, and says what changed."""
    conductor = _services().conductor
    with Progress(TextColumn("{task.description}"), BarColumn(), console=_err) as bar:
        task = bar.add_task("Grading anew", total=None)

        def show(done: int, of: int) -> None:
            bar.update(task, description=f"Grading question {done + 1} of {of} anew", completed=done, total=of)

        after = conductor.regrade(interview_id, show)
    for line in exports.regraded_lines(after):
        print(line)


@app.command()
def doctor() -> None:
    """Says what is configured, what is reachable, what is missing and how to mend it."""
    read = settings.read()
    table = Table("part", "state", "what to do")
    failed = False

    def part(name: str, look: Callable[[], str]) -> None:
        nonlocal failed
        try:
            table.add_row(name, escape(look()), "")
        except InterviewerError as error:
            failed = True
            table.add_row(name, "[red]not working[/red]", escape(str(error)))

    services = wiring.build(read)
    part("packs", lambda: f"{len(services.bank.questions)} questions, {len(services.bank.pages)} pages, {len(services.faults)} faults")
    part("bundled model", lambda: f"verified, {services.embedder.identity}")
    part("database", lambda: f"{services.store.ping()}, {len(services.store.summaries())} interviews")
    part("guide index", lambda: services.guide.notice or f"ready, {len(services.bank.sections)} sections ({'server' if read.chroma_url else 'on disk'})")
    part("data directory", lambda: str(read.data_dir))
    part("embeddings", lambda: read.embeddings)
    for name, use in dict.fromkeys([(read.model, "language model"), (services.judge_name, "judge model" if read.judge_model else "language model")]):
        part(use, partial(services.try_model, name) if name else lambda: "none; everything works offline. docs/language-model.md says how to add one")

    def listed() -> str:
        if services.prices.notice:
            raise SettingError(services.prices.notice)
        return f"{len(services.prices.bundled)} entries, and {len(services.prices.own)} of yours"

    part("price table", listed)
    part("API key", lambda: "set" if read.openai_api_key else "not set")
    Console().print(table)
    if failed:
        raise typer.Exit(1)


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=_err)


@app.command(hidden=True)
def prepare() -> None:
    """Builds the guide index; does nothing where nothing changed. A rubric is encoded, and kept, when its question is first graded."""
    with _bar() as bar:
        index = bar.add_task("Indexing the guide", total=None)
        services = _services(lambda done, of: bar.update(index, completed=done, total=of))
        notice = services.guide.notice
        bar.update(index, completed=1, total=1)
    if notice:
        _err.print(notice, style="yellow")
    services.store.ping()


@app.command(hidden=True)
def serve(port: Annotated[int, typer.Option(min=1, max=65535)] = 8501) -> None:
    """Serves the app. Refuses a busy port with a sentence."""
    settings.read()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("localhost", port))
        except OSError as error:
            raise InterviewerError(f"Port {port} is busy. Stop what uses it, or choose another: make run PORT={port + 1}") from error
    _err.print(f"Open http://localhost:{port} in your browser. Ctrl-C stops the server; interviews are kept.")
    # An update of the program's files while somebody is in an interview takes effect at the next start, not half-way through a page.
    options = {"port": str(port), "headless": "true", "fileWatcherType": "none"}
    arguments = ["-m", "streamlit", "run", str(settings.ROOT / "app.py"), *(word for k, v in options.items() for word in (f"--server.{k}", v))]
    os.execv(sys.executable, [sys.executable, *arguments])


def main() -> None:
    """Runs the command line with the errors mapped."""
    try:
        app()
    except InterviewerError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
