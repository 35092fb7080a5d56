"""What each event means for the tables that pages read: a pure fold, so they can be rebuilt from the log at any time."""
