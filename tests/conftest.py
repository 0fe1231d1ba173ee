"""What every test may ask for. The heavy parts are made once a process."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # `pytest` alone puts only tests/ on the path
    sys.path.insert(0, str(ROOT))

from builders import FixedClock  # noqa: E402
from hypothesis import settings  # noqa: E402

from interviewer import compiled  # noqa: E402
from interviewer.embedding import BundledEmbedder  # noqa: E402
from interviewer.grading.offline import OfflineGrader  # noqa: E402
from interviewer.store import SqlStore, sqlite_url  # noqa: E402

# The same examples every time and no stop-watch: what fails here fails everywhere.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def bank(encoded):
    """The bundled questions and guide."""
    return compiled.load((ROOT,), encoded)[0]


@pytest.fixture(scope="session")
def embedder():
    """The bundled model; it holds no state but a cache. One thread: the tests run side by side."""
    return BundledEmbedder(threads=1)


@pytest.fixture(scope="session", autouse=True)
def encoded(request):
    """Where encoded criteria are kept: found by content, shared by all workers, programs that tests start, and later runs."""
    folder = request.config.cache.mkdir("ml-interviewer-criteria")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERVIEWER_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def grader(embedder, encoded):
    """The offline grader; what it encodes is kept."""
    return OfflineGrader(embedder, cache_folder=encoded)


@pytest.fixture
def clock():
    """A clock that stands still until it is advanced."""
    return FixedClock()


@pytest.fixture
def store(tmp_path):
    """A database of the test's own."""
    made = SqlStore(sqlite_url(tmp_path))
    yield made
    made.close()
