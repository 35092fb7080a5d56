"""Power and carbon: tables that the venue adopts, what sellers declare, and what each statement line emitted."""
