package dataset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"

	"github.com/longhaul/longhaul/job"
)

// Roll goes through the rows of an upload, in their order, and knows what one row alone does not tell: the place among
// rows that belong together, whether they agree, and which rows have the same key. It keeps at most 24 bytes for a row;
// for each record of rows that belong together about 55, and 5 for each field in which they must agree. It serves one
// goroutine.
type Roll struct {
	kind     Rows
	lastWins bool
	keys     digests

	together int // field, -1 without one
	place    int // field of Rows.Count, -1 without one
	agree    []int
	groups   map[digest]uint32
	heads    []groupHead
	said     []uint32 // what the rows of a group say: for each group and field of agree a hash, 0 for nothing
	seed     maphash.Seed
	sheets   []string

	lastTogether any // a file mostly has the rows of a record one after the other
	lastGroup    int
}

// groupHead is the first row of rows that belong together, and how many there have been.
type groupHead struct {
	row, rows, sheet uint32
}

// NewRoll begins a roll. With lastWins, of rows with the same key the last one counts; otherwise all of them are wrong.
func (k Rows) NewRoll(lastWins bool) *Roll {
	r := &Roll{
		kind: k, lastWins: lastWins, together: k.field(k.Together), place: k.field(k.Count),
		groups: map[digest]uint32{}, seed: maphash.MakeSeed(),
	}
	for _, name := range k.Agree {
		r.agree = append(r.agree, k.field(name))
	}
	return r
}

// Add takes the next row that has been read without errors. It fills in [Rows.Count] where the row leaves it out,
// and returns what the row says otherwise than the first of its record. The rows that it does not refuse are those of
// [Roll.Repeated], counted from 0.
func (r *Roll) Add(ref job.RowRef, values []any) []job.RowError {
	var errs []job.RowError
	if group := r.count(ref, values); group >= 0 {
		errs = r.disagreements(group, values)
	}
	if len(errs) > 0 {
		return errs // nobody's duplicate
	}
	r.keys.add(r.kind.keyDigest(values))
	return nil
}

// Pass counts a row that reading has refused among those that it belongs to, and fills in its [Rows.Count] like
// [Roll.Add]: neither the places of the others nor its own may depend on what is wrong with it. It is no row of
// [Roll.Repeated].
func (r *Roll) Pass(ref job.RowRef, values []any) { r.count(ref, values) }

// count fills in the row's place among those that it belongs to, and returns them; -1 for none.
func (r *Roll) count(ref job.RowRef, values []any) int {
	group := r.group(ref, values)
	if group >= 0 && r.place >= 0 && values[r.place] == nil {
		values[r.place] = int64(r.heads[group].rows)
	}
	return group
}

// group returns the rows that this one belongs to, itself counted; -1 for none.
func (r *Roll) group(ref job.RowRef, values []any) int {
	if r.together < 0 || values[r.together] == nil {
		return -1
	}
	value := values[r.together]
	if r.lastTogether == nil || value != r.lastTogether {
		d := digestOf(0, values[r.together:r.together+1])
		group, ok := r.groups[d]
		if !ok {
			group = uint32(len(r.heads))
			r.groups[d] = group
			r.heads = append(r.heads, groupHead{row: uint32(ref.Row), sheet: r.sheet(ref.Sheet)})
			r.said = append(r.said, make([]uint32, len(r.agree))...)
		}
		r.lastTogether, r.lastGroup = value, int(group)
	}
	r.heads[r.lastGroup].rows++
	return r.lastGroup
}

// sheet keeps each name once.
func (r *Roll) sheet(name string) uint32 {
	at := slices.Index(r.sheets, name)
	if at < 0 {
		r.sheets = append(r.sheets, name)
		at = len(r.sheets) - 1
	}
	return uint32(at)
}

