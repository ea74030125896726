package target

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"
)

// ErrDamaged is what errors about stored rows or verdicts are when their bytes are not as they were written by
// this program, or by another version of it.
var ErrDamaged = errors.New("stored rows are not as they were written")

// What is stored:
//
//	magic 4, version 1, content 1, number of rows varint, blocks, CRC-32 (IEEE) of all that comes before it 4
//
// and each block: its compressed length as a varint, then S2. Together the blocks hold, of rows, for each:
//
//	sheet varint, number as a signed varint from the number of the row before, values varint, the values
//
// and of verdicts a byte for each.
const (
	codecMagic   = "LHRW"
	codecVersion = 1

	contentRows     = 'r'
	contentVerdicts = 'v'

	headerSize = len(codecMagic) + 2
	crcSize    = 4

	// blockSize is how many bytes, uncompressed, a block has at most. The lengths in it are believed before it is
	// decompressed, so this is also what a forged one can make a reader allocate for nothing. Nearly every chunk is
	// one block; S2 finds repetitions within one only.
	blockSize = 1 << 20
	// minRowSize is how many bytes a row has at least.
	minRowSize = 3
)

// tag says what kind of value follows it.
type tag byte

const (
	tagNil tag = iota
	tagString
	tagInt
	tagFalse
	tagTrue
	tagTime
	tagDecimal
)

// EncodeRows makes rows into bytes for [DecodeRows]. Times are kept as instants, to the nanosecond. It panics on a
// value of a type that a [Row] must not have.
func EncodeRows(rows []Row) []byte {
	const expected = 128 // bytes of a row of ten values; a guess that spares copying
	b := make([]byte, 0, len(rows)*expected)
	number := 0
	for i := range rows {
		r := &rows[i]
		b = binary.AppendUvarint(b, uint64(r.Sheet))
		b = binary.AppendVarint(b, int64(r.Number-number))
		number = r.Number
		b = binary.AppendUvarint(b, uint64(len(r.Values)))
		for _, v := range r.Values {
			b = appendValue(b, v)
		}
	}
	return pack(contentRows, len(rows), b)
}

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, byte(tagNil))
	case string:
		return appendText(b, tagString, v)
	case int64:
		return binary.AppendVarint(append(b, byte(tagInt)), v)
	case bool:
		if v {
			return append(b, byte(tagTrue))
		}
		return append(b, byte(tagFalse))
	case time.Time:
		b = binary.AppendVarint(append(b, byte(tagTime)), v.Unix())
		return binary.AppendUvarint(b, uint64(v.Nanosecond()))
	case Decimal:
		return appendText(b, tagDecimal, string(v))
	}
	panic(fmt.Sprintf("encode rows: a value cannot be a %T", value))
}

func appendText(b []byte, t tag, s string) []byte {
	b = binary.AppendUvarint(append(b, byte(t)), uint64(len(s)))
	return append(b, s...)
}

// DecodeRows reads what [EncodeRows] wrote; empty Values come back as nil. It fails by [ErrDamaged], and then has not
// allocated more than a small multiple of what the data really holds.
func DecodeRows(data []byte) ([]Row, error) {
	count, raw, err := unpack(contentRows, data)
	if err != nil {
		return nil, fmt.Errorf("decode rows: %w", err)
	}
	if count > uint64(len(raw)/minRowSize) {
		return nil, fmt.Errorf("decode rows: %w: %d rows in %d bytes", ErrDamaged, count, len(raw))
	}
	// One string of everything: the texts are parts of it, and stay in memory together as the rows do anyhow.
	r := reader{raw: raw, text: string(raw)}
	rows := make([]Row, count)
	number := 0
	for i := range rows {
		rows[i].Sheet = int(r.uvarint())
		number += int(r.varint())
		rows[i].Number = number
		rows[i].Values = r.values(len(rows) - i)
		if r.bad {
			return nil, fmt.Errorf("decode rows: %w: row %d of %d cannot be read", ErrDamaged, i, count)
		}
	}
	if len(r.raw) > 0 {
		return nil, fmt.Errorf("decode rows: %w: %d bytes behind the last row", ErrDamaged, len(r.raw))
	}
	return rows, nil
}

// EncodeVerdicts makes verdicts into bytes for [DecodeVerdicts].
func EncodeVerdicts(verdicts []Verdict) []byte {
	b := make([]byte, len(verdicts))
	for i, v := range verdicts {
		b[i] = byte(v)
	}
	return pack(contentVerdicts, len(verdicts), b)
}

