"""A mock interviewer for machine-learning jobs: scripted, graded on the candidate's own words, offline by default."""

import os

__version__ = "0.1.0"

# The grader's matrices are small: one BLAS thread is quicker than several that wait for one another on a busy machine. Set before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
