"""Documents of settlement: what accountants take away, as files."""
