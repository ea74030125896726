package upload

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

func TestZIP64(t *testing.T) {
	t.Parallel()
	file := book{}.bytes(t)
	want := requireCells(t, file)
	require.Equal(t, want, requireCells(t, withZIP64Directory(t, file)))
}

// withZIP64Directory moves sizes and offsets of the directory into ZIP64 fields, as for a file beyond 4 GiB.
func withZIP64Directory(t *testing.T, file []byte) []byte {
	t.Helper()
	at := lastZipEnd(file)
	records := int(binary.LittleEndian.Uint16(file[at+10:]))
	start := int(binary.LittleEndian.Uint32(file[at+16:]))
	directory, out := file[start:at], bytes.Clone(file[:start])
	for range records {
		name, extra := int(binary.LittleEndian.Uint16(directory[28:])), int(binary.LittleEndian.Uint16(directory[30:]))
		h := bytes.Clone(directory[:zipCentralSize+name])
		field := binary.LittleEndian.AppendUint16(nil, zipExtra64)
		field = binary.LittleEndian.AppendUint16(field, 24)
		for _, from := range []int{24, 20, 42} { // unpacked, packed, offset
			field = binary.LittleEndian.AppendUint64(field, uint64(binary.LittleEndian.Uint32(h[from:])))
			binary.LittleEndian.PutUint32(h[from:], 1<<32-1)
		}
		binary.LittleEndian.PutUint16(h[30:], uint16(len(field)+extra))
		out = append(append(append(out, h...), directory[zipCentralSize+name:zipCentralSize+name+extra]...), field...)
		directory = directory[zipCentralSize+name+extra:]
	}
	end := len(out)
	out = binary.LittleEndian.AppendUint32(out, zipEnd64)
	out = append(out, make([]byte, 20)...)
	for _, v := range []int{records, records, end - start, start} {
		out = binary.LittleEndian.AppendUint64(out, uint64(v))
	}
	out = binary.LittleEndian.AppendUint32(out, zipLocator64)
	out = binary.LittleEndian.AppendUint32(out, 0)
	out = binary.LittleEndian.AppendUint64(out, uint64(end))
	out = binary.LittleEndian.AppendUint32(out, 1)
	tail := bytes.Clone(file[at : at+zipEndSize])
	for i := 8; i < 20; i++ {
		tail[i] = 0xFF
	}
	return append(out, tail...)
}

func TestArchivesOfOtherMakes(t *testing.T) {
	t.Parallel()
	file := book{}.bytes(t)
	want := requireCells(t, file)

	comment := bytes.Clone(file)
	binary.LittleEndian.PutUint16(comment[len(comment)-2:], 5)
	require.Equal(t, want, requireCells(t, append(comment, "hello"...)), "a comment at the end")
	require.Equal(t, want, requireCells(t, append([]byte("#!/bin/sh\n"), file...)), "something before the archive")

	var stored bytes.Buffer
	z := zip.NewWriter(&stored)
	_, err := z.Create("xl/")
	require.NoError(t, err)
	for name, text := range ordinary() {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.Equal(t, want, requireCells(t, stored.Bytes()), "not compressed")
}

// TestCutOffAnywhere tells a file that ends early, which will not get better, from storage that fails.
func TestCutOffAnywhere(t *testing.T) {
	t.Parallel()
	file := book{}.bytes(t)
	for size := range file {
		_, err := cellsOf(t.Context(), file[:size], Limits{})
		requireRefused(t, err, job.CodeInvalid, "damaged")

		w, err := openWorkbook(t.Context(), failingReader{bytes.NewReader(file), int64(size)}, int64(len(file)), Limits{}.withDefaults())
		if err == nil {
			rows := w.rows(t.Context())
			for err == nil {
				_, err = rows.next()
			}
			require.NoError(t, rows.close())
		}
		require.ErrorIs(t, err, errStorage, "storage fails behind %d bytes", size)

		// The storage has less than it said.
		_, err = openWorkbook(t.Context(), bytes.NewReader(file[:size]), int64(len(file)), Limits{}.withDefaults())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}

// TestFlippedBits: whatever is found wrong is the file's fault, and cells that are read before are right.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	file := book{}.bytes(t)
	want := requireCells(t, file)
	for at := range file {
		bad := bytes.Clone(file)
		bad[at] ^= 1 << (at % 8)
		cells, err := cellsOf(t.Context(), bad, Limits{})
		if err == nil {
			require.Equal(t, want, cells, "byte %d", at) // dates, versions and the like
			continue
		}
		var e *job.Error
		require.ErrorAs(t, err, &e, "byte %d", at)
	}
}

// raw is an archive made by hand, with a directory that says what it likes.
type raw struct {
	name             string
	text             string
	crc              uint32
	packed, unpacked int // what the directory says; of a part that is stored
	flags, method    uint16
	offset           int
}

func rawZip(entries ...raw) []byte {
	var out, directory []byte
	for _, e := range entries {
		at := len(out)
		if e.offset != 0 {
			at = e.offset - 1
		}
		out = binary.LittleEndian.AppendUint32(out, zipLocal)
		out = append(out, make([]byte, 22)...)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(e.name)))
		out = binary.LittleEndian.AppendUint16(out, 0)
		out = append(append(out, e.name...), e.text...)
		h := make([]byte, zipCentralSize)
		binary.LittleEndian.PutUint32(h, zipCentral)
		binary.LittleEndian.PutUint16(h[8:], e.flags)
		binary.LittleEndian.PutUint16(h[10:], e.method)
		binary.LittleEndian.PutUint32(h[16:], e.crc)
		binary.LittleEndian.PutUint32(h[20:], uint32(e.packed))
		binary.LittleEndian.PutUint32(h[24:], uint32(e.unpacked))
		binary.LittleEndian.PutUint16(h[28:], uint16(len(e.name)))
		binary.LittleEndian.PutUint32(h[42:], uint32(at))
		directory = append(append(directory, h...), e.name...)
	}
	start := len(out)
	out = append(out, directory...)
	out = binary.LittleEndian.AppendUint32(out, zipEnd)
	out = append(out, make([]byte, 4)...)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(entries)))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(entries)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(directory)))
	out = binary.LittleEndian.AppendUint32(out, uint32(start))
	return append(out, 0, 0)
}