// disagreements compares a row with those that it belongs to. One that says nothing agrees.
func (r *Roll) disagreements(group int, values []any) []job.RowError {
	var errs []job.RowError
	said := r.said[group*len(r.agree):][:len(r.agree)]
	for i, field := range r.agree {
		if values[field] == nil {
			continue
		}
		says := r.hash(values[field])
		switch said[i] {
		case 0:
			said[i] = says
		case says:
		default:
			head := r.heads[group]
			errs = append(errs, job.RowError{
				Column: r.kind.Fields[field].Name, Index: -1, Code: job.RowDisagree, Value: cut(display(values[field]), job.MaxErrorValue),
				Other: &job.RowRef{Sheet: r.sheets[head.sheet], Row: int(head.row)},
			})
		}
	}
	return errs
}

// hash is never 0. One disagreement in 4,000,000,000 goes unnoticed; the memory for more would be that of all keys.
func (r *Roll) hash(value any) uint32 {
	return max(1, uint32(maphash.String(r.seed, display(value))))
}

// Repeated calls fn for each row whose key another row has too, in their order: with its place among the rows added, from
// 0, and that of the other. Where the last one counts, that is the other, and it is not itself told. It may be called
// once, after the last row. It stops at the first error and returns it.
func (r *Roll) Repeated(fn func(row, other int64) error) error {
	const alone = math.MaxUint32
	others := r.keys.others(r.lastWins)
	r.keys = digests{}
	for row, other := range others {
		if other == alone {
			continue
		}
		if err := fn(int64(row), int64(other)); err != nil {
			return err
		}
	}
	return nil
}

// digests is a list in blocks, so that it does not have to be copied, and held twice, to grow.
type digests struct {
	blocks [][]digest
	rows   int
}

const digestBlock = 1 << 14 // 256 KB

func (d *digests) add(key digest) {
	if d.rows%digestBlock == 0 {
		d.blocks = append(d.blocks, make([]digest, 0, digestBlock))
	}
	last := len(d.blocks) - 1
	d.blocks[last] = append(d.blocks[last], key)
	d.rows++
}

func (d *digests) at(row uint32) *digest { return &d.blocks[row/digestBlock][row%digestBlock] }

// others returns for each row another one with its key; MaxUint32 where there is none, and for the last one with
// lastWins. It is empty where no key is repeated.
func (d *digests) others(lastWins bool) []uint32 {
	rows := d.sorted()
	var others []uint32
	for from := 0; from < len(rows); {
		through := from
		for through+1 < len(rows) && *d.at(rows[through+1]) == *d.at(rows[from]) {
			through++
		}
		if through > from && others == nil {
			others = slices.Repeat([]uint32{math.MaxUint32}, d.rows)
		}
		for i := from; i <= through && through > from; i++ {
			switch {
			case lastWins && i < through:
				others[rows[i]] = rows[through]
			case !lastWins && i == from:
				others[rows[i]] = rows[from+1]
			case !lastWins:
				others[rows[i]] = rows[from]
			}
		}
		from = through + 1
	}
	return others
}

// sorted returns the rows that have a key, by key and then in their order. Keys are digests, so their first two bytes tell
// them apart into parts of a few rows each: that takes a fifth of the time of sorting them all.
func (d *digests) sorted() []uint32 {
	part := func(row uint32) int { return int(binary.BigEndian.Uint16(d.at(row)[:])) }
	ends := make([]uint32, 1<<16)
	for row := range uint32(d.rows) {
		if *d.at(row) != (digest{}) {
			ends[part(row)]++
		}
	}
	var all uint32
	for i, n := range ends {
		ends[i], all = all, all+n // where it begins, until it is filled
	}
	rows := make([]uint32, all)
	for row := range uint32(d.rows) {
		if *d.at(row) != (digest{}) {
			rows[ends[part(row)]] = row
			ends[part(row)]++
		}
	}
	from := uint32(0)
	for _, end := range ends {
		slices.SortFunc(rows[from:end], func(a, b uint32) int {
			return cmp.Or(bytes.Compare(d.at(a)[:], d.at(b)[:]), cmp.Compare(a, b))
		})
		from = end
	}
	return rows
}
