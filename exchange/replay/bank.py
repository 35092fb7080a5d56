"""A made-up bank: it carries out every payment of a file, and its statement says so."""

import csv
import io
from collections.abc import Mapping
from datetime import date

from settlement.gateways.bank_file import STATEMENT_COLUMNS


def statement(files: Mapping[int, bytes], booked_on: date) -> bytes:
    """The bank's statement after it has carried out these files, by their numbers. It never fails and sends nothing back."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(STATEMENT_COLUMNS)
    for number, file in files.items():
        payments = csv.DictReader(io.StringIO(file.decode(), newline=""))
        for n, paid in enumerate(payments, start=1):
            amount = f"-{paid['amount']}"
            writer.writerow(
                [
                    f"{number}/{n}",
                    booked_on,
                    amount,
                    paid["currency"],
                    paid["account"],
                    paid["name"],
                    paid["reference"],
                ]
            )
    return written.getvalue().encode()
