// node exceljs.js OUT [inline]   (npm exceljs)
const Excel = require('exceljs')
const [out, inline] = process.argv.slice(2)
const wb = inline ? new Excel.stream.xlsx.WorkbookWriter({ filename: out, useStyles: true, useSharedStrings: false }) : new Excel.Workbook()
const day = (...parts) => new Date(Date.UTC(...parts))
const ws = wb.addWorksheet('Orders')
ws.addRow(['id', '상품 & <name>', ' padded ', 'line\nbreak', '😀', '_x0041_'])
ws.addRow([1, 0.1, -1234.5, 123456789012345, 1e-10, 1.5e20])
const moments = [
  [day(2024, 1, 29), 'yyyy-mm-dd'], [day(2024, 1, 29, 7, 45), 'yyyy-mm-dd hh:mm'],
  [(7 * 3600 + 44 * 60 + 59) / 86400, 'hh:mm:ss'], [36.5 / 24, '[h]:mm'], [day(1999, 11, 31), 'mm-dd-yy'],
]
moments.forEach(([value, code], i) => { const c = ws.getCell(3, i + 1); c.value = value; c.numFmt = code })
ws.getCell('A4').value = true
ws.getCell('B4').value = false
ws.getCell('C4').value = { error: '#N/A' }
ws.getCell('D4').value = { formula: '1+1', result: 2 }
ws.getCell('E4').value = { formula: '"a"&"b"', result: 'ab' }
ws.getCell('A7').value = { richText: [{ font: { bold: true }, text: 'bold' }, { text: ' and plain' }] }
ws.getCell('C7').value = 'after a gap'
ws.getCell('A8').value = 'merged'
ws.mergeCells('A8:C8')
ws.getCell('A9').value = 'hidden row'
ws.getRow(9).hidden = true
if (inline) ws.commit()
for (const [name, state, cell, value] of [['Hidden', 'hidden', 'A1', 'x'], ['Empty', 'visible'], ['Second', 'visible', 'B2', 'two']]) {
  const s = wb.addWorksheet(name, { state })
  if (cell) s.getCell(cell).value = value
  if (inline) s.commit()
}
if (inline) wb.commit()
else wb.xlsx.writeFile(out)
