"""Grading: gates, evidence, the offline grader."""
