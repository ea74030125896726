#!/usr/bin/env python3
"""Makes a two-sheet workbook of an Online Retail CSV, and compares what was saved from either with what comes back.

    python3 tools/verify/saved.py workbook online_retail_II.csv.gz retail.xlsx      (needs python3-xlsxwriter)
    longhaul start bulk-save orders retail.xlsx --tenant T --wait --errors refused.xlsx --locale en
    longhaul start export order-lines --tenant T --format csv --locale en -o back.csv
    python3 tools/verify/saved.py compare online_retail_II.csv.gz back.csv

It shares no code with the program. Prices are compared as exact decimals. A row is expected back as it was sent but for
space around texts, and for customer numbers, which a workbook holds as numbers (13085) and the CSV with a fraction
(13085.0). Rows that did not come back are printed: they must be those that the save has refused.
"""
import collections
import csv
import datetime
import decimal
import gzip
import sys

SPLIT = 525_461  # rows of the data set's first sheet, 2009 to 2010


def read(path):
    stream = gzip.open(path, "rt", newline="", encoding="utf-8-sig") if path.endswith(".gz") else open(path, newline="", encoding="utf-8-sig")
    with stream:
        yield from csv.DictReader(stream)


def workbook(source, out):
    import xlsxwriter

    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd hh:mm"})
    rows = list(read(source))
    for name, part in (("Year 2009-2010", rows[:SPLIT]), ("Year 2010-2011", rows[SPLIT:])):
        sheet = book.add_worksheet(name)
        for column, header in enumerate(rows[0]):
            sheet.write_string(0, column, header)
        for i, row in enumerate(part, 1):
            for column, (header, text) in enumerate(row.items()):
                whole = header in ("Invoice", "StockCode") and text.isdigit() and not text.startswith("0")
                if header == "InvoiceDate":
                    sheet.write_datetime(i, column, datetime.datetime.fromisoformat(text))
                elif text and (whole or header in ("Quantity", "Price", "Customer ID")):
                    sheet.write_number(i, column, float(text))
                elif text:
                    sheet.write_string(i, column, text)
    book.close()


def bare(text):
    return text.replace("\u00a0", " ").strip()


def sent(row):
    return (bare(row["Invoice"]), bare(row["StockCode"]), bare(row["Description"]), int(row["Quantity"]), row["InvoiceDate"],
            decimal.Decimal(row["Price"]), bare(row["Customer ID"]).removesuffix(".0"), bare(row["Country"]))


def returned(row):
    return (row["Order number"], row["SKU"], row["Product"], int(row["Quantity"]), row["Ordered at"],
            decimal.Decimal(row["Unit price"]), row["Customer ID"].removesuffix(".0"), row["Country"])


def compare(source, back):
    before = collections.Counter(map(sent, read(source)))
    after = collections.Counter(map(returned, read(back)))
    lost, strange = before - after, after - before
    print(f"{before.total()} rows sent, {after.total()} came back, {lost.total()} did not, {strange.total()} are of somebody else")
    for row in sorted(lost.elements()):
        print("not back:", *row, sep="\t")
    return 1 if strange else 0


if __name__ == "__main__":
    sys.exit({"workbook": workbook, "compare": compare}[sys.argv[1]](*sys.argv[2:]))
