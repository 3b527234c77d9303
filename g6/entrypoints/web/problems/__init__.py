"""Errors over HTTP: what happened, why, what mends it, and the address to ask instead."""

from g6.entrypoints.web.problems.problem_documents import (
    MEDIA_TYPE,
    RefusedRequest,
    problem,
    problem_bytes,
    told_elsewhere,
    with_problems,
)

__all__ = [
    "MEDIA_TYPE",
    "RefusedRequest",
    "problem",
    "problem_bytes",
    "told_elsewhere",
    "with_problems",
]
