package sheet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// archive/zip is not used for writing, because of what it does to entries of 4 GiB and more: given raw data
// it puts no ZIP64 sizes into the local header, and into the directory it puts an offset that does not
// belong there. Excel is strict about both. As every size and CRC is known before the first byte is
// written, what is left to do is small.

// zipEntry is one file of an archive, compressed by DEFLATE.
type zipEntry struct {
	name  string // ASCII
	crc32 uint32 // of the uncompressed bytes
	size  int64  // compressed
	raw   int64  // uncompressed

	offset int64 // of its local header
}

func (e zipEntry) zip64() bool { return e.size >= math.MaxUint32 || e.raw >= math.MaxUint32 }

const (
	localSignature     = 0x04034b50
	directorySignature = 0x02014b50
	endSignature       = 0x06054b50
	end64Signature     = 0x06064b50
	locator64Signature = 0x07064b50

	zipVersion20 = 20 // DEFLATE
	zipVersion45 = 45 // ZIP64
	zipDeflate   = 8
	zip64Extra   = 1

	// 1980-01-01 00:00, the first moment that ZIP knows: the same rows shall make the same bytes.
	zipDate = 1<<5 | 1
	zipTime = 0
)

// zipWriter writes an archive in one pass, without data descriptors.
type zipWriter struct {
	w       io.Writer
	offset  int64
	entries []zipEntry
}

// Write writes bytes of the entry that was begun last.
func (z *zipWriter) Write(p []byte) (int, error) {
	n, err := z.w.Write(p)
	z.offset += int64(n)
	return n, err
}

// begin writes an entry's local header. The caller then writes e.size bytes of raw DEFLATE.
func (z *zipWriter) begin(e zipEntry) error {
	e.offset = z.offset
	z.entries = append(z.entries, e)
	b := binary.LittleEndian.AppendUint32(nil, localSignature)
	var extra []byte
	if e.zip64() { // both sizes must be there in a local header, even if only one needs it
		extra = appendExtra(nil, uint64(e.raw), uint64(e.size))
	}
	b = e.appendCommon(b, len(extra), e.zip64())
	b = append(b, e.name...)
	if _, err := z.Write(append(b, extra...)); err != nil {
		return fmt.Errorf("write %s: %w", e.name, err)
	}
	return nil
}

// appendCommon appends the fields that local headers and directory entries have in common.
func (e zipEntry) appendCommon(b []byte, extra int, zip64 bool) []byte {
	version := uint16(zipVersion20)
	if zip64 {
		version = zipVersion45
	}
	size, raw := uint32(e.size), uint32(e.raw)
	if e.zip64() {
		size, raw = math.MaxUint32, math.MaxUint32
	}
	b = binary.LittleEndian.AppendUint16(b, version)
	b = binary.LittleEndian.AppendUint16(b, 0) // flags
	b = binary.LittleEndian.AppendUint16(b, zipDeflate)
	b = binary.LittleEndian.AppendUint16(b, zipTime)
	b = binary.LittleEndian.AppendUint16(b, zipDate)
	b = binary.LittleEndian.AppendUint32(b, e.crc32)
	b = binary.LittleEndian.AppendUint32(b, size)
	b = binary.LittleEndian.AppendUint32(b, raw)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(e.name)))
	return binary.LittleEndian.AppendUint16(b, uint16(extra))
}

// close writes the directory.
func (z *zipWriter) close() error {
	start := z.offset
	var b []byte
	for _, e := range z.entries {
		b = e.appendDirectory(b)
	}
	b = z.appendEnd(b, uint64(start), uint64(len(b)))
	if _, err := z.Write(b); err != nil {
		return fmt.Errorf("write directory: %w", err)
	}
	return nil
}

func (e zipEntry) appendDirectory(b []byte) []byte {
	offset := uint32(math.MaxUint32)
	var long []uint64 // in this order, and only those whose short field is full
	if e.zip64() {
		long = append(long, uint64(e.raw), uint64(e.size))
	}
	if e.offset >= math.MaxUint32 {
		long = append(long, uint64(e.offset))
	} else {
		offset = uint32(e.offset)
	}
	var extra []byte
	if len(long) > 0 {
		extra = appendExtra(nil, long...)
	}
	b = binary.LittleEndian.AppendUint32(b, directorySignature)
	b = binary.LittleEndian.AppendUint16(b, zipVersion45) // made by
	b = e.appendCommon(b, len(extra), len(long) > 0)
	b = append(b, make([]byte, 2+2+2+4)...) // comment length, disk, attributes
	b = binary.LittleEndian.AppendUint32(b, offset)
	b = append(b, e.name...)
	return append(b, extra...)
}

func appendExtra(b []byte, values ...uint64) []byte {
	b = binary.LittleEndian.AppendUint16(b, zip64Extra)
	b = binary.LittleEndian.AppendUint16(b, uint16(8*len(values)))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func (z *zipWriter) appendEnd(b []byte, start, size uint64) []byte {
	count := uint64(len(z.entries))
	shortStart, shortCount := uint32(start), uint16(count)
	if start >= math.MaxUint32 || count >= math.MaxUint16 {
		b = appendEnd64(b, start, size, count)
		shortStart = uint32(min(start, math.MaxUint32))
		shortCount = uint16(min(count, math.MaxUint16))
	}
	b = binary.LittleEndian.AppendUint32(b, endSignature)
	b = append(b, 0, 0, 0, 0) // disks
	b = binary.LittleEndian.AppendUint16(b, shortCount)
	b = binary.LittleEndian.AppendUint16(b, shortCount)
	b = binary.LittleEndian.AppendUint32(b, uint32(size)) // a directory of 4 GiB would take 40 million sheets
	b = binary.LittleEndian.AppendUint32(b, shortStart)
	return append(b, 0, 0) // comment length
}

func appendEnd64(b []byte, start, size, count uint64) []byte {
	const remaining = 44 // bytes of the record after its length
	b = binary.LittleEndian.AppendUint32(b, end64Signature)
	b = binary.LittleEndian.AppendUint64(b, remaining)
	b = binary.LittleEndian.AppendUint16(b, zipVersion45)
	b = binary.LittleEndian.AppendUint16(b, zipVersion45)
	b = append(b, make([]byte, 8)...) // disks
	b = binary.LittleEndian.AppendUint64(b, count)
	b = binary.LittleEndian.AppendUint64(b, count)
	b = binary.LittleEndian.AppendUint64(b, size)
	b = binary.LittleEndian.AppendUint64(b, start)

	b = binary.LittleEndian.AppendUint32(b, locator64Signature)
	b = append(b, 0, 0, 0, 0) // disk
	b = binary.LittleEndian.AppendUint64(b, start+size)
	return binary.LittleEndian.AppendUint32(b, 1) // disks
}
