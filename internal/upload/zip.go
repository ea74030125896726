package upload

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/longhaul/longhaul/job"
)

// archive/zip is not used for reading: it holds the whole directory before anybody can count its entries, it does
// not tell a damaged archive from storage that failed, and it lets entries overlap, which is how 10 MB unpack to
// 281 TB.

const (
	zipLocal     = 0x04034b50
	zipCentral   = 0x02014b50
	zipEnd       = 0x06054b50
	zipEnd64     = 0x06064b50
	zipLocator64 = 0x07064b50

	zipLocalSize     = 30
	zipCentralSize   = 46
	zipEndSize       = 22
	zipEnd64Size     = 56
	zipLocator64Size = 20

	zipStored   = 0
	zipDeflated = 8

	zipExtra64 = 1

	// maxPartName bounds what the directory takes in memory; workbooks have names of some 30 bytes.
	maxPartName = 1_024
)

// flaw is something wrong with the inside of a file. Whoever knows the place turns it into a [*job.Error].
type flaw struct{ what string }

func (f *flaw) Error() string { return f.what }

func flawf(format string, args ...any) error { return &flaw{what: fmt.Sprintf(format, args...)} }

// archive is the directory of a ZIP file, checked.
type archive struct {
	r       io.ReaderAt
	size    int64
	entries map[string]*zipEntry // by partKey
}

// zipEntry is one file of an archive.
type zipEntry struct {
	name             string
	method           uint16
	encrypted        bool
	crc              uint32
	packed, unpacked int64
	offset           int64 // of the local header
}

