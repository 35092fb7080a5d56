"""The house itself: its terms and its clock."""