// DecodeVerdicts reads what [EncodeVerdicts] wrote. It fails by [ErrDamaged].
func DecodeVerdicts(data []byte) ([]Verdict, error) {
	count, raw, err := unpack(contentVerdicts, data)
	if err != nil {
		return nil, fmt.Errorf("decode verdicts: %w", err)
	}
	if count != uint64(len(raw)) {
		return nil, fmt.Errorf("decode verdicts: %w: %d verdicts in %d bytes", ErrDamaged, count, len(raw))
	}
	verdicts := make([]Verdict, count)
	for i, b := range raw {
		if verdicts[i] = Verdict(b); verdicts[i] > Superseded {
			return nil, fmt.Errorf("decode verdicts: %w: verdict %d is unknown", ErrDamaged, b)
		}
	}
	return verdicts, nil
}

// pack compresses raw and puts it between header and checksum.
func pack(content byte, count int, raw []byte) []byte {
	b := make([]byte, 0, headerSize+2*binary.MaxVarintLen64+crcSize+s2.MaxEncodedLen(len(raw)))
	b = append(b, codecMagic...)
	b = append(b, codecVersion, content)
	b = binary.AppendUvarint(b, uint64(count))
	var compressed []byte
	for block := range slices.Chunk(raw, blockSize) {
		compressed = s2.Encode(compressed[:cap(compressed)], block)
		b = binary.AppendUvarint(b, uint64(len(compressed)))
		b = append(b, compressed...)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// unpack is the way back from pack.
func unpack(content byte, data []byte) (count uint64, raw []byte, err error) {
	if len(data) < headerSize+crcSize || string(data[:len(codecMagic)]) != codecMagic {
		return 0, nil, fmt.Errorf("%w: they are none", ErrDamaged)
	}
	if v := data[len(codecMagic)]; v != codecVersion {
		return 0, nil, fmt.Errorf("%w: they have version %d, this program knows %d", ErrDamaged, v, codecVersion)
	}
	if c := data[len(codecMagic)+1]; c != content {
		return 0, nil, fmt.Errorf("%w: they hold %q, not %q", ErrDamaged, c, content)
	}
	body, sum := data[:len(data)-crcSize], data[len(data)-crcSize:]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(sum) {
		return 0, nil, fmt.Errorf("%w: the checksum does not fit", ErrDamaged)
	}
	r := reader{raw: body[headerSize:]}
	count = r.uvarint()
	for len(r.raw) > 0 && !r.bad {
		block := r.bytes()
		size, err := s2.DecodedLen(block)
		if err != nil || size == 0 || size > blockSize {
			return 0, nil, fmt.Errorf("%w: a block has no sound length", ErrDamaged)
		}
		raw = slices.Grow(raw, size)
		if _, err := s2.Decode(raw[len(raw):len(raw)+size], block); err != nil {
			return 0, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		raw = raw[:len(raw)+size]
	}
	if r.bad {
		return 0, nil, fmt.Errorf("%w: they end within a block", ErrDamaged)
	}
	return count, raw, nil
}

// reader takes values off the front of raw. Once something was not there it is bad, and hands out zeros.
type reader struct {
	raw  []byte
	text string // of all that raw was at first
	free []any  // room for values to come
	bad  bool
}

func (r *reader) fail() { r.raw, r.bad = nil, true }

func (r *reader) uvarint() uint64 {
	if len(r.raw) > 0 && r.raw[0] < 0x80 { // nearly always
		n := uint64(r.raw[0])
		r.raw = r.raw[1:]
		return n
	}
	n, size := binary.Uvarint(r.raw)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.raw = r.raw[size:]
	return n
}

func (r *reader) varint() int64 {
	n := r.uvarint()
	return int64(n>>1) ^ -int64(n&1) // as binary.Varint does
}

// bytes takes as many bytes as the varint before them says.
func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.raw)) {
		r.fail()
		return nil
	}
	b := r.raw[:n]
	r.raw = r.raw[n:]
	return b
}

// string is bytes without a copy of their own.
func (r *reader) string() string {
	n := len(r.bytes())
	end := len(r.text) - len(r.raw)
	return r.text[end-n : end]
}

// values takes the values of a row; so many rows are left, this one included.
func (r *reader) values(rows int) []any {
	n := r.uvarint()
	if n > uint64(len(r.raw)) { // a value has a byte at least
		r.fail()
	}
	if n == 0 || r.bad {
		return nil
	}
	if n > uint64(len(r.free)) { // for all rows at once, as far as they can be there
		r.free = make([]any, min(n*uint64(rows), uint64(len(r.raw))))
	}
	values := r.free[:n:n]
	r.free = r.free[n:]
	for i := range values {
		values[i] = r.value()
	}
	return values
}

func (r *reader) value() any {
	if len(r.raw) == 0 {
		r.fail()
		return nil
	}
	t := tag(r.raw[0])
	r.raw = r.raw[1:]
	switch t {
	case tagNil:
		return nil
	case tagString:
		return r.string()
	case tagInt:
		return r.varint()
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagTime:
		seconds, nanos := r.varint(), r.uvarint()
		if nanos < uint64(time.Second) {
			return time.Unix(seconds, int64(nanos)).UTC()
		}
	case tagDecimal:
		return Decimal(r.string())
	}
	r.fail()
	return nil
}
