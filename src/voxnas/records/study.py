"""Files in a study's folder beside its records."""

ANSWER = "answer.md"  # what its search was asked for, in a line
PLAN = "plan.md"  # what it was planned to be, for so much time and at which speed, in a line
