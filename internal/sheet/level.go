package sheet

import "github.com/klauspost/compress/flate"

// rowsLevel is the compression level of fragments. Measured on rows of 12 columns, 700 bytes of XML each,
// next to 0.3 µs for making that XML, as the best of many short runs (BenchmarkEncode gives the sum):
//
//	klauspost 1  0.90 µs/row  93.3 bytes/row      standard library 1  2.0 µs/row  97.4 bytes/row
//	klauspost 3  1.06 µs/row  90.5 bytes/row      standard library 5  5.5 µs/row  76.2 bytes/row
//	klauspost 5  1.69 µs/row  82.1 bytes/row      standard library 6  8.6 µs/row  74.7 bytes/row
//	klauspost 6  2.06 µs/row  77.7 bytes/row
//
// Nearly half of the bytes are the cells' references: each breaks the repetition that its cell would be
// otherwise. Level 6 would spare a download a sixth of its bytes and cost the encoder its time over again.
// A workbook of a million rows is 93 MB at level 1, a quarter more than excelize's own stream makes at the
// standard library's 6; its pages are encoded in a few seconds of one core. So time goes first.
//
// Changing the level changes the bytes of every file, though not what they say.
const rowsLevel = flate.BestSpeed

// partsLevel is for the workbook's other parts: a few kilobytes, written once per file.
const partsLevel = flate.DefaultCompression
