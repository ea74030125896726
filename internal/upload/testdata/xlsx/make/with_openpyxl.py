# /usr/bin/python3 with_openpyxl.py OUT [iso]   (python3-openpyxl)
import datetime as dt, sys
import openpyxl

wb = openpyxl.Workbook()
wb.iso_dates = len(sys.argv) > 2
ws = wb.active
ws.title = "Orders"
ws.append(["id", "상품 & <name>", " padded ", "line\nbreak", "😀", "_x0041_"])
ws.append([1, 0.1, -1234.5, 123456789012345, 1e-10, 1.5e20])
moments = [
    (dt.datetime(2024, 2, 29), "yyyy-mm-dd"),
    (dt.datetime(2024, 2, 29, 7, 45), "yyyy-mm-dd hh:mm"),
    (dt.time(7, 44, 59), "hh:mm:ss"),
    (dt.timedelta(hours=36, minutes=30), "[h]:mm"),
    (dt.datetime(1999, 12, 31), "mm-dd-yy"),
]
for i, (value, code) in enumerate(moments):
    ws.cell(3, i + 1, value).number_format = code
ws["A4"], ws["B4"], ws["C4"] = True, False, "#N/A"
ws["A7"], ws["C7"] = "bold and plain", "after a gap"
ws["A8"] = "merged"
ws.merge_cells("A8:C8")
ws["A9"] = "hidden row"
ws.row_dimensions[9].hidden = True
for sheet, state, cell, value in [("Hidden", "hidden", "A1", "x"), ("Empty", "visible", None, None), ("Second", "visible", "B2", "two")]:
    s = wb.create_sheet(sheet)
    s.sheet_state = state
    if cell:
        s[cell] = value
wb.save(sys.argv[1])
