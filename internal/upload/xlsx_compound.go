package upload

import (
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"

	"github.com/longhaul/longhaul/job"
)

// A compound file holds streams in sectors, chained by a table (FAT) that is itself in sectors. Workbooks before 2007
// are such files, and so are encrypted ones of today.
const (
	compoundHeader  = 512
	compoundEntry   = 128     // an entry of the directory
	maxCompoundPart = 1 << 10 // sectors of the directory that are looked at; what tells stands at its beginning
	lastSector      = 0xFFFFFFFA
)

// describeCompound says what a compound file (D0 CF 11 E0 …) is, as the error to refuse it with; another kind of error
// is one of reading.
func describeCompound(r io.ReaderAt, size int64) error {
	names, err := compoundNames(r, size)
	var f *flaw
	if err != nil && !errors.As(err, &f) {
		return err
	}
	switch {
	case names["EncryptedPackage"], names["EncryptionInfo"]:
		return job.Errorf(job.CodeInvalid, "the workbook is protected with a password or by rights management; save it without")
	case names["Workbook"], names["Book"]:
		return job.Errorf(job.CodeInvalid, "the file is a workbook of Excel 97-2003 (.xls); save it as .xlsx")
	case names["WordDocument"]:
		return job.Errorf(job.CodeInvalid, "the file is a text document, not a workbook")
	case err != nil:
		return job.Errorf(job.CodeInvalid, "the file is a damaged workbook of Excel 97-2003 (.xls) or a protected one: %s", f.what)
	}
	return job.Errorf(job.CodeInvalid, "the file is a compound document of another program, not a workbook")
}

// compoundNames returns the names of the streams as far as they can be read.
func compoundNames(r io.ReaderAt, size int64) (map[string]bool, error) {
	names := map[string]bool{}
	if size < compoundHeader {
		return names, flawf("it is cut off")
	}
	h := make([]byte, compoundHeader)
	if err := readAt(r, h, 0); err != nil {
		return names, err
	}
	shift := binary.LittleEndian.Uint16(h[30:])
	if shift != 9 && shift != 12 {
		return names, flawf("its sectors have no valid size")
	}
	c := compound{r: r, size: size, header: h, sector: 1 << shift}
	at := binary.LittleEndian.Uint32(h[48:])
	b := make([]byte, c.sector)
	for range maxCompoundPart {
		if at >= lastSector {
			break
		}
		if err := c.read(b, at, 0); err != nil {
			return names, err
		}
		for entry := b; len(entry) >= compoundEntry; entry = entry[compoundEntry:] {
			names[compoundName(entry)] = true
		}
		var err error
		if at, err = c.next(at); err != nil {
			return names, err
		}
	}
	return names, nil
}

// compoundName reads an entry's name, "" for one that is not used.
func compoundName(entry []byte) string {
	length := int(binary.LittleEndian.Uint16(entry[64:]))
	if entry[66] == 0 || length < 2 || length > 64 {
		return ""
	}
	units := make([]uint16, length/2-1)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(entry[2*i:])
	}
	return string(utf16.Decode(units))
}

type compound struct {
	r      io.ReaderAt
	size   int64
	header []byte
	sector int
}

// read reads from a sector, the first of which follows the header.
func (c *compound) read(b []byte, sector uint32, from int) error {
	at := (int64(sector)+1)*int64(c.sector) + int64(from)
	if at+int64(len(b)) > c.size {
		return flawf("it is cut off")
	}
	return readAt(c.r, b, at)
}

// next returns the sector behind one. The header has the places of the first 109 sectors of the table, enough for
// 7 MB in small sectors; directories begin before that.
func (c *compound) next(sector uint32) (uint32, error) {
	perSector := uint32(c.sector / 4)
	which := sector / perSector
	if which >= 109 {
		return lastSector, nil
	}
	var b [4]byte
	if err := c.read(b[:], binary.LittleEndian.Uint32(c.header[76+4*which:]), int(sector%perSector)*4); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}
