"""A mock interviewer for machine-learning jobs: scripted, graded on the candidate's own words, offline by default."""

__version__ = "0.1.0"
