package upload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// readObjects reads as [Open] and [File.Rows] do.
func readObjects(t testing.TB, data string, format Format, step int, l Limits) ([]record, error) {
	t.Helper()
	l = l.withDefaults()
	begin := func() *text {
		return newText(newBlocks(t.Context(), strings.NewReader(data), 0, int64(len(data)), step), utf8Text)
	}
	columns, err := readColumns(begin(), format, l)
	if err != nil {
		return nil, err
	}
	o := newObjects(begin(), format, columns, l)
	defer func() { require.NoError(t, o.close()) }()
	return readAll(o)
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		format Format
		in     string
		want   []record
	}{
		"array": {JSON, `[{"sku":"A-1","수량":3},{"수량":4.50,"sku":"A\u002d2"}]`, []record{
			{0, []string{"sku", "수량"}}, {1, []string{"A-1", "#3"}}, {2, []string{"A-2", "#4.50"}}}},
		"lines": {NDJSON, "{\"a\":1}\n\n {\"b\" : true , \"a\":false} \r\n{\"b\":null,\"a\":-1e5}", []record{
			{0, []string{"a", "b"}}, {1, []string{"#1", ""}}, {3, []string{"?false", "?true"}}, {4, []string{"#-1e5", ""}}}},
		"pretty array": {JSON, " [\n  {\n    \"a\": \"x\"\n  },\n  {}\n, {\"a\":null}, {\"a\":\"\"}, {\"a\":\"y\"}\n]\n", []record{
			{0, []string{"a"}}, {1, []string{"x"}}, {5, []string{"y"}}}},
		"escapes": {JSON, `[{"a":"\"\\\/\b\f\n\r\t\uAC00\ud83c\udf89\ud83cx\ud83c\ud83c\udf89\u0041"}]`, []record{
			{0, []string{"a"}}, {1, []string{"\"\\/\b\f\n\r\t가🎉\uFFFDx\uFFFD🎉A"}}}},
		"escaped keys": {NDJSON, `{"\u0061":1,"":2}` + "\n" + `{"a":3}`, []record{
			{0, []string{"a", ""}}, {1, []string{"#1", "#2"}}, {2, []string{"#3", ""}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, step := range []int{1, 2, 3, 7, blockSize} {
				got, err := readObjects(t, test.in, test.format, step, Limits{})
				require.NoError(t, err)
				require.Equal(t, test.want, got, step)
			}
		})
	}
}

