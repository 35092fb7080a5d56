"""Tables as files for spreadsheets: CSV in which no text can be taken for a formula."""

from collections.abc import Iterable, Sequence

from litestar import Response

from web.documents.csv_file import BOM, Cell, csv_rows


def csv_file(name: str, rows: Iterable[Sequence[Cell]]) -> Response[bytes]:
    """The answer that a browser keeps as a file. It begins with a byte order mark: spreadsheets then read Chinese."""
    return Response(
        f"{BOM}{csv_rows(rows)}".encode(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
