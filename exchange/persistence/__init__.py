"""The only room that speaks SQL: the log, what is derived from it, usage, and the questions that pages ask."""
