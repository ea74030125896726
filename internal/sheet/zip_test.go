package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// A sheet of 4.5 GiB compressed and 30 GiB uncompressed, and one behind it: sizes and offset need ZIP64. The
// data are zeros and no DEFLATE; it is the headers that count here.
func TestArchiveBeyond4GiB(t *testing.T) {
	t.Parallel()
	const dataSize, pages = 64 << 20, 72
	layout := Layout{Format: XLSX, Columns: []Column{{Header: "a"}}}
	info := Info{Format: XLSX, Layout: layout.fingerprint(), Rows: 100, RawSize: 433 << 20, RawCRC32: 0xDEADBEEF, DataSize: dataSize}
	for left := int64(dataSize); left > 0; left -= int64(len(zeros)) {
		info.DataCRC32 = crc32.Update(info.DataCRC32, crc32.IEEETable, zeros[:])
	}
	infos := make([]Info, pages+1)
	for i := range infos {
		infos[i] = info
		infos[i].FirstRow = firstDataRow + i%pages*100
	}
	open := func(_ context.Context, i int) (io.ReadCloser, error) {
		header := infos[i].appendHeader(nil)
		return io.NopCloser(io.MultiReader(bytes.NewReader(header), io.LimitReader(zeroReader{}, dataSize))), nil
	}
	file := &sparseFile{blocks: map[int64][]byte{}}
	summary, err := assemble(t.Context(), file, layout, infos, open, nil, pages*100+1)
	require.NoError(t, err)
	require.Equal(t, Summary{Rows: (pages + 1) * 100, Sheets: 2}, summary)

	archive, err := zip.NewReader(file, file.size)
	require.NoError(t, err)
	entries := map[string]*zip.File{}
	for _, entry := range archive.File {
		entries[entry.Name] = entry
		checkLocalHeader(t, file, entry)
	}
	first, second := entries["xl/worksheets/sheet1.xml"], entries["xl/worksheets/sheet2.xml"]
	require.Greater(t, first.CompressedSize64, uint64(pages*dataSize))
	require.Greater(t, first.UncompressedSize64, uint64(pages*info.RawSize))
	require.Less(t, first.UncompressedSize64, uint64(pages*info.RawSize+10_000))
	offset, err := second.DataOffset()
	require.NoError(t, err)
	require.Greater(t, offset, int64(math.MaxUint32))

	// The directory says in 64 bits what does not fit into 32, and nothing else.
	require.Equal(t, []int{16}, extraSizes(t, first.Extra), "both sizes")
	require.Equal(t, []int{8}, extraSizes(t, second.Extra), "offset only")
	require.Empty(t, entries["xl/styles.xml"].Extra)
	require.Equal(t, uint16(zipVersion45), first.ReaderVersion)
	require.Equal(t, uint16(zipVersion20), entries["xl/styles.xml"].ReaderVersion)
}

// checkLocalHeader compares a local header with the directory, field by field: Excel reads both.
func checkLocalHeader(t *testing.T, file io.ReaderAt, entry *zip.File) {
	t.Helper()
	dataOffset, err := entry.DataOffset()
	require.NoError(t, err)
	extra := int64(0)
	long := entry.CompressedSize64 >= math.MaxUint32 || entry.UncompressedSize64 >= math.MaxUint32
	if long {
		extra = 20
	}
	header := make([]byte, 30+int64(len(entry.Name))+extra)
	_, err = file.ReadAt(header, dataOffset-int64(len(header)))
	require.NoError(t, err)
	u16, u32, u64 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	require.Equal(t, uint32(localSignature), u32(header))
	require.Zero(t, u16(header[6:]), "flags: no data descriptor")
	require.Equal(t, entry.CRC32, u32(header[14:]))
	require.Equal(t, entry.Name, string(header[30:30+len(entry.Name)]))
	if !long {
		require.EqualValues(t, zipVersion20, u16(header[4:]))
		require.EqualValues(t, entry.CompressedSize64, u32(header[18:]))
		require.EqualValues(t, entry.UncompressedSize64, u32(header[22:]))
		return
	}
	require.EqualValues(t, zipVersion45, u16(header[4:]))
	require.EqualValues(t, math.MaxUint32, u32(header[18:]))
	require.EqualValues(t, math.MaxUint32, u32(header[22:]))
	sizes := header[30+len(entry.Name):]
	require.EqualValues(t, zip64Extra, u16(sizes))
	require.EqualValues(t, 16, u16(sizes[2:]))
	require.Equal(t, entry.UncompressedSize64, u64(sizes[4:]))
	require.Equal(t, entry.CompressedSize64, u64(sizes[12:]))
}

func extraSizes(t *testing.T, extra []byte) (sizes []int) {
	t.Helper()
	for len(extra) > 0 {
		require.EqualValues(t, zip64Extra, binary.LittleEndian.Uint16(extra))
		size := int(binary.LittleEndian.Uint16(extra[2:]))
		sizes = append(sizes, size)
		extra = extra[4+size:]
	}
	return sizes
}

var zeros [64 << 10]byte

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// sparseFile keeps only those blocks of what is written that are not all zero.
type sparseFile struct {
	blocks map[int64][]byte
	size   int64
}

const sparseBlock = 4096

func (f *sparseFile) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		number, at := f.size/sparseBlock, f.size%sparseBlock
		n := min(len(p), int(sparseBlock-at))
		if !bytes.Equal(p[:n], zeros[:n]) {
			if f.blocks[number] == nil {
				f.blocks[number] = make([]byte, sparseBlock)
			}
			copy(f.blocks[number][at:], p[:n])
		}
		p = p[n:]
		f.size += int64(n)
	}
	return written, nil
}

func (f *sparseFile) ReadAt(p []byte, offset int64) (int, error) {
	for i := range p {
		if offset+int64(i) >= f.size {
			return i, io.EOF
		}
		p[i] = 0
		if block := f.blocks[(offset+int64(i))/sparseBlock]; block != nil {
			p[i] = block[(offset+int64(i))%sparseBlock]
		}
	}
	return len(p), nil
}
