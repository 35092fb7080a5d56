"""What a spreadsheet takes for a formula: in every file that one may open, text that begins so is guarded."""

FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001  # Excel takes the wide signs for formulas where Chinese is typed
"""Text that begins with one of these gets an apostrophe before it (OWASP, CSV injection)."""
