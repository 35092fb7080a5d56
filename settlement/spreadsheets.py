"""What a spreadsheet takes for a formula. In every file that one may open, text that begins so gets an apostrophe before it."""

FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001  # Excel takes the wide signs for formulas where Chinese is typed
"""Signs that begin a formula, or text that a spreadsheet trims to one (OWASP, CSV injection)."""