// stored is an honest entry.
func stored(name, text string) raw {
	return raw{name: name, text: text, crc: crc32.ChecksumIEEE([]byte(text)), packed: len(text), unpacked: len(text)}
}

func TestDirectoriesThatLie(t *testing.T) {
	t.Parallel()
	const main = "_rels/.rels"
	text := ordinary()[main]
	honest := stored(main, text)
	change := func(f func(*raw)) []byte {
		e := honest
		f(&e)
		return rawZip(e, stored("b", "x"))
	}
	for name, c := range map[string]struct {
		file  []byte
		words []string
	}{
		"more than said": {change(func(e *raw) { e.unpacked-- }), []string{"more than the directory says"}},
		"less than said": {change(func(e *raw) { e.unpacked++ }), []string{"less than the directory says"}},
		"checksum":       {change(func(e *raw) { e.crc++ }), []string{"checksum", main}},
		"beyond the end": {change(func(e *raw) { e.packed, e.unpacked = 1<<20, 1<<20 }), []string{"does not fit"}},
		"method":         {change(func(e *raw) { e.method = 9 }), []string{"method 9"}},
		"encrypted":      {change(func(e *raw) { e.flags = 1 }), []string{"password"}},
		"elsewhere":      {change(func(e *raw) { e.offset = 2; e.packed = 10 }), []string{"not where the directory says"}},
		"not deflated":   {change(func(e *raw) { e.method = zipDeflated }), []string{"cannot be unpacked"}},
		"overlapping":    {rawZip(honest, raw{name: "b", text: "x", packed: 10, unpacked: 10, offset: 1}), []string{"does not fit"}},
		"long name":      {rawZip(honest, stored(strings.Repeat("n", 2_000), "x")), []string{"a name of 2,000 bytes"}},
		"twice":          {rawZip(honest, stored(`_RELS\.rels`, "x")), []string{"two parts"}},
		"no end":         {[]byte("PK\x03\x04"), []string{"cut off"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := openBytes(t.Context(), c.file, Limits{})
			requireRefused(t, err, job.CodeInvalid, c.words...)
		})
	}
	lying := rawZip(honest, stored("b", "x"))
	for _, at := range []int{8, 10} {
		binary.LittleEndian.PutUint16(lying[len(lying)-zipEndSize+at:], 1)
	}
	_, err := openBytes(t.Context(), lying, Limits{})
	requireRefused(t, err, job.CodeInvalid, "more entries than it says")
}

// TestBombs: what unpacks to more than allowed costs nothing, whether the directory says so or not.
func TestBombs(t *testing.T) {
	t.Parallel()
	bomb := book{sheetPart: sheetXML(strings.Repeat(" ", 12<<20))}.bytes(t)
	require.Less(t, len(bomb), 100<<10)
	_, err := openBytes(t.Context(), bomb, Limits{Expanded: 10 << 20})
	requireRefused(t, err, job.CodeTooLarge, "10.0 MiB", "LONGHAUL_UPLOAD_MAX_EXPANDED")

	at := bytes.LastIndex(bomb, []byte(sheetPart)) - zipCentralSize // its entry in the directory
	binary.LittleEndian.PutUint32(bomb[at+24:], 1<<20)
	_, err = openBytes(t.Context(), bomb, Limits{Expanded: 10 << 20})
	requireRefused(t, err, job.CodeInvalid, "sheet Data", "more than the directory says")
}