// partKey is how names are compared: without regard to case, and with backslashes taken for slashes.
func partKey(name string) string {
	return strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(name, `\`, "/")), "/")
}

// find returns the entry of that name, or nil.
func (a *archive) find(name string) *zipEntry { return a.entries[partKey(name)] }

// zipTail is what the end of an archive says about its directory.
type zipTail struct {
	records      uint64
	offset, size uint64 // of the directory
	end          int64  // where the directory ends at the latest
}

// openArchive reads the directory, and refuses what has too many entries, unpacks to too much or cannot be so.
func openArchive(r io.ReaderAt, size int64, l Limits) (*archive, error) {
	tail, err := readZipTail(r, size)
	if err != nil {
		return nil, err
	}
	if tail.records > uint64(l.Entries) {
		return nil, l.entriesError(int(min(tail.records, 1<<31-1)))
	}
	if tail.size > uint64(tail.end) || tail.offset > uint64(tail.end)-tail.size {
		return nil, flawf("its directory lies outside the file")
	}
	// Bytes put before the archive move everything by as much; some programs count them in, others do not.
	base := tail.end - int64(tail.size) - int64(tail.offset)
	if base > 0 && tail.records > 0 {
		var signature [4]byte
		if err := readAt(r, signature[:], int64(tail.offset)); err != nil {
			return nil, err
		}
		if binary.LittleEndian.Uint32(signature[:]) == zipCentral {
			base = 0
		}
	}
	a := &archive{r: r, size: size, entries: make(map[string]*zipEntry, tail.records)}
	in := newStretch(r, base+int64(tail.offset), int64(tail.size))
	if err := a.readDirectory(bufio.NewReaderSize(in, 32<<10), int(tail.records), base, l); err != nil {
		return nil, in.cause(err)
	}
	return a, a.checkOverlap(base + int64(tail.offset))
}

// readZipTail finds the end record: the last 22 bytes of the file, unless a comment follows.
func readZipTail(r io.ReaderAt, size int64) (zipTail, error) {
	window := make([]byte, min(size, zipEndSize+1<<16-1))
	start := size - int64(len(window))
	if err := readAt(r, window, start); err != nil {
		return zipTail{}, err
	}
	at := lastZipEnd(window)
	if at < 0 {
		return zipTail{}, flawf("it is cut off: the end, which holds its directory, is missing")
	}
	end := window[at:]
	tail := zipTail{
		records: uint64(binary.LittleEndian.Uint16(end[10:])),
		size:    uint64(binary.LittleEndian.Uint32(end[12:])),
		offset:  uint64(binary.LittleEndian.Uint32(end[16:])),
		end:     start + int64(at),
	}
	if tail.records != 1<<16-1 && tail.size != 1<<32-1 && tail.offset != 1<<32-1 {
		return tail, nil
	}
	return readZip64Tail(r, tail)
}

// lastZipEnd returns where the end record begins in the last bytes of a file, or -1.
func lastZipEnd(window []byte) int {
	for at := len(window) - zipEndSize; at >= 0; at-- {
		if window[at] != 'P' || binary.LittleEndian.Uint32(window[at:]) != zipEnd {
			continue
		}
		comment := int(binary.LittleEndian.Uint16(window[at+20:]))
		if at+zipEndSize+comment <= len(window) {
			return at
		}
	}
	return -1
}

// readZip64Tail returns tail as the ZIP64 end record has it, if there is one: 65,535 entries can be meant as said.
func readZip64Tail(r io.ReaderAt, tail zipTail) (zipTail, error) {
	if tail.end < zipLocator64Size {
		return tail, nil
	}
	var locator [zipLocator64Size]byte
	if err := readAt(r, locator[:], tail.end-zipLocator64Size); err != nil {
		return tail, err
	}
	if binary.LittleEndian.Uint32(locator[:]) != zipLocator64 {
		return tail, nil
	}
	at := binary.LittleEndian.Uint64(locator[8:])
	if latest := tail.end - zipLocator64Size - zipEnd64Size; latest < 0 || at > uint64(latest) {
		return tail, flawf("its directory lies outside the file")
	}
	var end [zipEnd64Size]byte
	if err := readAt(r, end[:], int64(at)); err != nil {
		return tail, err
	}
	if binary.LittleEndian.Uint32(end[:]) != zipEnd64 {
		return tail, flawf("the end of its directory is missing")
	}
	return zipTail{
		records: binary.LittleEndian.Uint64(end[32:]),
		size:    binary.LittleEndian.Uint64(end[40:]),
		offset:  binary.LittleEndian.Uint64(end[48:]),
		end:     int64(at),
	}, nil
}

func (a *archive) readDirectory(in *bufio.Reader, records int, base int64, l Limits) error {
	var unpacked int64
	for range records {
		e, err := readZipEntry(in)
		if err != nil {
			return err
		}
		if e.packed < 0 || e.unpacked < 0 || e.offset < 0 || e.offset > a.size-base {
			return flawf("its directory places part %q outside the file", e.name)
		}
		e.offset += base
		if e.unpacked > l.Expanded-unpacked {
			return l.expandedError()
		}
		unpacked += e.unpacked
		if strings.HasSuffix(e.name, "/") && e.unpacked == 0 {
			continue // a folder
		}
		key := partKey(e.name)
		if other := a.entries[key]; other != nil {
			return flawf("it has two parts named %q", e.name)
		}
		a.entries[key] = e
	}
	if more, err := in.Peek(4); err == nil && binary.LittleEndian.Uint32(more) == zipCentral {
		return flawf("its directory has more entries than it says")
	}
	return nil
}

// readZipEntry reads an entry of the directory.
func readZipEntry(in *bufio.Reader) (*zipEntry, error) {
	var h [zipCentralSize]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return nil, flawf("its directory is cut off")
	}
	if binary.LittleEndian.Uint32(h[:]) != zipCentral {
		return nil, flawf("its directory is damaged")
	}
	e := &zipEntry{
		encrypted: h[8]&1 != 0,
		method:    binary.LittleEndian.Uint16(h[10:]),
		crc:       binary.LittleEndian.Uint32(h[16:]),
		packed:    int64(binary.LittleEndian.Uint32(h[20:])),
		unpacked:  int64(binary.LittleEndian.Uint32(h[24:])),
		offset:    int64(binary.LittleEndian.Uint32(h[42:])),
	}
	name := make([]byte, binary.LittleEndian.Uint16(h[28:]))
	if len(name) > maxPartName {
		return nil, flawf("its directory has a name of %s bytes", grouped(int64(len(name))))
	}
	extra := make([]byte, binary.LittleEndian.Uint16(h[30:]))
	_, err := io.ReadFull(in, name)
	if err == nil {
		_, err = io.ReadFull(in, extra)
	}
	if err == nil {
		_, err = in.Discard(int(binary.LittleEndian.Uint16(h[32:]))) // comment
	}
	if err != nil {
		return nil, flawf("its directory is cut off")
	}
	e.name = string(bytes.ToValidUTF8(name, []byte("?")))
	return e, e.readExtra(extra)
}

// readExtra takes the sizes that did not fit the entry itself from its ZIP64 field. They stand there in a fixed
// order, each only if it is needed.
func (e *zipEntry) readExtra(extra []byte) error {
	needed := []*int64{&e.unpacked, &e.packed, &e.offset}
	needed = slices.DeleteFunc(needed, func(v *int64) bool { return *v != 1<<32-1 })
	for len(extra) >= 4 && len(needed) > 0 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if size > len(extra) {
			break // some programs pad with what is no field
		}
		field := extra[:size]
		extra = extra[size:]
		if id != zipExtra64 {
			continue
		}
		for _, v := range needed {
			if len(field) < 8 {
				return flawf("its directory lacks the size of part %q", e.name)
			}
			*v = int64(binary.LittleEndian.Uint64(field))
			field = field[8:]
		}
		return nil
	}
	return nil // 4,294,967,295 can be meant as said
}

// checkOverlap refuses entries that share bytes with others or with the directory.
func (a *archive) checkOverlap(directory int64) error {
	all := make([]*zipEntry, 0, len(a.entries))
	for _, e := range a.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(x, y *zipEntry) int { return cmp.Compare(x.offset, y.offset) })
	for i, e := range all {
		next := directory
		if i+1 < len(all) {
			next = min(next, all[i+1].offset)
		}
		if e.packed > next-e.offset-zipLocalSize {
			return flawf("part %q does not fit where it stands", e.name)
		}
	}
	return nil
}

// refuse makes what the user is told of a flaw; other errors pass. place may be empty.
func refuse(place string, err error) error {
	f, ok := err.(*flaw) //nolint:errorlint // flaws are never wrapped: they become job errors here
	if !ok {
		return err
	}
	if place != "" {
		place += ": "
	}
	return job.Errorf(job.CodeInvalid, "the workbook is damaged: %s%s", place, f.what)
}
