"""Each hot path beside what a user would take instead: a module gives the rows of its table."""