func TestObjectFaults(t *testing.T) {
	t.Parallel()
	small := Limits{Columns: 3, CellChars: 10}
	for name, test := range map[string]struct {
		format      Format
		in, message string
	}{
		"nested":         {JSON, "[{\"a\":1},\n{\"a\":{\"b\":1}}]", `object 2, line 2: the value of "a" is an object or array; values have to be`},
		"deeply nested":  {NDJSON, `{"a":` + strings.Repeat("[", 100_000), `line 1: the value of "a" is an object or array`},
		"not objects":    {JSON, `[[1,2]]`, "object 1, line 1: it is not an object"},
		"a string":       {NDJSON, "{\"a\":1}\n\"x\"", "line 2: it is not an object"},
		"nothing":        {JSON, " [ ] ", "the file holds no objects"},
		"empty objects":  {NDJSON, "{}\n{}\n", "the file holds no objects with anything in them"},
		"pretty object":  {NDJSON, "{\n \"a\":1\n}", "line 1: the file begins with an object that goes over several lines"},
		"broken line":    {NDJSON, "{\"a\":1}\n{\"a\":\n2}", "line 2: the object does not end in this line"},
		"two in a line":  {NDJSON, `{"a":1} {"a":2}`, "line 1: more than one object"},
		"cut in object":  {JSON, `[{"a":1},{"a":`, "object 2, line 1: the file ends here, but not its JSON"},
		"cut in string":  {JSON, `[{"a":"x`, "object 1, line 1: the file ends here"},
		"cut in escape":  {JSON, `[{"a":"\u00`, "object 1, line 1: the file ends here"},
		"cut in number":  {JSON, `[{"a":1`, "object 1, line 1: the file ends here"},
		"cut in array":   {JSON, `[{"a":1}`, "object 1, line 1: the file ends here"},
		"cut in line":    {NDJSON, "{\"a\":1}\n{\"a\"", "line 2: the file ends here"},
		"goes on":        {JSON, `[{"a":1}] {`, "the array ends here, but the file goes on"},
		"comma missing":  {JSON, `[{"a":1}{"a":2}]`, `a comma or ] was expected behind the object, not "{"`},
		"comma too many": {JSON, `[{"a":1},]`, "a comma behind the last object"},
		"key twice":      {JSON, `[{"a":1},{"a":1,"\u0061":2}]`, `object 2, line 1: the key "a" is there twice`},
		"no key":         {JSON, `[{1:2}]`, `'"' was expected`},
		"no colon":       {JSON, `[{"a" 1}]`, `":" was expected behind a key, not "1"`},
		"no comma":       {JSON, `[{"a":1 "b":2}]`, "a comma or } was expected behind a value"},
		"last comma":     {JSON, `[{"a":1,}]`, "was expected where a key begins"},
		"bad number":     {JSON, `[{"a":01}]`, `the value of "a" is "01", which is no JSON`},
		"bad word":       {JSON, `[{"a":True}]`, `the value of "a" is "True", which is no JSON`},
		"no value":       {JSON, `[{"a":}]`, `the value of "a" is "}", which is no JSON`},
		"bad escape":     {JSON, `[{"a":"\x"}]`, `the escape sequence \x does not exist`},
		"bad unit":       {JSON, `[{"a":"\u00G0"}]`, `the escape sequence \u00G0 does not exist`},
		"line in string": {NDJSON, "{\"a\":\"x\ny\"}", "a value has a control character or line break that is not escaped"},
		"many columns":   {JSON, `[{"a":1,"b":1,"c":1,"d":1}]`, "object 1, line 1 has more than the 3 columns allowed (LONGHAUL_UPLOAD_MAX_COLUMNS)"},
		"columns in all": {NDJSON, "{\"a\":1,\"b\":1}\n{\"c\":1,\"d\":1}", "the file, up to line 2, has more than the 3 columns allowed"},
		"long string":    {JSON, `[{"a":"` + strings.Repeat("가", 11) + `"}]`, "object 1, line 1: the cell has more than the 10 characters allowed (LONGHAUL_UPLOAD_MAX_CELL)"},
		"giant string":   {NDJSON, `{"a":"` + strings.Repeat("x", 1<<20), "line 1: the cell has more than the 10 characters"},
		"giant key":      {NDJSON, `{"` + strings.Repeat("x", 1<<20), "line 1: the cell has more than the 10 characters"},
		"giant number":   {NDJSON, `{"a":` + strings.Repeat("1", 1<<20), "line 1: the cell has more than the 10 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, step := range []int{1, 9, blockSize} {
				if step == 1 && len(test.in) > 1000 {
					continue
				}
				_, err := readObjects(t, test.in, test.format, step, small)
				var e *job.Error
				require.ErrorAs(t, err, &e, step)
				require.Contains(t, strings.ReplaceAll(e.Message, `"""`, `'"'`), test.message, step)
			}
		})
	}
}

// What fits is not too long, escaped or not.
func TestLongestValues(t *testing.T) {
	t.Parallel()
	small := Limits{CellChars: 10}
	for _, value := range []string{
		strings.Repeat("가", 10), strings.Repeat(`\uac00`, 10), strings.Repeat(`\ud83c\udf89`, 10), strings.Repeat("🎉", 10),
	} {
		for _, step := range []int{1, 7, blockSize} {
			_, err := readObjects(t, `[{"a":"`+value+`"}]`, JSON, step, small)
			require.NoError(t, err)
		}
	}
}

// The columns come from the first thousand objects; a key that nobody has seen is not lost in silence.
func TestKeysOfFirstObjects(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range keyObjects {
		fmt.Fprintf(&b, "{\"k%d\":%d}\n", i%3, i)
	}
	got, err := readObjects(t, b.String()+`{"k2":"last"}`, NDJSON, blockSize, Limits{})
	require.NoError(t, err)
	require.Equal(t, record{0, []string{"k0", "k1", "k2"}}, got[0])
	require.Equal(t, record{keyObjects + 1, []string{"", "", "last"}}, got[keyObjects+1])

	got, err = readObjects(t, b.String()+`{"k2":1,"late":null}`, NDJSON, blockSize, Limits{})
	require.EqualError(t, err, `line 1,001: the key "late" is in none of the first 1,000 objects; `+
		`a file has to name all its keys in those (null will do)`)
	require.Equal(t, job.CodeInvalid, job.CodeOf(err))
	require.Len(t, got, keyObjects+1)
}

