"""What an audit checks, each by recomputing it from the log or the tables: pure, and apart from the writer's own way."""
