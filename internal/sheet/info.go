package sheet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Info tells what a fragment holds. It is stored in the fragment's header.
type Info struct {
	Format Format
	// Layout is the fingerprint of the layout that the rows were encoded for.
	Layout uint64

	// FirstRow is the row of its sheet, from 1, that the first of Rows is in; zero for CSV.
	FirstRow int
	Rows     int64
	// CellsTruncated counts texts cut at [MaxCellChars].
	CellsTruncated int64
	// CharsEscaped counts characters that the format cannot hold: those that XML forbids, written as
	// _xHHHH_, and bytes that are not UTF-8, replaced by U+FFFD.
	CharsEscaped int64
	// CellsAsText counts values of number, date and flag columns that had to be written as text.
	CellsAsText int64
	// CellsGuarded counts texts that got a leading apostrophe; CSV only.
	CellsGuarded int64

	RawSize   int64  // bytes of the rows, uncompressed
	DataSize  int64  // bytes stored after the header
	RawCRC32  uint32 // of the rows, uncompressed
	DataCRC32 uint32 // of the bytes stored after the header
}

// HeaderSize is the number of bytes at the front of a stored fragment that hold its [Info].
const HeaderSize = 92

const (
	magic         = "LHFR"
	headerVersion = 2 // 1 had no row numbers
)

// ErrDamaged is what errors about a stored fragment are when its bytes are not as they were written by this
// program, or by another version of it. The page has to be encoded again.
var ErrDamaged = errors.New("fragment is not as it was written")

// header layout, little endian: magic 4, version 1, format 1, zero 2, layout 8, first row 8, seven counts of
// 8, two CRC-32 of 4, CRC-32 of all that comes before it 4.
func (in Info) appendHeader(b []byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = append(b, headerVersion, formatByte(in.Format), 0, 0)
	b = binary.LittleEndian.AppendUint64(b, in.Layout)
	b = binary.LittleEndian.AppendUint64(b, uint64(in.FirstRow))
	for _, n := range in.counts() {
		b = binary.LittleEndian.AppendUint64(b, uint64(*n))
	}
	b = binary.LittleEndian.AppendUint32(b, in.RawCRC32)
	b = binary.LittleEndian.AppendUint32(b, in.DataCRC32)
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}

func (in *Info) counts() [7]*int64 {
	return [7]*int64{
		&in.Rows, &in.CellsTruncated, &in.CharsEscaped, &in.CellsAsText, &in.CellsGuarded,
		&in.RawSize, &in.DataSize,
	}
}

// ReadInfo reads the first [HeaderSize] bytes of a stored fragment; more are ignored. It fails on a header
// that is short, foreign or altered, by [ErrDamaged].
func ReadInfo(header []byte) (Info, error) {
	if len(header) < HeaderSize {
		return Info{}, fmt.Errorf("%w: header has %d bytes of %d", ErrDamaged, len(header), HeaderSize)
	}
	b := header[:HeaderSize]
	if string(b[:len(magic)]) != magic {
		return Info{}, fmt.Errorf("%w: it is no fragment", ErrDamaged)
	}
	if b[4] != headerVersion {
		return Info{}, fmt.Errorf("%w: header has version %d, this program knows %d", ErrDamaged, b[4], headerVersion)
	}
	if crc32.ChecksumIEEE(b[:HeaderSize-4]) != binary.LittleEndian.Uint32(b[HeaderSize-4:]) {
		return Info{}, fmt.Errorf("%w: the checksum of its header does not fit", ErrDamaged)
	}
	in := Info{
		Format: XLSX, Layout: binary.LittleEndian.Uint64(b[8:]), FirstRow: int(binary.LittleEndian.Uint64(b[16:])),
	}
	if b[5] == formatByte(CSV) {
		in.Format = CSV
	}
	counts := in.counts()
	for i, n := range counts {
		*n = int64(binary.LittleEndian.Uint64(b[24+8*i:]))
	}
	crcs := b[24+8*len(counts):]
	in.RawCRC32 = binary.LittleEndian.Uint32(crcs)
	in.DataCRC32 = binary.LittleEndian.Uint32(crcs[4:])
	return in, nil
}

func formatByte(f Format) byte {
	if f == CSV {
		return 2
	}
	return 1
}
