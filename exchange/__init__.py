"""The venue: one writer, its log, and everything that waits."""
