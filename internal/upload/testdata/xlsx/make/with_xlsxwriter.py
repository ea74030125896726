# /usr/bin/python3 with_xlsxwriter.py OUT [inline] [1904]   (python3-xlsxwriter)
import sys
import datetime as dt
import xlsxwriter

wb = xlsxwriter.Workbook(sys.argv[1], {"constant_memory": "inline" in sys.argv, "date_1904": "1904" in sys.argv})
ws = wb.add_worksheet("Orders")
ws.write_row(0, 0, ["id", "상품 & <name>", " padded ", "line\nbreak", "😀", "_x0041_"])
ws.write_row(1, 0, [1, 0.1, -1234.5, 123456789012345, 1e-10, 1.5e20])
for i, (value, code) in enumerate([
    (dt.datetime(2024, 2, 29), "yyyy-mm-dd"),
    (dt.datetime(2024, 2, 29, 7, 45), "yyyy-mm-dd hh:mm"),
    (dt.time(7, 44, 59), "hh:mm:ss"),
    (dt.timedelta(hours=36, minutes=30), "[h]:mm"),
    (dt.datetime(1999, 12, 31), "mm-dd-yy"),
]):
    ws.write_datetime(2, i, value, wb.add_format({"num_format": code}))
ws.write_boolean(3, 0, True)
ws.write_boolean(3, 1, False)
ws.write_formula(3, 2, "=NA()", None, "#N/A")
ws.write_formula(3, 3, "=1+1", None, 2)
ws.write_formula(3, 4, '="a"&"b"', None, "ab")
ws.write_rich_string(6, 0, wb.add_format({"bold": True}), "bold", " and plain")
ws.write(6, 2, "after a gap")
ws.merge_range("A8:C8", "merged", wb.add_format())
ws.set_row(8, None, None, {"hidden": True})
ws.write(8, 0, "hidden row")
hidden = wb.add_worksheet("Hidden")
hidden.write(0, 0, "x")
hidden.hide()
wb.add_worksheet("Empty")
wb.add_worksheet("Second").write(1, 1, "two")
wb.close()