// What we read, encoding/json reads, to the same values; what it reads and is flat, we read.
func TestObjectsAreEncodingJSON(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(13, 17))
	pieces := []string{
		`"a"`, `"b"`, `"가\n"`, `"\u00e9\ud83c\udf89"`, `:`, `:`, `:`, `,`, `{`, `}`, `[`, `]`, `null`, `true`, `false`,
		`0`, `-1.5e+3`, `1E5`, `01`, ` `, "\n", `"`, `\`, `-`, `1.`, `"a":1`, `"b":"x"`, `,"c":null`, `},{`,
	}
	good := 0
	for range 15_000 {
		var b strings.Builder
		for range rng.IntN(8) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		if compareJSON(t, "[{"+b.String()+"}]", 1+rng.IntN(9)) {
			good++
		}
	}
	require.Greater(t, good, 150, "too few of the texts are good")
}

func FuzzObjects(f *testing.F) {
	for _, seed := range []string{
		`[{"a":1,"b":"x\u00e9"}]`, `[{"a":null},{"a":true}]`, `[{"a":-0.5e-7}]`, `[{"":""}]`, `[ {"a" : "\ud800"} ]`, `[{"a":[]}]`,
	} {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, data string, step int) {
		compareJSON(t, data, 1+max(0, step)%64)
	})
}

// compareJSON tells whether the array was read.
func compareJSON(t testing.TB, data string, step int) bool {
	t.Helper()
	if validUTF8([]byte(data)) < len(data) || strings.IndexByte(data, 0) >= 0 || !strings.HasPrefix(strings.TrimLeft(data, " \t\r\n"), "[") {
		return false
	}
	got, err := readObjects(t, data, JSON, step, Limits{})
	var e *job.Error
	if err != nil {
		require.ErrorAs(t, err, &e)
		if e.Code == job.CodeTooLarge {
			return false
		}
	}
	var want []map[string]any
	decoder := json.NewDecoder(strings.NewReader(data))
	decoder.UseNumber()
	wantErr := decoder.Decode(&want)
	if wantErr == nil && len(bytes.TrimLeft([]byte(data[decoder.InputOffset():]), " \t\r\n")) > 0 {
		wantErr = errors.New("more behind the array")
	}
	if err != nil {
		if wantErr == nil {
			require.Regexp(t, "is not an object|an object or array|there is twice|is there twice|no objects", e.Message, "%q", data)
		}
		return false
	}
	require.NoError(t, wantErr, "%q", data)
	compareObjects(t, want, got, data)
	return true
}

func compareObjects(t testing.TB, want []map[string]any, got []record, data string) {
	t.Helper()
	columns, rows := got[0].Cells, map[int][]string{}
	for _, r := range got[1:] {
		rows[r.Number] = r.Cells
	}
	for i, object := range want {
		for j, key := range columns {
			have := ""
			if cells, ok := rows[i+1]; ok {
				have = cells[j]
			}
			require.Equal(t, cellOf(object[key]), have, "%q", data)
			delete(object, key)
		}
		require.Empty(t, object, "%q", data)
	}
}

func cellOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case json.Number:
		return "#" + v.String()
	case bool:
		return "?" + fmt.Sprint(v)
	default:
		return v.(string)
	}
}

// A row costs no allocation.
func TestObjectsDoNotAllocate(t *testing.T) { // not parallel: it counts the whole program's allocations
	data := benchJSON(40_000)
	l := Limits{}.withDefaults()
	begin := func() *text {
		return newText(newBlocks(t.Context(), bytes.NewReader(data), 0, int64(len(data)), blockSize), utf8Text)
	}
	columns, err := readColumns(begin(), NDJSON, l)
	require.NoError(t, err)
	o := newObjects(begin(), NDJSON, columns, l)
	defer func() { require.NoError(t, o.close()) }()
	read := func() {
		for range 8_000 {
			if _, err := o.next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	read()
	require.Zero(t, testing.AllocsPerRun(3, read))
}

func benchJSON(rows int) []byte {
	var b bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&b, `{"order":"2026%07d","sku":"SKU-%05d","name":"무선 \"블루투스\" 이어폰","qty":%d,"price":%d.%02d,"paid":true,"memo":null}`+"\n",
			i, i*7919%20_000, i%20+1, i%50_000, i%100)
	}
	return b.Bytes()
}

func BenchmarkObjects(b *testing.B) {
	data := benchJSON(50_000)
	l := Limits{}.withDefaults()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		in := newBlocks(b.Context(), bytes.NewReader(data), 0, int64(len(data)), blockSize)
		o := newObjects(newText(in, utf8Text), NDJSON, []string{"order", "sku", "name", "qty", "price", "paid", "memo"}, l)
		for {
			if _, err := o.next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		if err := o.close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodingJSON is the plain way: an object at a time into a map.
func BenchmarkEncodingJSON(b *testing.B) {
	data := benchJSON(50_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		for decoder.More() {
			var object map[string]any
			if err := decoder.Decode(&object); err != nil {
				b.Fatal(err)
			}
		}
	}
}
