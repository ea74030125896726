#!/usr/bin/env python3
"""Compares an order-lines export with the Online Retail CSV it was seeded from, value by value.

    python3 tools/verify/retail.py online_retail_II.csv.gz export.xlsx

It shares no code with the program: Python's own zip, XML and CSV readers. The export must have all columns and
English headers (--locale en). Numbers are compared as exact decimals, dates as the wall clock of the seller.
"""
import csv
import datetime
import decimal
import gzip
import itertools
import re
import sys
import zipfile
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EPOCH = datetime.datetime(1899, 12, 30)
ESCAPED = re.compile(r"_x([0-9A-F]{4})_")


def column(reference):
    number = 0
    for letter in reference:
        if letter.isdigit():
            break
        number = number * 26 + ord(letter) - 64
    return number - 1


def rows(book, sheet):
    """Yields the cells of each row as a dict from column index to text; checks that rows are numbered in order."""
    expected = 1
    with book.open(sheet) as stream:
        for _, element in ElementTree.iterparse(stream):
            if element.tag != MAIN + "row":
                continue
            assert int(element.get("r")) == expected, (sheet, element.get("r"), expected)
            expected += 1
            cells = {}
            for cell in element:
                inline = cell.find(MAIN + "is")
                text = "".join(t.text or "" for t in inline.iter(MAIN + "t")) if inline is not None else cell.findtext(MAIN + "v")
                cells[column(cell.get("r"))] = ESCAPED.sub(lambda m: chr(int(m[1], 16)), text or "")
            yield cells
            element.clear()


def moment(serial):
    return EPOCH + datetime.timedelta(seconds=round(float(serial) * 86400))


def main(source, workbook):
    book = zipfile.ZipFile(workbook)
    sheets = sorted(n for n in book.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", n))
    fields = {}
    counts = []

    def exported():
        for sheet in sheets:
            content = rows(book, sheet)
            header = next(content)
            if not fields:
                fields.update({name: i for i, name in header.items()})
            assert {name: i for i, name in header.items()} == fields, "the header is repeated on every sheet"
            counts.append(0)
            for cells in content:
                counts[-1] += 1
                yield cells

    differences = total = 0
    with gzip.open(source, "rt", encoding="utf-8", newline="") as stream:
        for want, got in itertools.zip_longest(csv.DictReader(stream), exported()):
            total += 1
            if want is None or got is None:
                sys.exit(f"row {total}: one side ends before the other")
            cell = lambda name: got.get(fields[name], "")
            pairs = [
                (want["Invoice"], cell("Order number")),
                (want["StockCode"], cell("SKU")),
                (want["Description"], cell("Product")),
                (int(want["Quantity"]), int(cell("Quantity"))),
                (datetime.datetime.fromisoformat(want["InvoiceDate"]), moment(cell("Ordered at"))),
                (decimal.Decimal(want["Price"]), decimal.Decimal(cell("Unit price"))),
                (want["Customer ID"], cell("Customer ID")),
                (want["Country"], cell("Country")),
            ]
            for expected, actual in pairs:
                if expected != actual:
                    differences += 1
                    if differences <= 10:
                        print(f"row {total}: {expected!r} in the CSV, {actual!r} in the workbook")
    print(f"{total} rows on {len(sheets)} sheets ({', '.join(map(str, counts))}), {differences} differences")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
