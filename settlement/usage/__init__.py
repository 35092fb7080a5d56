"""Stage A: usage records become exact sums by lease and segment, whichever engine adds them up."""
