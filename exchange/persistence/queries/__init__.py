"""What pages, programs and jobs ask of the tables: one function a question, read-only."""
