// node sheetjs.js OUT [shared]   (npm xlsx)
const X = require('xlsx')
const [out, shared] = process.argv.slice(2)
const ws = X.utils.aoa_to_sheet([
  ['id', '상품 & <name>', ' padded ', 'line\nbreak', '😀', '_x0041_'],
  [1, 0.1, -1234.5, 123456789012345, 1e-10, 1.5e20],
  [], [true, false], [], [],
  ['bold and plain', null, 'after a gap'], ['merged'], ['hidden row'],
])
const moments = [[45351, 'yyyy-mm-dd'], [45351 + 7.75 / 24, 'yyyy-mm-dd hh:mm'], [(7 * 3600 + 44 * 60 + 59) / 86400, 'hh:mm:ss'], [36.5 / 24, '[h]:mm'], [36525, 'mm-dd-yy']]
moments.forEach(([v, z], i) => { ws[X.utils.encode_cell({ r: 2, c: i })] = { t: 'n', v, z } })
ws.C4 = { t: 'e', v: 42 }
ws.D4 = { t: 'n', v: 2, f: '1+1' }
ws.E4 = { t: 's', v: 'ab', f: '"a"&"b"' }
ws['!merges'] = [X.utils.decode_range('A8:C8')]
ws['!rows'] = []; ws['!rows'][8] = { hidden: true }
const wb = X.utils.book_new()
X.utils.book_append_sheet(wb, ws, 'Orders')
X.utils.book_append_sheet(wb, X.utils.aoa_to_sheet([['x']]), 'Hidden')
X.utils.book_append_sheet(wb, X.utils.aoa_to_sheet([]), 'Empty')
X.utils.book_append_sheet(wb, X.utils.aoa_to_sheet([[], [null, 'two']]), 'Second')
wb.Workbook = { Sheets: [{}, { Hidden: 1 }, {}, {}] }
X.writeFile(wb, out, { bookSST: !!shared, compression: true })
