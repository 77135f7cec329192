"""Files in a study's folder beside its records."""

ANSWER = "answer.md"  # what its search was asked for, in a line
